//! Guests that take as much as they can: each ends with the outcome for what it took, and the host goes on.

use std::time::Duration;

use fractalaw_host::{
    HANDLES, HOST_CALL_BYTES, Host, MemoryKind, Outcome, Quota, Refusal, Report, Run, Tier,
};

use crate::components::{RUNTIME, component, run};
use crate::interfaces::{with_random, with_wasi};

fn attack(component: &[u8], request: Run) -> Report {
    let host = Host::builder().slots(1).build().unwrap();
    let report = run(&host, component, request);
    let after = run(
        &host,
        &crate::components::component("", "(call $record)"),
        Run::new(),
    );
    assert_eq!(after.outcome, Outcome::Completed(String::new()));
    assert_eq!(after.audit.len(), 1);
    report
}

/// With fuel for anything, so that only the clock is left.
fn endless() -> Run {
    Run::new()
        .tier(Tier::Lightweight)
        .fuel(u64::MAX)
        .deadline(Duration::from_millis(100))
}

#[test]
fn growth_in_small_steps_ends_at_the_cap() {
    let memory = component("", "(loop (drop (memory.grow (i32.const 1))) (br 0))");
    let cap = 16 << 20;
    let expected = Outcome::MemoryLimit {
        kind: MemoryKind::LinearMemory,
        requested: cap + 65_536,
        limit: cap,
    };
    let report = attack(&memory, Run::new().tier(Tier::Lightweight));
    assert_eq!(report.outcome, expected);
    assert_eq!(report.memory.peak_bytes as u64, cap);

    let table = component(
        "(table $t 0 funcref)",
        "(loop (drop (table.grow $t (ref.null func) (i32.const 1))) (br 0))",
    );
    let expected = Outcome::MemoryLimit {
        kind: MemoryKind::Table,
        requested: 100_001,
        limit: 100_000,
    };
    assert_eq!(attack(&table, Run::new()).outcome, expected);
}

#[test]
fn filling_all_memory_again_and_again_ends_with_the_clock() {
    let filler = component(
        "",
        "(drop (memory.grow (i32.const 255)))
         (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 16777216)) (br 0))",
    );
    let outcome = attack(&filler, endless().memory_bytes(17 << 20)).outcome;
    assert_eq!(outcome, Outcome::DeadlineExceeded);
}

#[test]
fn host_calls_within_host_calls_are_refused_by_the_first() {
    let recursive = with_wasi(
        "",
        // The host asks for memory for the arguments, and this makes another call to get them.
        "(call $arguments (i32.const 0))",
        "(call $arguments (i32.const 0)) (i32.const 1024)",
    );
    let report = attack(&recursive, Run::new().arg("site-7"));
    assert_eq!(report.outcome.kind(), "trap", "{:?}", report.outcome);
}

#[test]
fn a_list_as_large_as_a_call_may_carry_is_carried_and_a_larger_one_is_not() {
    let written = |bytes: usize| {
        let body = format!(
            "(drop (memory.grow (i32.const 512)))
             (call $write (call $stdout) (i32.const 0) (i32.const {bytes}) (i32.const 32))"
        );
        attack(
            &with_wasi("", &body, "unreachable"),
            Run::new().tier(Tier::Standard),
        )
        .outcome
    };
    let expected = Outcome::QuotaExceeded {
        quota: Quota::HOST_CALL_BYTES,
        limit: HOST_CALL_BYTES as u64,
    };
    assert_eq!(written(HOST_CALL_BYTES + 1), expected);
    assert_ne!(written(HOST_CALL_BYTES), expected);
    assert_ne!(written(HOST_CALL_BYTES).kind(), "memory-limit");
}

#[test]
fn output_up_to_its_bound_is_kept_and_past_it_counted() {
    let written = |pieces: u32| {
        let body = format!(
            "(local $i i32) (local $out i32) (local.set $out (call $stdout))
             (loop
                (call $write (local.get $out) (i32.const 0) (i32.const 4096) (i32.const 32))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if 0 (i32.lt_u (local.get $i) (i32.const {pieces}))))"
        );
        let report = attack(&with_wasi("", &body, "unreachable"), Run::new());
        assert_eq!(report.outcome.kind(), "completed");
        (report.stdout.bytes.len(), report.stdout.dropped_bytes)
    };
    assert_eq!(written(255), (255 * 4096, 0));
    assert_eq!(written(256), (1 << 20, 0));
    assert_eq!(written(257), (1 << 20, 4096));
}

#[test]
fn sleeping_and_polling_end_with_the_clock() {
    for (body, what) in [
        ("(call $block (call $subscribe (i64.const -1)))", "sleeps"),
        (
            "(local $p i32) (local.set $p (call $subscribe (i64.const -1)))
             (loop (drop (call $ready (local.get $p))) (br 0))",
            "asks again and again",
        ),
        (
            "(local $p i32) (loop
                (call $block (local.tee $p (call $subscribe (i64.const 1)))) (call $drop (local.get $p)) (br 0))",
            "sleeps again and again",
        ),
    ] {
        let component = with_wasi("", body, "unreachable");
        // In virtual time the deadline passes at once when it is waited for. In the last case each nanosecond is
        // waited for, and the machine's clock ends it.
        let outcome = attack(&component, endless()).outcome;
        assert_eq!(outcome, Outcome::DeadlineExceeded, "{what}");
        let host = Host::builder().slots(1).build().unwrap();
        let app = host.load(&component).unwrap();
        let report = RUNTIME.block_on(host.run(&app, &endless())).unwrap();
        assert_eq!(report.outcome, Outcome::DeadlineExceeded, "{what}");
    }
}

