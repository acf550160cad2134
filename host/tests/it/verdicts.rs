//! One verdict about a component that does not fit what is offered, before any of it is compiled. Running it and
//! inspecting it give the same answer.

use std::time::Duration;

use fractalaw_host::{Host, Inspection, LoadError, Refusal};

/// The answer about a component with these imports, from a host that never has the time to compile anything, by
/// running it and by inspecting it.
fn verdict(component: &[u8]) -> Option<Refusal> {
    let host = Host::builder().slots(1).compile_time(Duration::ZERO);
    let told = match host.build().unwrap().load(component) {
        Err(LoadError::Refused(Refusal::CompileTime { .. })) => None,
        Err(LoadError::Refused(refusal)) => Some(refusal),
        other => panic!("{other:?}"),
    };
    match Inspection::of(component) {
        Ok(inspection) => assert_eq!(inspection.refusal, told),
        Err(LoadError::Refused(refusal)) => assert_eq!(Some(refusal), told),
        Err(error) => panic!("{error}"),
    }
    told
}

fn with_imports(imports: &str) -> Vec<u8> {
    let text = include_str!("../components/bare.wat").replace("{items}", imports);
    wat::parse_str(text).expect("the text is a component")
}

#[test]
fn an_import_is_served_or_refused_by_name_with_its_version() {
    const WASI: &str = "build it against WASI 0.2.12 or an earlier release of 0.2";
    const APP: &str = "build it against `fractal:app@0.1.0` in `wit/`";
    const PACKAGES: &str = "this host offers `cli`, `clocks`, `filesystem`, `io`, `random` and `sockets` of WASI \
        0.2.12, without what is unstable there";
    const HTTP: &str = "this host offers `cli`, `clocks`, `filesystem`, `io`, `random` and `sockets` of WASI \
        0.2.12, without what is unstable there; jco leaves HTTP out with `--disable http fetch-event`, componentize-py \
        all of WASI with `--stub-wasi`";
    let arguments = r#"(export "get-arguments" (func (result (list string))))"#;
    let log = r#"(type $t (record (field "event-type" string) (field "resource" string) (field "detail" string)))
        (export "audit-entry" (type $e (eq $t))) (export "record-event" (func (param "entry" $e)))"#;
    let rows = [
        ("wasi:cli/environment@0.2.0", arguments, None),
        ("wasi:cli/environment@0.2.8", arguments, None),
        ("wasi:cli/environment@0.2.99", arguments, None),
        ("wasi:cli/environment@0.2.99", "", None),
        (
            "wasi:cli/environment@0.2.99",
            r#"(export "get-host-name" (func (result string)))"#,
            Some((
                "not offered by this host: `get-host-name` of `wasi:cli/environment@0.2.99`",
                WASI,
            )),
        ),
        (
            "wasi:cli/environment@0.2.0-rc-2023-11-10",
            arguments,
            Some((
                "not offered by this host: `wasi:cli/environment@0.2.0-rc-2023-11-10`",
                WASI,
            )),
        ),
        (
            "wasi:cli/environment@0.2.9-rc.1",
            arguments,
            Some((
                "not offered by this host: `wasi:cli/environment@0.2.9-rc.1`",
                WASI,
            )),
        ),
        (
            "wasi:cli/environment@0.3.0",
            arguments,
            Some((
                "not offered by this host: `wasi:cli/environment@0.3.0`",
                WASI,
            )),
        ),
        (
            "wasi:clocks/timezone@0.2.8",
            r#"(export "utc-offset" (func (result s32)))"#,
            Some((
                "not offered by this host: `wasi:clocks/timezone@0.2.8`",
                PACKAGES,
            )),
        ),
        (
            "wasi:http/types@0.2.0",
            "",
            Some(("not offered by this host: `wasi:http/types@0.2.0`", HTTP)),
        ),
        (
            "wasi:cli/environment@0.2.3",
            r#"(export "get-arguments" (func (result (list u8))))"#,
            Some((
                "import `get-arguments` of `wasi:cli/environment@0.2.3` has another type than this host offers, \
                 expected `func() -> list<string>`",
                WASI,
            )),
        ),
        // `exit-with-code` came with 0.2.12, and tools also import it under earlier versions.
        (
            "wasi:cli/exit@0.2.8",
            r#"(export "exit-with-code" (func (param "status-code" u8)))"#,
            None,
        ),
        (
            "wasi:io/poll@0.2.0",
            r#"(export "streams" (type (sub resource)))"#,
            Some((
                "not offered by this host: `streams` of `wasi:io/poll@0.2.0`",
                WASI,
            )),
        ),
        (
            "wasi:io/poll@0.2.0",
            r#"(export "pollable" (type $p (sub resource))) (export "poll" (func (param "in" (list (own $p))) (result (list u32))))"#,
            Some((
                "import `poll` of `wasi:io/poll@0.2.0` has another type than this host offers, expected \
                 `func(in: list<borrow<pollable>>) -> list<u32>`",
                WASI,
            )),
        ),
        ("fractal:app/audit-log@0.1.0", log, None),
        ("fractal:app/audit-log@0.1.1", log, None),
        (
            "fractal:app/audit-log@0.1.0",
            r#"(export "flush" (func))"#,
            Some((
                "not offered by this host: `flush` of `fractal:app/audit-log@0.1.0`",
                APP,
            )),
        ),
        (
            "fractal:app/audit-log@0.1.1",
            r#"(export "flush" (func))"#,
            Some((
                "not offered by this host: `flush` of `fractal:app/audit-log@0.1.1`",
                APP,
            )),
        ),
        (
            "fractal:app/audit-log@0.2.0",
            log,
            Some((
                "not offered by this host: `fractal:app/audit-log@0.2.0`",
                APP,
            )),
        ),
    ];
    for (import, functions, expected) in rows {
        let component = with_imports(&format!("(import \"{import}\" (instance {functions}))"));
        let found = verdict(&component);
        let found = found.map(|refusal| (refusal.to_string(), refusal.hint().into_owned()));
        let expected = expected.map(|(message, hint)| (message.to_owned(), hint.to_owned()));
        assert_eq!(found, expected, "{import} {functions}");
        // If the judge accepts it, so does the linker.
        if expected.is_none() {
            let host = Host::builder().slots(1).build().unwrap();
            host.load(&component).unwrap();
        }
    }
}

