//! Runs in the ledger, through the library: what is on disk, when, and that it verifies.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use fractalaw_host::{
    Certainty, DirGrant, Durability, Host, HostError, LedgerError, Outcome, Policy, Run,
};
use fractalaw_ledger::{Entry, Role};
use fractalaw_testing::{DURABILITIES, Lab};
use tokio::task::JoinHandle;

use crate::components::{RUNTIME, cache, component, guest, guest_bytes, with_section};

pub(crate) fn host(lab: &Lab, durability: Durability) -> Host {
    Host::builder()
        .slots(4)
        .cache(cache())
        .ledger(&lab.path, durability)
        .build()
        .unwrap()
}

/// Who wrote an entry, its type, and what it is about.
fn shape(entries: &[Entry]) -> Vec<(&'static str, &str, &str)> {
    let shape = |entry: &Entry| entry.actor_role.name();
    entries
        .iter()
        .map(|entry| (shape(entry), &*entry.event_type, &*entry.resource))
        .collect()
}

#[test]
fn a_run_is_opened_recorded_and_closed_whatever_the_durability() {
    for (durability, name) in DURABILITIES {
        let lab = Lab::new();
        let host = host(&lab, durability);
        let app = host.load(&guest_bytes("hello-world")).unwrap();
        let run = Run::new()
            .arg("site-7")
            .env("TOKEN", "hush")
            .stdin("text")
            .dir(DirGrant {
                host: lab.folder.path().to_owned(),
                guest: "/data".to_owned(),
                writable: false,
            });
        let report = RUNTIME.block_on(host.run(&app, &run)).unwrap();
        let app = format!("hello-world@{}", app.digest());
        let entries = lab.entries();
        assert_eq!(
            shape(&entries),
            [
                ("host", "run-opened", &*app),
                ("micro-app", "app-started", "hello-world"),
                ("host", "run-closed", &*app),
            ],
            "{name}"
        );
        assert_eq!(lab.verified().open_runs, Vec::<u64>::new());
        let [opened, recorded, closed] = &entries[..] else {
            panic!()
        };
        assert!(entries.iter().all(|entry| entry.run_id == Some(2)));
        assert_eq!((&*recorded.actor_id, &*recorded.node_id), (&*app, "node-7"));
        assert_eq!(recorded.timestamp, report.audit[0].time_unix_ns);
        assert_eq!(recorded.detail, report.audit[0].detail);
        assert!(opened.timestamp <= recorded.timestamp && recorded.timestamp <= closed.timestamp);
        let folder = lab.folder.path().to_str().unwrap();
        let expected = serde_json::json!({
            "name": "hello-world",
            "version": "0.1.0",
            "sha256": report.app.as_ref().unwrap().digest.to_string(),
            "tier": "lightweight",
            "limits": { "fuel": 100_000_000, "deadline_us": 5_000_000, "memory_bytes": 16 << 20 },
            "grants": {
                "args": ["site-7"],
                "env": ["TOKEN"],
                "stdin": {
                    "bytes": 4,
                    "sha256": "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
                },
                "dirs": [{ "host": folder, "guest": "/data", "writable": false }],
            },
            "decision": {
                "policy_sha256": null,
                "granted": [
                    { "line": "args = true", "by": "run" },
                    { "line": "env.TOKEN = true", "by": "run" },
                    { "line": "stdin = true", "by": "run" },
                    { "line": "dirs.\"/data\" = true", "by": "run" },
                ],
                "missing": [],
            },
        });
        let detail: serde_json::Value = serde_json::from_str(&opened.detail).unwrap();
        assert_eq!(detail, expected);
        assert!(entries.iter().all(|entry| !entry.detail.contains("hush")));
        let detail: serde_json::Value = serde_json::from_str(&closed.detail).unwrap();
        let expected = serde_json::json!({
            "outcome": "completed",
            "message": null,
            "fuel": {
                "budget": 100_000_000, "consumed": report.fuel.consumed(), "certainty": "exact",
            },
            "entries": 1,
        });
        assert_eq!(detail, expected);
    }
}

