//! A host that is killed at any moment leaves data and ledger in agreement.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fractalaw_sqlite::{Conditions, Grants, Store, Unlimited, Verdict};
use rusqlite::Connection;

/// Set for the process that is killed: the folder of its database and its ledger.
const FOLDER: &str = "FRACTALAW_DATA_TEST_FOLDER";
const KILLS: u64 = 300;

const SET_UP: &str = "
CREATE TABLE runs (run TEXT PRIMARY KEY, entries INTEGER NOT NULL);
CREATE TABLE entries (run TEXT REFERENCES runs(run), at INTEGER);
CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT);
CREATE TABLE pairs (run TEXT, at INTEGER, note TEXT, PRIMARY KEY (run, at)) WITHOUT ROWID;
CREATE TABLE total (id INTEGER PRIMARY KEY, runs INTEGER);
CREATE TRIGGER counts AFTER INSERT ON runs BEGIN UPDATE total SET runs = runs + 1; END;
CREATE VIRTUAL TABLE docs USING fts5(body);
INSERT INTO total VALUES (1, 0);
";

/// The closings of runs, as a ledger has them: one line each, on disk before anybody relies on it.
struct Ledger(File);

impl Ledger {
    fn open(folder: &Path) -> Ledger {
        let path = folder.join("closings");
        Ledger(
            OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .unwrap(),
        )
    }

    fn close(&mut self, run: &str, outcome: &str) {
        self.0
            .write_all(format!("{run} {outcome}\n").as_bytes())
            .unwrap();
        self.0.sync_data().unwrap();
    }
}

/// The runs that have a whole line and completed.
fn completed(folder: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder.join("closings")).unwrap_or_default();
    let whole = text
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'));
    whole
        .filter_map(|line| line.strip_suffix(" completed"))
        .map(str::to_owned)
        .collect()
}

fn open(folder: &Path) -> Store {
    let completed = completed(folder);
    let verdict = move |run: &str| {
        if completed.contains(run) {
            Verdict::Completed
        } else {
            Verdict::NotCompleted
        }
    };
    Store::open(&folder.join("data.db"), verdict).unwrap()
}

/// The process that is killed. It has two threads, and each makes one run after another. Every third run does not
/// complete. The process prints where it is, so that it can be killed there.
#[test]
fn a_host_that_works_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(std::path::PathBuf::from) else {
        return;
    };
    let store = open(&folder);
    let ledger = Arc::new(Mutex::new(Ledger::open(&folder)));
    let grants = Arc::new(Grants::new(&["*"], &["*"]).unwrap());
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (store, ledger, grants) = (store.clone(), Arc::clone(&ledger), Arc::clone(&grants));
            scope.spawn(move || {
                for number in 0_u32.. {
                    // The identity has the process in it, because the numbers begin again after the next start.
                    let identity = format!("{}x{thread}x{number}", std::process::id());
                    one_run(&store, &ledger, &grants, &identity, number % 3 != 2);
                }
            });
        }
    });
}

fn say(what: &str) {
    // Lines are whole, whichever thread prints them.
    let _ = std::io::stdout()
        .lock()
        .write_all(format!("at {what}\n").as_bytes());
}

fn one_run(
    store: &Store,
    ledger: &Mutex<Ledger>,
    grants: &Arc<Grants>,
    identity: &str,
    completes: bool,
) {
    let mut run = store.run(
        Arc::clone(grants),
        Conditions::default(),
        Box::new(Unlimited::default()),
    );
    for sql in [
        format!("INSERT INTO runs VALUES ('{identity}', 3)"),
        format!(
            "INSERT INTO entries VALUES ('{identity}', 1), ('{identity}', 2), ('{identity}', 9)"
        ),
        format!("INSERT INTO numbered (run) VALUES ('{identity}'), ('gone')"),
        "DELETE FROM numbered WHERE run = 'gone'".to_owned(),
        format!("UPDATE entries SET at = 3 WHERE run = '{identity}' AND at = 9"),
        format!("INSERT INTO pairs VALUES ('{identity}', 1, 'a'), ('{identity}', 2, 'b')"),
        format!("REPLACE INTO pairs VALUES ('{identity}', 2, 'c')"),
        format!("INSERT INTO docs VALUES ('run {identity}')"),
    ] {
        run.execute(&sql).unwrap();
    }
    say("written");
    let prepared = run.prepare(Some(identity)).unwrap();
    say("prepared");
    ledger
        .lock()
        .unwrap()
        .close(identity, if completes { "completed" } else { "failed" });
    say("closed");
    prepared.settle(completes).unwrap();
    say("settled");
}

/// Two runs write at once, and the process is killed. Every run that completed in the ledger is in the database
/// as a whole, and no other run is.
#[test]
fn a_host_killed_at_random_moments_keeps_what_completed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let connection = Connection::open(folder.join("data.db")).unwrap();
    connection.execute_batch(SET_UP).unwrap();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut seen = 0;
    for kill in 0..KILLS {
        // xorshift: the moments are spread out, and they are the same each time as far as a test can control it.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        kill_after(
            folder,
            random % 24,
            Duration::from_micros(random / 24 % 1_500),
        );
        if kill % 4 == 0 {
            // In the other rounds, the next process finds what this one left.
            seen = check(folder);
        }
    }
    seen = seen.max(check(folder));
    assert!(seen > KILLS as usize / 2, "{seen} runs completed");
}

/// Starts the host, and kills it after this many words and this much more time.
fn kill_after(folder: &Path, words: u64, more: Duration) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kills::a_host_that_works_until_it_is_killed",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines
        .map_while(Result::ok)
        .filter(|line| line.starts_with("at "))
        .take(words as usize)
        .count();
    assert_eq!(said as u64, words, "the host ended by itself");
    let heard = Instant::now();
    while heard.elapsed() < more {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Starts once more, which settles the run that was left, and compares. Returns how many runs completed.
fn check(folder: &Path) -> usize {
    let expected = completed(folder);
    drop(open(folder));
    let connection = Connection::open(folder.join("data.db")).unwrap();
    let runs = |sql: &str| -> BTreeSet<String> {
        let mut statement = connection.prepare(sql).unwrap();
        statement
            .query_map((), |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    };
    for sql in [
        "SELECT run FROM runs",
        "SELECT run FROM entries GROUP BY run HAVING group_concat(at) = '1,2,3'",
        "SELECT run FROM numbered GROUP BY run HAVING count(*) = 1",
        "SELECT run FROM pairs GROUP BY run HAVING group_concat(at || note) = '1a,2c'",
        "SELECT substr(body, 5) FROM docs WHERE docs MATCH 'run'",
    ] {
        assert_eq!(runs(sql), expected, "{sql}");
    }
    let number = |sql: &str| {
        connection
            .query_row(sql, (), |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(number("SELECT runs FROM total") as usize, expected.len());
    assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    // The numbers of deleted rows are not used again.
    assert_eq!(
        number(
            "SELECT ifnull(max(id), 0) < ifnull((SELECT seq FROM sqlite_sequence), 1) FROM numbered"
        ),
        1
    );
    let whole: String = connection
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
    connection
        .execute("INSERT INTO docs (docs) VALUES ('integrity-check')", ())
        .unwrap();
    expected.len()
}
