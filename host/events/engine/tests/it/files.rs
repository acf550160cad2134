//! The file: who may open it, and what is refused.

use std::fs;
use std::path::Path;

use fractalaw_events_engine::*;
use rusqlite::Connection;

use crate::lab::*;

fn open(path: &Path, ledger: &str) -> Result<Engine, EngineError> {
    Engine::open(
        path,
        ledger,
        Apps::default(),
        &mut NoClosings,
        Time::from_unix_s(T0),
    )
}

/// The message, with `FILE` for the path.
fn refused(path: &Path, ledger: &str) -> String {
    let error = open(path, ledger).err().unwrap();
    error
        .to_string()
        .replace(&path.display().to_string(), "FILE")
}

#[test]
fn one_process_has_it() {
    let lab = Lab::new(Apps::default());
    assert_eq!(
        refused(&lab.path(), "ledger-1"),
        "`FILE` is in use by another process\nhint: stop it first, or let it do the work"
    );
}

#[test]
fn what_is_not_a_file_of_events_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let cases: [(&str, &str); 7] = [
        (
            "CREATE TABLE other (x)",
            "`FILE` is not a file of events: it is another database\nhint: name another file",
        ),
        (
            "PRAGMA user_version = 1",
            "`FILE` has format 1, expected 2\nhint: use the version of the host that made it",
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END",
            "`FILE` is not a file of events: `t` is not as it was made\nhint: name another file",
        ),
        (
            "DROP TABLE roots",
            "`FILE` is not a file of events: `subscribed` is not as it was made\nhint: name another file",
        ),
        (
            "DROP INDEX tasks_by_time",
            "`FILE` is not a file of events: `tasks_by_time` is missing\nhint: name another file",
        ),
        (
            "UPDATE engine SET ledger_id = 'ledger-2'",
            "`FILE` belongs to ledger ledger-2, expected ledger-1\nhint: start with the ledger that it belongs to",
        ),
        (
            "DELETE FROM engine",
            "`FILE` is not a file of events: it does not say whose it is\nhint: name another file",
        ),
    ];
    for (at, (sql, message)) in cases.into_iter().enumerate() {
        if at > 0 {
            let _ = fs::remove_file(&path);
            drop(open(&path, "ledger-1").unwrap());
        }
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        assert_eq!(refused(&path, "ledger-1"), message);
        assert!(fs::read(&path).unwrap() == before, "{sql}");
    }
    fs::write(&path, "no database at all, but some text".repeat(100)).unwrap();
    assert_eq!(
        refused(&path, "ledger-1"),
        "`FILE`: file is not a database\nhint: restore it from a copy; the ledger has what ran"
    );
    let nowhere = folder.path().join("no/events.db");
    assert_eq!(
        open(&nowhere, "ledger-1")
            .err()
            .unwrap()
            .to_string()
            .replace(&folder.path().display().to_string(), "FOLDER"),
        "cannot open `FOLDER/no/events.db-lock`: No such file or directory (os error 2)"
    );
}

#[cfg(unix)]
#[test]
fn only_its_user_reads_it() {
    use std::os::unix::fs::MetadataExt;
    let mut lab = Lab::new(Apps::default().with("b", App::new(1).on("x")));
    lab.accept("x");
    let folder = fs::read_dir(lab.path().parent().unwrap()).unwrap();
    let mut modes: Vec<String> = folder
        .map(|entry| {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().mode() & 0o777;
            format!("{} {mode:o}", entry.file_name().display())
        })
        .collect();
    modes.sort();
    assert_eq!(
        modes,
        [
            "events.db 600",
            "events.db-lock 600",
            "events.db-shm 600",
            "events.db-wal 600"
        ]
    );
}

#[test]
fn a_ledger_that_cannot_be_read_stops_the_start() {
    struct Broken;
    impl Closings for Broken {
        fn visit(&mut self, _: RunId, _: &mut dyn FnMut(RunId, &str)) -> Result<(), LedgerFailure> {
            Err(std::sync::Arc::new(std::io::Error::other(
                "the ledger is gone",
            )))
        }
    }
    let mut lab = Lab::new(Apps::default().with("b", App::new(1).on("x")));
    lab.accept("x");
    drop(lab.start_next().unwrap());
    lab.engine = None;
    let error = when_free(|| {
        let apps = lab.apps.clone();
        Engine::open(&lab.path(), "ledger-1", apps, &mut Broken, lab.now)
    });
    assert_eq!(
        error.err().unwrap().to_string(),
        "cannot settle the runs of the last start: the ledger is gone"
    );
    // Nothing was changed: with a ledger it starts, and the run without a closing was cut off.
    lab.start();
    assert_eq!(lab.standing(), ["1 b Waiting 1 +1033ms cut-off"]);
}

#[test]
fn a_number_of_a_run_is_used_once() {
    let mut lab = Lab::new(Apps::default().with("b", App::new(2).on("x")));
    lab.accept("x");
    lab.accept("x");
    let mut claims = lab.engine().claim(lab.now, 2).unwrap();
    let (second, first) = (claims.pop().unwrap(), claims.pop().unwrap());
    let (run, _) = first.start(RunId(9), all(), lab.now).unwrap();
    let error = second.start(RunId(9), all(), lab.now).err().unwrap();
    assert_eq!(
        error.to_string(),
        "run 9 cannot begin: its number is in use or too large"
    );
    // The claim came back.
    let again = lab.engine().claim(lab.now, 2).unwrap().pop().unwrap();
    let error = again.start(RunId(1 << 47), all(), lab.now).err().unwrap();
    assert_eq!(
        error.to_string(),
        "run 140737488355328 cannot begin: its number is in use or too large"
    );
    lab.end(run, "completed");
    assert_eq!(lab.standing(), ["2 b Ready 0"]);
}