#[test]
fn fuel_and_entries_are_the_same_with_a_ledger_and_without() {
    let plain = Host::builder().slots(1).cache(cache()).build().unwrap();
    for name in ["ordered-entries", "hello-world", "panics"] {
        let bytes = guest_bytes(name);
        let run = Run::new().deterministic().trace();
        let report = |host: &Host| {
            let app = host.load(&bytes).unwrap();
            let mut report = RUNTIME.block_on(host.run(&app, &run)).unwrap();
            report.durations = Default::default();
            report
        };
        let expected = report(&plain);
        for (durability, _) in DURABILITIES {
            let lab = Lab::new();
            assert_eq!(report(&host(&lab, durability)), expected, "{name}");
            let opening: serde_json::Value =
                serde_json::from_str(&lab.entries()[0].detail).unwrap();
            assert_eq!(opening["deterministic"], true);
            assert_eq!(opening["clock_unix_ns"], 1_735_689_600_000_000_000_u64);
            assert_eq!(opening["seed"], 1);
            let entries = lab.verified().entries;
            assert_eq!(entries, 3 + expected.audit.len() as u64, "{name}");
        }
    }
}

/// A guest that records one entry and then runs for ever.
fn endless() -> Vec<u8> {
    component("", "(call $record) (loop $again (br $again))")
}

/// Runs it, and waits until its entry is on disk.
fn recorded(lab: &Lab, host: &Host) -> JoinHandle<Result<fractalaw_host::Report, HostError>> {
    let app = host.load(&endless()).unwrap();
    let run = Run::new()
        .fuel(u64::MAX)
        .deadline(Duration::from_secs(3600));
    let host = host.clone();
    let running = RUNTIME.spawn(async move { host.run(&app, &run).await });
    wait_for(lab, 3);
    running
}

