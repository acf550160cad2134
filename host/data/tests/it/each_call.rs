//! A run that commits as it goes: the manifest asks for it, and the policy grants it.

use std::collections::BTreeMap;

use fractalaw_host::{Manifest, Outcome, Refusal, Run};
use fractalaw_testing::{DURABILITIES, RUNTIME, with_manifest};

use crate::guests::Does::{Execute, Wat};
use crate::guests::guest;
use crate::lab::{Lab, builder, effects, host, ran};

const CALLS: [crate::guests::Does<'static>; 3] = [
    Execute("INSERT INTO permit (site, holder) VALUES ('west', 'Cy')"),
    Execute("UPDATE permit SET holder = 'Di' WHERE id = 4"),
    Execute("DELETE FROM permit WHERE id = 3"),
];

const AFTER: [&str; 3] = ["1 north Ada", "2 east Bo", "4 west Di"];
const BEFORE: [&str; 3] = ["1 north Ada", "2 east Bo", "3 south "];
const PERMITS: &str = "SELECT concat_ws(' ', id, site, ifnull(holder, '')) FROM permit ORDER BY id";

fn committed() -> Vec<String> {
    [
        r#"insert permit — id 4, site "west", holder "Cy""#,
        r#"update permit — key 4, holder {"after":"Di","before":"Cy"}"#,
        r#"delete permit — id 3, site "south", holder null"#,
    ]
    .map(|line| format!("[data] {line} (committed)"))
    .to_vec()
}

/// A component whose manifest asks for it.
fn asks(does: &[crate::guests::Does<'_>]) -> Vec<u8> {
    let asks = BTreeMap::from([("data".to_owned(), ["transaction"][..].into())]);
    let manifest = Manifest {
        asks,
        ..Manifest::default()
    };
    with_manifest(&guest(does), &manifest)
}

fn granted(lab: &Lab) -> Run {
    let lines = "data.read = true\ndata.write = true\ndata.transaction = \"call\"";
    Run::new().grant(lab.section(lines))
}

#[test]
fn what_a_call_committed_stays_however_the_run_ends() {
    for (end, kind) in [
        ("", "completed"),
        ("unreachable", "trap"),
        ("(loop (br 0))", "out-of-fuel"),
        ("(i32.store8 (i32.const 16) (i32.const 1))", "guest-error"),
    ] {
        for (durability, name) in DURABILITIES {
            let (lab, ledger) = (Lab::new(), fractalaw_testing::Lab::new());
            let host = builder().ledger(&ledger.path, durability).build().unwrap();
            let mut does = Vec::from(CALLS);
            does.push(Wat(end));
            let run = granted(&lab).fuel(10_000_000).deterministic();
            let report = ran(&host, &asks(&does), &run);
            assert_eq!(report.outcome.kind(), kind);
            assert_eq!(effects(&report), committed(), "{kind} {name}");
            assert_eq!(lab.rows(PERMITS), AFTER, "{kind} {name}");
            // Nothing waits for the ledger.
            let pending = lab.folder.path().join("register.db-pending");
            assert_eq!(pending.metadata().unwrap().len(), 0);
        }
    }
}

#[test]
fn it_takes_both_the_manifest_and_the_policy() {
    let mut does = Vec::from(CALLS);
    does.push(Wat("unreachable"));
    // A micro-app that does not ask relies on all or nothing.
    let lab = Lab::new();
    let report = ran(&host(), &guest(&does), &granted(&lab));
    assert_eq!(report.outcome.kind(), "trap");
    assert_eq!(lab.rows(PERMITS), BEFORE);
    let report = ran(&host(), &asks(&does), &lab.run());
    let Outcome::Refused(Refusal::NotGranted(refused)) = &report.outcome else {
        panic!("{}", report.outcome);
    };
    let missing: Vec<_> = refused
        .missing
        .iter()
        .map(|missing| missing.line())
        .collect();
    assert_eq!(
        missing,
        [Some("data.\"transaction\" = \"call\"".to_owned())]
    );
    assert_eq!(lab.rows(PERMITS), BEFORE);
}

#[test]
fn it_costs_and_reports_the_same_each_time() {
    let run = || {
        let lab = Lab::new();
        ran(&host(), &asks(&CALLS), &granted(&lab).deterministic())
    };
    let (first, again) = (run(), run());
    assert_eq!(first.fuel, again.fuel);
    assert_eq!(first.effects, again.effects);
}

#[test]
fn a_measurement_changes_nothing() {
    let lab = Lab::new();
    let host = host();
    let app = host.load_profiled(&asks(&CALLS)).unwrap();
    let run = granted(&lab).deterministic();
    let profile = RUNTIME.block_on(host.profile(&app, &run)).unwrap();
    assert_eq!(lab.rows(PERMITS), BEFORE);
    // It costs the same, although its calls are one transaction.
    let report = RUNTIME.block_on(host.run(app.app(), &run)).unwrap();
    assert_eq!(lab.rows(PERMITS), AFTER);
    assert_eq!(profile.report.fuel, report.fuel);
    assert_eq!(profile.report.effects, report.effects);
}