/// Two interfaces. The second has a resource of the first.
#[test]
fn a_resource_is_the_one_that_its_interface_has() {
    let streams = |stdin: &str| {
        format!(
            r#"(import "wasi:io/streams@0.2.0" (instance $s
                (export "input-stream" (type (sub resource))) (export "output-stream" (type (sub resource)))))
            (alias export $s "input-stream" (type $in)) (alias export $s "output-stream" (type $out))
            (import "wasi:cli/stdin@0.2.0" (instance {stdin}))"#
        )
    };
    let get = |ty: &str| {
        let ty = format!("(export \"input-stream\" (type $i {ty}))");
        streams(&format!(
            "{ty} (export \"get-stdin\" (func (result (own $i))))"
        ))
    };
    let other = "import `get-stdin` of `wasi:cli/stdin@0.2.0` has another type than this host offers, expected \
        `func() -> own<input-stream>`";
    let own = "import `input-stream` of `wasi:cli/stdin@0.2.0` has another type than this host offers, expected \
        `input-stream of another interface`";
    for (imports, expected) in [
        (get("(eq $in)"), None),
        (get("(eq $out)"), Some(other)),
        (get("(sub resource)"), Some(own)),
    ] {
        let component = with_imports(&imports);
        let found = verdict(&component).map(|refusal| refusal.to_string());
        assert_eq!(found.as_deref(), expected);
        let host = Host::builder().slots(1).build().unwrap();
        assert_eq!(host.load(&component).is_ok(), expected.is_none());
    }
}

#[test]
fn what_stands_in_the_place_of_run_is_seen_before_anything_is_compiled() {
    let rows = [
        ("(component)", "missing"),
        ("(component (type $t (func)) (export \"run\" (type $t)))", "no function"),
        // As in the WIT packages that are published as components.
        (
            "(component (type (component (type (component
                (export \"wasi:cli/run@0.2.0\" (instance (export \"run\" (func (result (result))))))))
                (export \"run\" (component (type 0))))) (export \"run\" (type 0)))",
            "no function",
        ),
        (
            "(component (core module $m (func (export \"run\"))) (core instance $i (instantiate $m))
                (func (export \"run\") (canon lift (core func $i \"run\"))))",
            "a function of another type",
        ),
    ];
    for (text, found) in rows {
        let component = wat::parse_str(text).unwrap();
        assert_eq!(
            verdict(&component),
            Some(Refusal::WrongExport { found }),
            "{text}"
        );
    }
}

#[test]
fn each_proposal_that_is_left_out_is_named_with_its_own_hint() {
    let module = |items: &str| with_imports(&format!("(core module {items})"));
    let rows = [
        (module("(func (result i32) (return_call 0))"), "tail calls"),
        (module("(memory 1 1 shared)"), "threads"),
        (
            module("(memory 1) (func (drop (i32.atomic.load (i32.const 0))))"),
            "threads",
        ),
        (module("(tag $e) (func (throw $e))"), "exception handling"),
        (
            module("(type $s (struct (field i32))) (func (drop (struct.new_default $s)))"),
            "garbage collection",
        ),
        (
            module("(func (param externref))"),
            "references to values of the host",
        ),
        (
            module("(memory 1) (memory 1)"),
            "several memories in one module",
        ),
        (
            module("(import \"\" \"m\" (memory 1)) (memory 1)"),
            "several memories in one module",
        ),
        (module("(memory i64 1)"), "64-bit memories"),
        (
            module(
                "(func (param i64 i64) (drop (drop (i64.mul_wide_s (local.get 0) (local.get 1)))))",
            ),
            "wide arithmetic",
        ),
        (module("(memory 1 1 (pagesize 1))"), "custom page sizes"),
        (
            with_imports("(core func (canon backpressure.inc))"),
            "component-model async",
        ),
        (with_imports("(type (stream u8))"), "component-model async"),
        (
            with_imports(
                "(import \"wasi:cli/environment@0.2.0\" (instance (export \"get-arguments\" (func async))))",
            ),
            "component-model async",
        ),
    ];
    for (component, name) in rows {
        let refusal = verdict(&component).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(
            refusal.to_string(),
            format!("uses what this host leaves out: {name}")
        );
        assert_eq!(refusal.kind(), "proposal");
        assert!(!refusal.hint().is_empty());
    }
    // Code that no engine accepts uses no proposal.
    let broken = module("(func (result i32))");
    assert_eq!(verdict(&broken).unwrap().kind(), "invalid");
}

/// The engine accepts what the judge accepts.
#[test]
fn what_compilers_emit_is_accepted_and_compiled() {
    let host = Host::builder().slots(1).build().unwrap();
    for items in [
        "(func (result i32 i32) (i32.const 1) (i32.const 2))",
        "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
        "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 8)))",
        "(table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1))))",
        "(func (drop (i32.extend8_s (i32.trunc_sat_f32_s (f32.const 1)))))",
        "(func (param v128) (drop (f32x4.relaxed_madd (local.get 0) (local.get 0) (local.get 0))))",
    ] {
        let component = with_imports(&format!("(core module {items})"));
        assert_eq!(verdict(&component), None, "{items}");
        host.load(&component).unwrap();
    }
}
