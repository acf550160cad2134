//! Files that are databases, and files that are not.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};
use std::thread;

use fractalaw_sqlite::by_hand::{ByHandError, Filling, copy};
use fractalaw_sqlite::{
    Conditions, Grants, Run, Store, StoreError, Unlimited, Verdict, is_unsettled,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::settle::left_prepared;
use crate::tables::{rows, told};

struct Lab(TempDir);

impl Lab {
    fn new() -> Lab {
        Lab(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A database with one row.
    fn made(&self, mode: &str) -> PathBuf {
        let path = self.at("data.db");
        let sql = format!(
            "PRAGMA journal_mode = {mode}; CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)"
        );
        Connection::open(&path)
            .unwrap()
            .execute_batch(&sql)
            .unwrap();
        path
    }
}

fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(path, |_| Verdict::NotCompleted)
}

fn with(store: &Store, write: &[&str]) -> Run {
    let grants = Arc::new(Grants::new(&["*"], write).unwrap());
    store.run(
        grants,
        Conditions::default(),
        Box::new(Unlimited::default()),
    )
}

fn add(run: &mut Run, id: u8) -> String {
    told(run.execute(&format!("INSERT INTO t VALUES ({id})")))
}

fn ids(run: &mut Run) -> String {
    rows(&run.query("SELECT group_concat(id) FROM t").unwrap())
}

#[test]
fn what_is_no_database_says_so() {
    let lab = Lab::new();
    fs::write(lab.at("text"), "no database at all\n".repeat(100)).unwrap();
    fs::write(lab.at("cut"), &fs::read(lab.made("DELETE")).unwrap()[..50]).unwrap();
    let not_one =
        "file is not a database\nhint: name an SQLite database, or an empty file for a new one";
    let cannot_be_opened = "unable to open database file: {path}\nhint: name an SQLite database that exists and may be read";
    for (name, said) in [
        ("absent", cannot_be_opened),
        ("absent/data.db", cannot_be_opened),
        ("text", not_one),
        (
            "cut",
            "database disk image is malformed\nhint: restore it from a copy",
        ),
    ] {
        let path = lab.at(name);
        let shown = path.display().to_string();
        let error = open(&path).map(drop).unwrap_err().to_string();
        let expected = format!("cannot open `{shown}`: {}", said.replace("{path}", &shown));
        assert_eq!(error, expected, "{name}");
        // Nothing was made beside it.
        assert!(!lab.at(&format!("{name}-pending")).exists(), "{name}");
    }
}

/// SQLite itself would open a database in memory, or a file of another name.
#[test]
fn a_name_is_always_that_of_a_file() {
    for name in [
        "",
        ":memory:",
        "file::memory:",
        "file:absent.db?mode=memory",
        "file:Cargo.toml",
    ] {
        let error = open(Path::new(name)).map(drop).unwrap_err().to_string();
        let said = format!("cannot open `{name}`: unable to open database file: ./{name}\n");
        assert!(error.starts_with(&said), "{error}");
    }
    let lab = Lab::new();
    let _socket = std::os::unix::net::UnixListener::bind(lab.at("socket")).unwrap();
    for path in [Path::new("/dev/null"), lab.0.path(), &lab.at("socket")] {
        let error = open(path).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::NotAFile { .. }), "{error}");
    }
    assert!(!Path::new("/dev/null-pending").exists());
}

/// An empty file is a database without tables, and the mode of a database does not matter.
#[test]
fn every_database_is_opened() {
    let lab = Lab::new();
    let empty = lab.at("empty.db");
    fs::write(&empty, "").unwrap();
    let store = open(&empty).unwrap();
    let said = add(&mut with(&store, &["*"]), 1);
    assert_eq!(said, "3: no such table: `t`");
    for mode in ["DELETE", "TRUNCATE", "PERSIST", "WAL"] {
        let lab = Lab::new();
        let store = open(&lab.made(mode)).unwrap();
        let mut run = with(&store, &["*"]);
        assert_eq!(add(&mut run, 2), "ok: 1");
        run.prepare(Some("run")).unwrap().settle(true).unwrap();
        drop(store);
        let again = open(&lab.at("data.db")).unwrap();
        assert_eq!(ids(&mut with(&again, &[])), "1,2", "{mode}");
    }
}

/// The format of a file can say that it must not be written. It is then like a file that the user may not write,
/// which does not exist for an administrator.
#[test]
fn a_database_that_may_only_be_read_can_be_read() {
    let lab = Lab::new();
    let path = lab.made("DELETE");
    let mut bytes = fs::read(&path).unwrap();
    bytes[18] = 3;
    fs::write(&path, &bytes).unwrap();
    let store = open(&path).unwrap();
    let mut run = with(&store, &["*"]);
    assert_eq!(ids(&mut run), "1");
    assert_eq!(
        add(&mut run, 2),
        "2: the database is read-only\nhint: whoever runs the host can make its file writable"
    );
    assert_eq!(ids(&mut run), "1");
    run.prepare(Some("run")).unwrap().settle(true).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(fs::read_dir(lab.0.path()).unwrap().count(), 1);
}

