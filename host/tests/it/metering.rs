//! What the fuel figure means for each outcome, and that limits can be overridden.
//!
//! The same prologue with a known cost comes before every end. Entering a function costs 1, each operator costs
//! 1, `drop`, `block`, `end` and the like cost nothing, and a call costs [`CALL`].

use std::time::Duration;

use fractalaw_host::{
    Certainty, Host, HostError, Limits, MAX_SLOTS, MemoryKind, Outcome, Quota, Run, Tier, TrapCode,
};

use crate::components::{RUNTIME, component, run};

/// 1 for entering `run`, then three operators.
const PROLOGUE: &str = "(drop (i32.add (i32.const 1) (i32.const 2)))";
const PROLOGUE_FUEL: u64 = 1 + 3;

/// The cost of a call.
const CALL: u64 = 4;

fn kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Trap(trap) => format!("trap {}", trap.code.name()),
        outcome => outcome.kind().to_owned(),
    }
}

#[test]
fn fuel_is_exact_where_the_report_says_so_and_behind_where_it_says_at_least() {
    let host = Host::builder().slots(1).build().unwrap();
    // What follows the prologue, how it ends, its cost on paper, and whether the counter has it.
    let cases = [
        // `i32.const 16`, then the end of the function.
        ("", "completed", 1, true),
        // `unreachable` itself costs nothing.
        ("unreachable", "trap unreachable", 0, true),
        // The count is stored before a call. Here that includes `$record`'s own: entry, six constants, call.
        ("(call $record)", "completed", CALL + 1 + 6 + CALL + 1, true),
        // Nothing stores the count before a trap of the processor, so all of it is missing.
        (
            "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
            "trap integer-division-by-zero",
            3,
            false,
        ),
        (
            "(drop (i32.load (i32.const 0x7fffffff)))",
            "trap memory-out-of-bounds",
            2,
            false,
        ),
        (
            "(drop (memory.grow (i32.const 10000)))",
            "memory-limit",
            2,
            false,
        ),
    ];
    for (end, expected, cost, exact) in cases {
        let report = run(
            &host,
            &component("", &format!("{PROLOGUE} {end}")),
            Run::new().memory_bytes(1 << 20),
        );
        assert_eq!(kind(&report.outcome), expected, "{end}");
        let on_paper = PROLOGUE_FUEL + cost;
        if exact {
            assert_eq!(report.fuel.certainty, Certainty::Exact, "{end}");
            let fuel = report.fuel;
            assert_eq!(fuel.instantiation + fuel.guest, on_paper, "{end}");
        } else {
            assert_eq!(report.fuel.certainty, Certainty::LowerBound, "{end}");
            assert!(
                report.fuel.consumed() < on_paper,
                "{end}: {}",
                report.fuel.consumed()
            );
            assert!(report.text().contains("Fuel: at least "), "{end}");
        }
    }
}

#[test]
fn a_run_needs_more_fuel_than_it_uses_and_with_less_it_is_out_of_fuel() {
    let host = Host::builder().slots(1).build().unwrap();
    // The first calls and is stopped there. The second only computes, and Wasmtime does not notice.
    let computes = PROLOGUE.repeat(1000);
    for body in [&format!("{PROLOGUE} (call $record)"), &computes] {
        let guest = component("", body);
        let whole = run(&host, &guest, Run::new());
        let cost = whole.fuel.consumed();
        let spare = run(&host, &guest, Run::new().fuel(cost + 1));
        assert_eq!(
            (kind(&spare.outcome), spare.fuel.consumed()),
            ("completed".to_owned(), cost)
        );
        for budget in (0..=cost).rev().take(10).chain([0, 1, 2]) {
            let short = run(&host, &guest, Run::new().fuel(budget));
            assert_eq!(short.outcome, Outcome::OutOfFuel, "{budget} of {cost}");
            assert_eq!(short.fuel.consumed(), budget);
        }
    }
}

#[test]
fn a_trap_past_the_budget_is_a_trap_whose_cost_is_not_known() {
    let host = Host::builder().slots(1).build().unwrap();
    let guest = component("", &format!("{} unreachable", PROLOGUE.repeat(10)));
    let exact = run(&host, &guest, Run::new()).fuel;
    assert_eq!((exact.consumed(), exact.certainty), (31, Certainty::Exact));
    let overdrawn = run(&host, &guest, Run::new().fuel(20));
    assert_eq!(kind(&overdrawn.outcome), "trap unreachable");
    assert_eq!(overdrawn.fuel.certainty, Certainty::LowerBound);
}

