//! What is said of a trap: what the guest was doing, and where it may have said more.

use fractalaw_host::{During, Host, Outcome, Run, TrapCode};

use crate::components::{component, guest_bytes, run};

#[test]
fn a_trap_says_whether_it_came_in_instantiation_in_run_or_of_its_result() {
    let host = Host::builder().slots(1).build().unwrap();
    for (items, body, code, during, begin) in [
        (
            "(func $start unreachable) (start $start)",
            "",
            TrapCode::Unreachable,
            During::Instantiation,
            "trap in instantiation: ",
        ),
        (
            "(func $start (call $record-raw (i32.const -9) (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
             (start $start)",
            "",
            TrapCode::Boundary,
            During::Instantiation,
            "trap in instantiation: ",
        ),
        ("", "unreachable", TrapCode::Unreachable, During::Run, "trap: "),
        (
            "",
            "(call $record-raw (i32.const -9) (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
            TrapCode::Boundary,
            During::Run,
            "trap: ",
        ),
        (
            "",
            "(return (i32.const -16))",
            TrapCode::Boundary,
            During::Result,
            "trap in the result of `run`: ",
        ),
    ] {
        let report = run(&host, &component(items, body), Run::new());
        let Outcome::Trap(trap) = &report.outcome else {
            panic!("{items} {body}: {}", report.outcome);
        };
        assert_eq!((trap.code, trap.during), (code, during), "{items} {body}");
        assert!(report.text().starts_with(begin), "{}", report.text());
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["outcome"]["during"], during.name());
        assert!(!report.text().contains("hint:"), "{}", report.text());
    }
}

#[test]
fn a_trap_points_to_what_the_guest_wrote_to_standard_error() {
    let host = Host::builder().slots(1).build().unwrap();
    let text = run(&host, &guest_bytes("panics"), Run::new()).text();
    let (before, after) = text
        .split_once("hint: what it wrote to standard error stands below\n")
        .unwrap();
    assert!(before.starts_with("trap: "), "{text}");
    assert!(after.contains("--- Standard Error ("), "{text}");
}
