//! What a run did to data takes effect only if the run completes.

use fractalaw_host::{Durability, Host, Outcome};
use fractalaw_testing::{DURABILITIES, RUNTIME};
use rusqlite::Connection;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::guests::Does::{Execute, Query, Tries, Wat};
use crate::guests::guest;
use crate::lab::{Lab, builder, effects, host, ran};

const CHANGES: [crate::guests::Does<'static>; 4] = [
    Execute("INSERT INTO permit (site, holder) VALUES ('west', 'Cy')"),
    Execute("UPDATE permit SET holder = 'Di' WHERE id = 2"),
    Execute("DELETE FROM permit WHERE id = 3"),
    Query("SELECT * FROM permit"),
];

const AFTER: [&str; 3] = ["1 north Ada", "2 east Di", "4 west Cy"];
const BEFORE: [&str; 3] = ["1 north Ada", "2 east Bo", "3 south "];
const PERMITS: &str = "SELECT concat_ws(' ', id, site, ifnull(holder, '')) FROM permit ORDER BY id";

fn changed(settled: &str) -> Vec<String> {
    [
        r#"update permit — key 2, holder {"after":"Di","before":"Bo"}"#,
        r#"delete permit — id 3, site "south", holder null"#,
        r#"insert permit — id 4, site "west", holder "Cy""#,
    ]
    .map(|line| format!("[data] {line} ({settled})"))
    .to_vec()
}

#[test]
fn a_run_that_completes_has_its_changes_committed() {
    let lab = Lab::new();
    let report = ran(&host(), &guest(&CHANGES), &lab.run());
    assert_eq!(report.outcome, Outcome::Completed("done".to_owned()));
    assert_eq!(effects(&report), changed("committed"));
    assert_eq!(lab.rows(PERMITS), AFTER);
}

#[test]
fn a_run_that_ends_in_another_way_changes_nothing() {
    for (end, kind) in [
        ("unreachable", "trap"),
        ("(loop (br 0))", "out-of-fuel"),
        ("(i32.store8 (i32.const 16) (i32.const 1))", "guest-error"),
    ] {
        let lab = Lab::new();
        let mut does = Vec::from(CHANGES);
        does.push(Wat(end));
        let report = ran(&host(), &guest(&does), &lab.run().fuel(10_000_000));
        assert_eq!(report.outcome.kind(), kind);
        assert_eq!(effects(&report), changed("discarded"), "{kind}");
        assert_eq!(lab.rows(PERMITS), BEFORE, "{kind}");
        // The next writer does not wait for it.
        let report = ran(&host(), &guest(&CHANGES), &lab.run());
        assert_eq!(report.outcome.kind(), "completed");
    }
}

#[test]
fn with_a_ledger_it_is_the_same_whatever_the_durability() {
    for (durability, name) in DURABILITIES {
        let (lab, ledger) = (Lab::new(), fractalaw_testing::Lab::new());
        let with_ledger = |durability: Durability| -> Host {
            builder().ledger(&ledger.path, durability).build().unwrap()
        };
        let host = with_ledger(durability);
        let report = ran(&host, &guest(&CHANGES), &lab.run());
        assert_eq!(effects(&report), changed("committed"), "{name}");
        assert_eq!(lab.rows(PERMITS), AFTER, "{name}");
        let pending = lab.folder.path().join("register.db-pending");
        assert_eq!(pending.metadata().unwrap().len(), 0);
        drop(host);
        assert_eq!(ledger.outcomes(), [Some("completed".to_owned())]);
    }
}

#[test]
fn a_run_that_leaves_a_deferred_constraint_broken_does_not_complete() {
    let lab = Lab::new();
    let does = [Execute("INSERT INTO visit VALUES ('today', 'nowhere')")];
    let report = ran(&host(), &guest(&does), &lab.run());
    assert_eq!(report.outcome.kind(), "trap");
    assert!(
        report.outcome.to_string().contains("foreign key"),
        "{}",
        report.outcome
    );
    let visit = r#"[data] insert visit — at "today", site "nowhere" (discarded)"#;
    assert_eq!(effects(&report), [visit]);
    assert!(lab.rows("SELECT at FROM visit").is_empty());
    // A broken key that is mended before the end is no error.
    let does = [
        Execute("INSERT INTO visit VALUES ('today', 'nowhere')"),
        Execute("INSERT INTO site VALUES ('nowhere')"),
    ];
    let report = ran(&host(), &guest(&does), &lab.run());
    assert_eq!(report.outcome.kind(), "completed");
    assert_eq!(lab.rows("SELECT at FROM visit"), ["today"]);
}