#[test]
fn limits_come_from_the_tier_and_what_is_overridden_is_said() {
    let host = Host::builder().slots(1).build().unwrap();
    let guest = component("", "");
    for tier in Tier::ALL {
        let report = run(&host, &guest, Run::new().tier(tier));
        assert_eq!(
            (report.limits.tier, report.limits.limits),
            (tier, Limits::of(tier))
        );
        assert!(!report.text().contains("Limits:"));
    }
    let overridden = Run::new()
        .fuel(2_000_000_000)
        .deadline(Duration::from_millis(1500))
        .memory_bytes(1 << 20);
    let text = run(&host, &guest, overridden).text();
    let line = "Limits: tier standard, but fuel 2,000,000,000 (higher than 1,000,000,000), \
                deadline 1s 500ms (lower than 30s), memory 1.0 MiB (lower than 64.0 MiB)\n";
    assert!(text.ends_with(line), "{text}");
}

#[test]
fn each_way_to_end_is_its_own_outcome() {
    let host = Host::builder().slots(1).build().unwrap();
    let forever = "(loop $again (br $again))";
    let cases: [(&str, &str, Run, Outcome); 6] = [
        ("", forever, Run::new().fuel(10_000), Outcome::OutOfFuel),
        (
            "",
            forever,
            Run::new()
                .fuel(u64::MAX)
                .deadline(Duration::from_millis(50)),
            Outcome::DeadlineExceeded,
        ),
        (
            "",
            "",
            Run::new().deadline(Duration::ZERO),
            Outcome::DeadlineExceeded,
        ),
        (
            "(func $down (call $down) (drop (i32.const 0)))",
            "(call $down)",
            Run::new(),
            Outcome::StackOverflow,
        ),
        (
            "",
            "(drop (memory.grow (i32.const 16)))",
            Run::new().memory_bytes(1 << 20),
            Outcome::MemoryLimit {
                kind: MemoryKind::LinearMemory,
                requested: 17 << 16,
                limit: 1 << 20,
            },
        ),
        (
            "",
            "(loop $again (call $record) (br $again))",
            Run::new(),
            Outcome::QuotaExceeded {
                quota: Quota::AUDIT_ENTRIES,
                limit: 10_000,
            },
        ),
    ];
    for (items, body, how, outcome) in cases {
        assert_eq!(
            run(&host, &component(items, body), how).outcome,
            outcome,
            "{body}"
        );
    }
}

#[test]
fn the_trail_survives_the_fall() {
    let host = Host::builder().slots(1).build().unwrap();
    let ends = [
        "unreachable",
        "(loop $again (br $again))",
        "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
    ];
    for end in ends {
        let guest = component("", &format!("(call $record) (call $record) {end}"));
        let report = run(&host, &guest, Run::new().fuel(10_000));
        assert_eq!(report.audit.len(), 2, "{end}");
    }
}

#[test]
fn traps_carry_their_code_and_the_guests_function_names() {
    let host = Host::builder().slots(1).build().unwrap();
    let items = "(func $inner_most unreachable) (func $outer (call $inner_most))";
    let report = run(&host, &component(items, "(call $outer)"), Run::new());
    let Outcome::Trap(trap) = &report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert_eq!(trap.code, TrapCode::Unreachable);
    assert_eq!(report.backtrace[..2], ["inner_most", "outer"]);
}

#[test]
fn a_host_has_at_least_one_slot_and_no_more_than_the_address_space_holds() {
    for slots in [0, MAX_SLOTS + 1, u32::MAX] {
        let error = Host::builder()
            .slots(slots)
            .build()
            .err()
            .expect("it is refused");
        assert_eq!(
            error.to_string(),
            format!("a pool of {slots} slots, expected 1 to {MAX_SLOTS}")
        );
    }
}

#[test]
fn more_memory_than_a_slot_holds_is_an_error_that_says_what_holds() {
    let host = Host::builder().slots(1).build().unwrap();
    let app = host.load(&component("", "")).unwrap();
    let error = RUNTIME
        .block_on(host.run(&app, &Run::new().memory_bytes(1 << 30)))
        .unwrap_err();
    assert!(matches!(error, HostError::MemoryOverSlot { requested } if requested == 1 << 30));
    assert_eq!(
        error.to_string(),
        "memory limit of 1.0 GiB is more than a slot holds, expected at most 256.0 MiB"
    );
}