#[test]
fn a_database_has_one_name() {
    let lab = Lab::new();
    let path = lab.made("WAL");
    symlink(&path, lab.at("link.db")).unwrap();
    open(&lab.at("link.db")).unwrap();
    fs::hard_link(&path, lab.at("second.db")).unwrap();
    for name in ["data.db", "second.db"] {
        let error = open(&lab.at(name)).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::TwoNames { .. }), "{error}");
    }
    fs::remove_file(lab.at("second.db")).unwrap();
    open(&path).unwrap();
}

/// The log and the record are beside the file that a symbolic link names, in another folder too.
#[test]
fn a_symbolic_link_stands_for_the_file_with_its_log_and_its_record() {
    let (folder, path) = left_prepared();
    let links = tempfile::tempdir().unwrap();
    let link = links.path().join("link.db");
    symlink(&path, &link).unwrap();
    assert!(is_unsettled(&link));
    let refused = Filling::begin(&link).map(drop).unwrap_err();
    assert!(
        matches!(refused, ByHandError::Unsettled { .. }),
        "{refused}"
    );
    // What a run has committed is in the log until the last connection is closed.
    drop(Store::open(&link, |_| Verdict::Completed).unwrap());
    assert!(!is_unsettled(&link) && !is_unsettled(&path));
    let store = open(&link).unwrap();
    let mut run = with(&store, &["*"]);
    assert_eq!(run.execute("DELETE FROM t WHERE id = 1"), Ok(1));
    run.prepare(None).unwrap().settle(true).unwrap();
    let copied = links.path().join("copy.db");
    copy(&link, &copied).unwrap();
    let ids: String = Connection::open(&copied)
        .unwrap()
        .query_row("SELECT group_concat(id) FROM t", (), |row| row.get(0))
        .unwrap();
    assert_eq!(ids, "2,9");
    let mut names: Vec<_> = fs::read_dir(links.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["copy.db", "link.db"],
        "nothing is made beside the link"
    );
    drop((store, folder));
}

/// A program that is not a run of this host does not wait in its line.
#[test]
fn a_program_that_holds_the_database_makes_it_busy() {
    let lab = Lab::new();
    let store = open(&lab.made("WAL")).unwrap();
    let other = Connection::open(store.path()).unwrap();
    let held = "BEGIN IMMEDIATE; INSERT INTO t VALUES (9)";
    other.execute_batch(held).unwrap();
    let mut writer = with(&store, &["*"]);
    let busy = "6: another program holds the database\nhint: run again";
    assert_eq!(add(&mut writer, 2), busy);
    // Those who only read are not in its way.
    let mut reader = with(&store, &[]);
    assert_eq!(ids(&mut reader), "1");
    other.execute_batch("COMMIT").unwrap();
    // The guest can go on.
    assert_eq!(add(&mut writer, 2), "ok: 1");
    assert_eq!(ids(&mut writer), "1,2,9");
    assert_eq!(ids(&mut reader), "1");
}

/// Several imports make the same database at once. One of them makes it, and the others take nothing of it with them.
#[test]
fn an_import_that_fails_takes_nothing_of_another_with_it() {
    let lab = Lab::new();
    let source = lab.at("schema.sql");
    fs::write(&source, "CREATE TABLE t (id INTEGER)").unwrap();
    let begun = |path: &Path| {
        let mut filling = Filling::begin(path)?;
        filling.import(&source, None).map(|()| filling)
    };
    for round in 0..25 {
        let path = lab.at(&format!("{round}.db"));
        let (path, begun, gate) = (&path, &begun, &Barrier::new(4));
        let fills = move || {
            gate.wait();
            begun(path)?.finish()
        };
        let ends: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(fills)).collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1, "{ends:?}");
        let connection = Connection::open(path).unwrap();
        connection.prepare("SELECT id FROM t").unwrap();
    }
    let path = lab.at("data.db");
    let [first, second, third] = [0; 3].map(|_| begun(&path).unwrap());
    assert!(!path.exists());
    first.finish().unwrap();
    let taken = second.finish().unwrap_err();
    assert_eq!(
        (taken.to_string(), taken.hint().unwrap()),
        (
            format!(
                "another program has made `{}` meanwhile, and nothing was imported",
                path.display()
            ),
            "import again, into the database that is there now".to_owned()
        )
    );
    drop(third);
    assert!(matches!(
        begun(&path).map(drop),
        Err(ByHandError::Import(_))
    ));
    let files = fs::read_dir(lab.0.path()).unwrap();
    assert_eq!(files.count(), 25 + 2, "nothing else is left");
}

/// SQLite would roll the new database back with the log of another one.
#[test]
fn no_database_is_made_beside_the_log_of_another_one() {
    let lab = Lab::new();
    for end in ["-journal", "-wal"] {
        let log = lab.at(&format!("data.db{end}"));
        fs::write(&log, "what was written last").unwrap();
        let error = Filling::begin(&lab.at("data.db")).map(drop).unwrap_err();
        assert!(matches!(error, ByHandError::Log { .. }), "{error}");
        fs::remove_file(log).unwrap();
    }
    assert_eq!(fs::read_dir(lab.0.path()).unwrap().count(), 0);
}