/// The guest was told that a row is there, so the run cannot be reported as completed without it.
#[test]
fn a_run_that_sqlite_has_rolled_back_does_not_complete_whatever_the_guest_returns() {
    let hint = "`OR ABORT` in the statement undoes the statement alone, instead of `OR ROLLBACK` there or `ON CONFLICT ROLLBACK` \
                in the schema";
    for (schema, lost) in [
        (
            "",
            "INSERT OR ROLLBACK INTO permit VALUES (1, 'west', 'Cy')",
        ),
        (
            "CREATE TABLE word (id UNIQUE ON CONFLICT ROLLBACK); INSERT INTO word VALUES (1)",
            "INSERT INTO word VALUES (1)",
        ),
    ] {
        let lab = Lab::new();
        Connection::open(&lab.file)
            .unwrap()
            .execute_batch(schema)
            .unwrap();
        let does = [
            Execute("INSERT INTO note VALUES ('kept')"),
            Tries(lost),
            Tries("INSERT INTO note VALUES ('kept too')"),
        ];
        let ledger = fractalaw_testing::Lab::new();
        let with_ledger = builder()
            .ledger(&ledger.path, Durability::Run)
            .build()
            .unwrap();
        let report = ran(&with_ledger, &guest(&does), &lab.run());
        let said = report.outcome.to_string();
        assert!(
            said.contains("rolled back: UNIQUE constraint failed") && said.ends_with(hint),
            "{said}"
        );
        assert_eq!(report.outcome.kind(), "trap");
        assert_eq!(effects(&report), [""; 0]);
        assert_eq!(lab.rows("SELECT text FROM note"), [""; 0]);
        drop(with_ledger);
        assert_eq!(ledger.outcomes(), [Some("trap".to_owned())]);
        let report = ran(&host(), &guest(&CHANGES), &lab.run());
        assert_eq!(
            report.outcome.kind(),
            "completed",
            "the next run waits for nothing"
        );
    }
}

/// The call that goes over a limit is undone as a whole. What the calls before it did is known to the row.
#[test]
fn a_run_that_changes_too_much_shows_what_it_did_before() {
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO note SELECT '' FROM n LIMIT 1000001";
    let lab = Lab::new();
    let does = [&CHANGES[..], &[Execute(many)]].concat();
    let run = lab.run().fuel(1 << 40);
    let report = ran(&host(), &guest(&does), &run);
    assert_eq!(report.outcome.kind(), "quota-exceeded");
    assert_eq!(effects(&report), changed("discarded"));
    assert_eq!(lab.rows(PERMITS), BEFORE);
}

/// A row counts with its values before while the run goes on, and with those after when it has ended. Then the rows that are kept are
/// shown, and of the others only how many they are.
#[test]
fn a_run_that_ends_with_too_many_bytes_shows_what_is_kept() {
    let kept = 67;
    let text = "0".repeat(1_000_000);
    let shown = json!({ "bytes": text.len(), "sha256": format!("{:x}", Sha256::digest(&text)) });
    let note = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO note SELECT hex(zeroblob(500000)) FROM n LIMIT 69";
    for (end, kind) in [("", "quota-exceeded"), ("unreachable", "trap")] {
        let lab = Lab::new();
        let does = [&CHANGES[..], &[Execute(note), Wat(end)]].concat();
        let report = ran(&host(), &guest(&does), &lab.run().fuel(1 << 40));
        assert_eq!(report.outcome.kind(), kind);
        let mut expected =
            vec![format!(r#"[data] insert note — text {{"text":{shown}}} (discarded)"#); kept];
        expected.push("[data] rows-left-out note — inserted 2 (discarded)".to_owned());
        expected.push(
            "[data] rows-left-out permit — inserted 1, updated 1, deleted 1 (discarded)".to_owned(),
        );
        assert_eq!(effects(&report), expected, "{kind}");
        assert_eq!(lab.rows(PERMITS), BEFORE);
        assert_eq!(lab.rows("SELECT text FROM note"), [""; 0]);
    }
}

#[test]
fn a_measurement_changes_nothing() {
    let lab = Lab::new();
    let host = host();
    let app = host.load_profiled(&guest(&CHANGES)).unwrap();
    let run = lab.run().deterministic();
    RUNTIME.block_on(host.profile(&app, &run)).unwrap();
    assert_eq!(lab.rows(PERMITS), BEFORE);
}