#[test]
fn handles_of_one_kind_or_of_another_end_at_their_bound() {
    let expected = Outcome::QuotaExceeded {
        quota: Quota::HANDLES,
        limit: HANDLES as u64,
    };
    for body in [
        "(loop (drop (call $subscribe (i64.const 1))) (br 0))",
        "(loop (drop (call $stdout)) (br 0))",
        "(loop (drop (call $stdout)) (drop (call $subscribe (i64.const 1))) (br 0))",
    ] {
        let outcome = attack(&with_wasi("", body, "unreachable"), Run::new()).outcome;
        assert_eq!(outcome, expected, "{body}");
    }
}

#[test]
fn random_bytes_without_end_end_with_the_clock() {
    let random = with_random("(loop (call $random (i64.const 1048576) (i32.const 8)) (br 0))");
    assert_eq!(
        attack(&random, endless()).outcome,
        Outcome::DeadlineExceeded
    );
}

#[test]
fn handles_that_are_none_or_were_given_back_are_traps() {
    for body in [
        "(call $block (i32.const 0))",
        "(call $block (i32.const 12345))",
        "(call $block (call $stdout))",
        "(local $p i32) (call $drop (local.tee $p (call $subscribe (i64.const 1)))) (call $block (local.get $p))",
    ] {
        let outcome = attack(&with_wasi("", body, "unreachable"), Run::new()).outcome;
        assert_eq!(outcome.kind(), "trap", "{body}: {outcome:?}");
    }
}

/// Also if what is instantiated has another index because it was exported.
#[test]
fn as_many_instances_as_a_slot_has_run_and_one_more_is_refused() {
    let host = Host::builder().slots(1).build().unwrap();
    // One instance with one memory is that of `run`.
    for (module, of_run, what, limit) in [
        ("", 1, "core instances", 64),
        ("(memory 1)", 1, "memories", 4),
        ("(table 1 funcref)", 0, "tables", 16),
    ] {
        for again in ["", "(export \"again\" (core module $e))"] {
            let made = if again.is_empty() { "$e" } else { "2" };
            let component = |count: usize| {
                let text = include_str!("../components/bare.wat").replace(
                    "{items}",
                    &format!(
                        "(core module $first) (core module $e {module}) {again} {}",
                        format!("(core instance (instantiate {made}))").repeat(count - of_run)
                    ),
                );
                wat::parse_str(text).unwrap()
            };
            let ended = attack(&component(limit), Run::new()).outcome;
            assert_eq!(ended.kind(), "completed", "{what}");
            let refusal = host.load(&component(limit + 1)).unwrap_err().to_string();
            let (found, limit) = (limit as u64 + 1, limit as u64);
            let expected = Refusal::OverSlot { what, found, limit };
            assert_eq!(refusal, expected.to_string());
        }
    }
}

/// Also if they are made by a component that is itself instantiated several times.
#[test]
fn as_many_instances_of_components_as_a_run_may_have_run_and_one_more_is_refused() {
    let host = Host::builder().slots(1).build().unwrap();
    let component = |count: usize| {
        let ones = |count| "(instance (instantiate $e))".repeat(count);
        let text = include_str!("../components/bare.wat").replace(
            "{items}",
            &format!(
                "(component $e) (component $four {} ) {} {}",
                ones(4),
                "(instance (instantiate $four))".repeat(count / 5),
                ones(count % 5)
            ),
        );
        wat::parse_str(text).unwrap()
    };
    let ended = attack(&component(256), Run::new()).outcome;
    assert_eq!(ended.kind(), "completed");
    let refusal = host.load(&component(257)).unwrap_err().to_string();
    let (what, found, limit) = ("instances of components", 257, 256);
    assert_eq!(
        refusal,
        Refusal::OverSlot { what, found, limit }.to_string()
    );
}

/// Two parts with a memory each. One gives the other a list of text.
#[test]
fn a_component_that_was_composed_runs() {
    let text = r#"(component
        (component $text
            (core module $m (memory (export "memory") 1) (data (i32.const 64) "from a part")
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "say") (result i32)
                    (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const 11))
                    (i32.const 16)))
            (core instance $i (instantiate $m))
            (func (export "say") (result string)
                (canon lift (core func $i "say") (memory $i "memory") (realloc (func $i "realloc")))))
        (component $app
            (import "say" (func $say (result string)))
            (core module $libc (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
            (core instance $libc (instantiate $libc))
            (core func $say (canon lower (func $say)
                (memory $libc "memory") (realloc (func $libc "realloc"))))
            (core module $m (import "" "say" (func $say (param i32))) (import "" "memory" (memory 1))
                (func (export "run") (result i32) (call $say (i32.const 20)) (i32.const 16)))
            (core instance $i (instantiate $m (with "" (instance
                (export "say" (func $say)) (export "memory" (memory $libc "memory"))))))
            (func (export "run") (result (result string (error string)))
                (canon lift (core func $i "run") (memory $libc "memory") (realloc (func $libc "realloc")))))
        (instance $text (instantiate $text))
        (instance $app (instantiate $app (with "say" (func $text "say"))))
        (export "run" (func $app "run")))"#;
    let outcome = attack(&wat::parse_str(text).unwrap(), Run::new()).outcome;
    assert_eq!(outcome, Outcome::Completed("from a part".to_owned()));
}
