//! A supervisor is killed while guests change data, emit and schedule. Then the ledger, `events.db` and the data say the
//! same.
//!
//! `FRACTALAW_TEST_KILLS` sets how often.

use std::collections::BTreeSet;

use fractalaw_serve::request::{Request, TaskRow};
use sha2::{Digest, Sha256};

use crate::kills::{answer, emit, idle, kills, spin_at_random};
use crate::lab::Site;
use crate::ledger::Book;
use crate::process::Process;
use crate::reacting::{column, data, ingest, site};

/// How many regulations are ingested before each kill.
const INGESTED: u64 = 3;

#[test]
fn ledger_events_and_data_agree_however_often_the_supervisor_is_killed() {
    let site = site("false");
    let connection = data(&site);
    let (mut regulations, mut acknowledged) = (0, Vec::new());
    for kill in 0..kills() {
        let process = Process::start(site.path());
        for _ in 0..INGESTED {
            ingest(&connection, regulations);
            regulations += 1;
            let event = emit(site.path(), "data-ingested");
            acknowledged.push(event.expect("the supervisor runs"));
        }
        // Its runs go on, and lead to others.
        spin_at_random(kill, 250_000);
        process.signal("KILL");
        process.end();
    }
    let process = Process::start(site.path());
    idle(site.path());
    let tasks = answer(site.path(), Request::Tasks { after: 0 });
    process.signal("TERM");
    assert_eq!(process.end(), Some(0));

    let book = Book::read(&site.file("audit.ledger"));
    book.check();
    for event in acknowledged {
        let delivery = format!("event:{event}:change-monitor");
        assert_eq!(book.completed(&delivery), 1, "{delivery}");
    }
    for (event_type, app) in [
        ("regulatory-change", "gap-analyser"),
        ("gap-found", "deadline-keeper"),
    ] {
        for event in &book.emitted[event_type] {
            let delivery = format!("event:{event}:{app}");
            assert_eq!(book.completed(&delivery), 1, "{delivery}");
        }
    }
    let tasks: Vec<TaskRow> = serde_json::from_value(tasks).unwrap();
    agrees(&site, &book, regulations, &tasks);
    let runs: Vec<_> = book.runs.values().flatten().collect();
    let count = |wanted: &str| runs.iter().filter(|outcome| **outcome == wanted).count();
    eprintln!(
        "{} kills: {regulations} regulations, {} runs, {} completed, {} cut off",
        kills(),
        runs.len(),
        count("completed"),
        count("cut-off")
    );
}

/// Each regulation was told of once, has one gap, and one reminder, in the ledger as in the data and among the tasks.
fn agrees(site: &Site, book: &Book, regulations: u64, tasks: &[TaskRow]) {
    let data = data(site);
    let of = |text: &dyn Fn(u64) -> String| -> Vec<String> {
        let mut all: Vec<String> = (0..regulations).map(text).collect();
        all.sort();
        all
    };
    let digests = |text: &dyn Fn(u64) -> String| -> BTreeSet<String> {
        let all = of(text).into_iter();
        all.map(|text| format!("{:x}", Sha256::digest(text)))
            .collect()
    };
    let emitted = |event_type: &str| -> BTreeSet<String> {
        let all = &book.payloads[event_type];
        assert_eq!(all.len(), book.emitted[event_type].len(), "{event_type}");
        assert_eq!(all.len() as u64, regulations, "{event_type}");
        all.iter().cloned().collect()
    };
    assert_eq!(
        emitted("regulatory-change"),
        digests(&|at| format!("regulation {at};0;1"))
    );
    assert_eq!(
        emitted("gap-found"),
        digests(&|at| format!("obligation {at};regulation {at};1"))
    );
    let known = "SELECT regulation FROM known_regulation WHERE version = 1 ORDER BY regulation";
    assert_eq!(column(&data, known), of(&|at| format!("regulation {at}")));
    let gaps = "SELECT obligation FROM gap ORDER BY obligation";
    assert_eq!(column(&data, gaps), of(&|at| format!("obligation {at}")));

    let mut kept = of(&|at| format!("obligation {at}"));
    kept.push("weekly summary".to_owned());
    assert_eq!(column(&data, "SELECT gap FROM deadline ORDER BY gap"), kept);
    let mut names: Vec<_> = tasks.iter().map(|task| task.name.clone()).collect();
    names.sort();
    assert_eq!(names, kept);
    let in_data: BTreeSet<u64> = column(&data, "SELECT task FROM deadline")
        .iter()
        .map(|task| task.parse().unwrap())
        .collect();
    let in_events: BTreeSet<u64> = tasks.iter().map(|task| task.task).collect();
    assert_eq!(in_data, in_events);
    assert_eq!(in_data, book.tasks);
}
