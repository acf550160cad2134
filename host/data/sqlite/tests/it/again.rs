//! A commit that fails after the ledger's closing is made before the next run writes.

use std::env;
use std::process::Command;

use fractalaw_sqlite::{Store, StoreError, Verdict};
use rusqlite::Connection;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::tables::{rows, run};

/// Set for the process in which files cannot grow for a while: the folder of its database.
const FOLDER: &str = "FRACTALAW_DATA_TEST_FULL";

#[test]
fn a_host_that_could_not_commit_does_so_at_the_next_write() {
    let folder = tempfile::tempdir().unwrap();
    let program = env::current_exe().unwrap();
    // A write beyond the limit is then an error, and no signal.
    let ended = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--exact", "again::a_process_whose_files_cannot_grow"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}");
    let connection = Connection::open(folder.path().join("data.db")).unwrap();
    let sql = "SELECT group_concat(id) FROM t";
    let ids: String = connection.query_row(sql, (), |row| row.get(0)).unwrap();
    assert_eq!(ids, "1,2");
}

#[test]
fn a_process_whose_files_cannot_grow() {
    let Some(folder) = env::var_os(FOLDER).map(std::path::PathBuf::from) else {
        return;
    };
    let path = folder.join("data.db");
    let set_up = "CREATE TABLE t (id INTEGER PRIMARY KEY)";
    Connection::open(&path)
        .unwrap()
        .execute_batch(set_up)
        .unwrap();
    let store = Store::open(&path, |_| Verdict::Unknown).unwrap();
    let add = |id: u32| {
        let mut adds = run(&store, &["*"], &["*"]);
        let added = adds.execute(&format!("INSERT INTO t VALUES ({id})"));
        added.map(|_| adds.prepare(Some(&format!("run {id}"))).unwrap())
    };
    let before = getrlimit(Resource::Fsize);
    let first = add(1).unwrap();
    let none = Rlimit {
        current: Some(0),
        ..before
    };
    setrlimit(Resource::Fsize, none).unwrap();
    let failed = first.settle(true);
    assert!(
        matches!(failed, Err(StoreError::Sqlite { .. })),
        "{failed:?}"
    );
    // As long as the disk fails, nobody writes.
    assert!(add(2).is_err());
    setrlimit(Resource::Fsize, before).unwrap();
    let mut reads = run(&store, &["*"], &[]);
    assert_eq!(rows(&reads.query("SELECT count(*) FROM t").unwrap()), "0");
    let second = add(2).unwrap();
    assert_eq!(second.settle(true).unwrap().len(), 1);
    assert_eq!(
        path.with_file_name("data.db-pending")
            .metadata()
            .unwrap()
            .len(),
        0
    );
}