pub(crate) fn wait_for(lab: &Lab, entries: u64) {
    let end = Instant::now() + Duration::from_secs(60);
    while lab.count() < entries {
        assert!(Instant::now() < end, "{} entries", lab.count());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_entry_is_on_disk_before_the_guest_goes_on_where_that_was_asked_for() {
    let lab = Lab::new();
    let host = host(&lab, Durability::Entry);
    let running = recorded(&lab, &host);
    host.stop();
    let report = RUNTIME.block_on(running).unwrap().unwrap();
    assert_eq!(report.outcome, Outcome::Interrupted);
    assert_eq!(report.fuel.certainty, Certainty::Unrepeatable);
    assert_eq!(report.audit.len(), 1);
    assert_eq!(lab.outcomes(), [Some("interrupted".to_owned())]);
    assert_eq!(lab.verified().entries, 4);
}

/// The number of transactions in the ledger's log. The layout is that of <https://sqlite.org/fileformat2.html>:
/// after a head come frames. Each frame is a page with a head of its own, and the last frame of a transaction has
/// the number of pages of the file after it.
fn transactions(lab: &Lab) -> usize {
    let log = fs::read(lab.path.with_extension("ledger-wal")).unwrap();
    let (head, frames) = log.split_at(32);
    let page = u32::from_be_bytes(head[8..12].try_into().unwrap()) as usize;
    let ends = |frame: &&[u8]| frame[4..8] != [0; 4];
    frames.chunks_exact(24 + page).filter(ends).count()
}

#[test]
fn other_entries_are_written_in_one_transaction_with_the_closing() {
    for (durability, expected) in [
        (Durability::Entry, 3),
        (Durability::Run, 2),
        (Durability::Group, 2),
    ] {
        let lab = Lab::new();
        let host = host(&lab, durability);
        let app = host.load(&endless()).unwrap();
        let run = Run::new().fuel(100_000);
        let report = RUNTIME.block_on(host.run(&app, &run)).unwrap();
        assert_eq!(report.outcome, Outcome::OutOfFuel);
        assert_eq!(report.audit.len(), 1);
        assert_eq!(transactions(&lab), expected, "{durability:?}");
        assert_eq!(lab.outcomes(), [Some("out-of-fuel".to_owned())]);
        assert_eq!(lab.verified().entries, 4);
    }
}

#[test]
fn a_run_that_its_caller_gives_up_is_cut_off_and_seen_to_be() {
    let lab = Lab::new();
    let host = host(&lab, Durability::Entry);
    let running = recorded(&lab, &host);
    running.abort();
    assert!(RUNTIME.block_on(running).unwrap_err().is_cancelled());
    let verified = lab.verified();
    assert_eq!((verified.entries, verified.open_runs), (3, vec![2]));
    // Its slot is free, and the ledger goes on.
    let run = RUNTIME.block_on(host.run_file(guest("hello-world"), &Run::new()));
    assert_eq!(run.unwrap().outcome.kind(), "completed");
    assert_eq!(lab.outcomes(), [None, Some("completed".to_owned())]);
}

#[test]
fn a_request_that_cannot_be_met_is_closed_as_such_and_the_policy_is_named() {
    let lab = Lab::new();
    let text = "[all]\ndirs.\"/data\" = \"/no/such/folder\"\n";
    let policy = Policy::parse(Path::new("p.toml"), text).unwrap();
    let sha256 = policy.id().sha256.clone();
    let host = Host::builder()
        .cache(cache())
        .slots(1)
        .policy(policy)
        .ledger(&lab.path, Durability::Run)
        .build()
        .unwrap();
    let run = RUNTIME.block_on(host.run_file(guest("hello-world"), &Run::new()));
    assert!(matches!(run, Err(HostError::Grant { .. })), "{run:?}");
    let entries = lab.entries();
    let opened: serde_json::Value = serde_json::from_str(&entries[0].detail).unwrap();
    assert_eq!(
        opened["decision"],
        serde_json::json!({
            "policy_sha256": sha256,
            "granted": [{ "line": "dirs.\"/data\" = true", "by": "policy" }],
            "missing": [],
        })
    );
    assert_eq!(lab.outcomes(), [Some("host-failed".to_owned())]);
}

#[test]
fn many_runs_at_once_share_a_ledger() {
    let lab = Lab::new();
    let host = host(&lab, Durability::Group);
    let app = host.load(&guest_bytes("ordered-entries")).unwrap();
    let running: Vec<_> = (0..40)
        .map(|_| {
            let (host, app) = (host.clone(), app.clone());
            RUNTIME.spawn(async move { host.run(&app, &Run::new()).await.unwrap().audit.len() })
        })
        .collect();
    let entries: usize = running
        .into_iter()
        .map(|run| RUNTIME.block_on(run).unwrap())
        .sum();
    let verified = lab.verified();
    assert_eq!((verified.runs, verified.open_runs), (40, vec![]));
    assert_eq!(verified.entries, 1 + 2 * 40 + entries as u64);
    let own = lab
        .entries()
        .iter()
        .filter(|entry| entry.actor_role == Role::MicroApp)
        .count();
    assert_eq!(own, entries);
}

#[test]
fn what_a_component_says_of_itself_does_not_keep_its_run_from_being_recorded() {
    let lab = Lab::new();
    let host = host(&lab, Durability::Run);
    let long = "é".repeat(3 << 20);
    let bytes = with_section(&guest_bytes("hello-world"), "version", long.as_bytes());
    let app = host.load(&bytes).unwrap();
    let report = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap();
    assert_eq!(report.outcome.kind(), "completed");
    let opened: serde_json::Value = serde_json::from_str(&lab.entries()[0].detail).unwrap();
    assert_eq!(opened["version"], "é".repeat(100));
    assert_eq!(lab.verified().open_runs, Vec::<u64>::new());
}

#[test]
fn a_ledger_that_is_none_keeps_the_host_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.ledger");
    let build = |path: &Path| {
        Host::builder()
            .slots(1)
            .ledger(path, Durability::Run)
            .build()
            .err()
    };
    let error = build(&missing);
    assert!(
        matches!(&error, Some(HostError::Ledger(LedgerError::Missing { path })) if *path == missing),
        "{error:?}"
    );
    let other = folder.path().join("other");
    fs::write(&other, "no database, and long enough to be told from one").unwrap();
    let error = build(&other);
    assert!(
        matches!(
            &error,
            Some(HostError::Ledger(LedgerError::NotALedger { .. }))
        ),
        "{error:?}"
    );
}
