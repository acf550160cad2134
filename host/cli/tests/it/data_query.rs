//! `fractalaw data query`, with the real program and real files.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::data_desk::{Desk, command};

#[test]
fn a_query_prints_a_table_or_lines() {
    let desk = Desk::new();
    let all = "SELECT * FROM permit ORDER BY id";
    let holders = "SELECT name, score, logo, length(name) AS \"\" FROM holder";
    for (args, stdout, stderr) in [
        (
            &[all][..],
            "id  site   holder               note\n \
             1  north  Harrow, Dale & Sons  NULL\n \
             2  east   Ünal                 \"\"\n\
             30  west   NULL                 \"NULL\"\n",
            "3 rows\n",
        ),
        (
            &[holders],
            "name                 score  logo     \"\"\n\
             Harrow, Dale & Sons    0.5  x'00ff'  19\n\
             Ünal                 NULL   NULL      4\n",
            "2 rows\n",
        ),
        (
            &["SELECT * FROM permit WHERE id > 99"],
            "id  site  holder  note\n",
            "0 rows\n",
        ),
        (
            &[all, "--csv"],
            "id,site,holder,note\n\
             1,north,\"Harrow, Dale & Sons\",\n\
             2,east,Ünal,\"\"\n\
             30,west,,NULL\n",
            "",
        ),
        (
            &[holders, "--json"],
            "{\"name\":\"Harrow, Dale & Sons\",\"score\":0.5,\"logo\":{\"blob\":\"00ff\"},\"\":19}\n\
             {\"name\":\"Ünal\",\"score\":null,\"logo\":null,\"\":4}\n",
            "",
        ),
        (
            &["SELECT 'x' || replace(printf('%060d', 0), '0', 'y') AS long"],
            &format!("long\nx{}…\n", "y".repeat(59)),
            "1 row\nhint: values that end in `…` are cut; `--json` and `--csv` print them whole\n",
        ),
        // What guests may use is there, and so is what says how a table is made.
        (
            &["SELECT cosine_distance(x'0000803f', x'000080bf') AS far"],
            "far\n2.0\n",
            "1 row\n",
        ),
        (
            &["PRAGMA table_info(holder)", "--csv"],
            "cid,name,type,notnull,dflt_value,pk\n0,name,TEXT,0,,1\n1,score,REAL,0,,0\n2,logo,BLOB,0,,0\n",
            "",
        ),
    ] {
        let args = [&["query", "register.db"], args].concat();
        desk.check(&args, 0, stdout, stderr);
    }
    assert_eq!(desk.files(), ["register.db"]);
}

#[test]
fn a_query_that_is_none_says_why() {
    let desk = Desk::new();
    desk.write(
        "text.db",
        "this is no database, however long it may be".repeat(40),
    );
    desk.write("empty.db", "");
    fs::create_dir(desk.folder.path().join("folder.db")).unwrap();
    let query =
        "to change data, write the statement into a `.sql` file for `fractalaw data import`";
    for (database, sql, stderr) in [
        (
            "none.db",
            "SELECT 1",
            "error: there is no database `none.db`\nhint: give the path of a file, or make it with `fractalaw data import \
             FILE SCHEMA.sql`\n",
        ),
        (
            "text.db",
            "SELECT 1",
            "error: `text.db` is not an SQLite database\nhint: to fill a database from it, use `fractalaw data import FILE \
             SOURCE`\n",
        ),
        (
            "folder.db",
            "SELECT 1",
            "error: `folder.db` is not a regular file, expected an SQLite database\n",
        ),
        (
            "register.db",
            "SELECT * FORM permit",
            "error: near \"FORM\": syntax error, at `FORM permit`\n",
        ),
        (
            "register.db",
            "SELECT * FROM permits",
            "error: no such table: permits\nhint: it has `holder`, `permit`\n",
        ),
        (
            "empty.db",
            "SELECT * FROM permit",
            "error: no such table: permit\nhint: the database has no tables\n",
        ),
        (
            "register.db",
            "SELECT nobody FROM permit",
            "error: no such column: nobody, at `nobody FROM permit`\n",
        ),
        (
            "register.db",
            "SELECT 1; SELECT 2",
            "error: expected one statement, and there is none, or more than one\n",
        ),
        (
            "register.db",
            "/* nothing */",
            "error: expected one statement, and there is none, or more than one\n",
        ),
        (
            "register.db",
            "SELECT ?",
            "error: the statement has parameters, and there is nothing to give them\nhint: write the values into the \
             statement\n",
        ),
        (
            "register.db",
            "DELETE FROM permit",
            &format!(
                "error: the statement is not a query, expected one that only reads and returns rows\nhint: {query}\n"
            ),
        ),
        (
            "register.db",
            "INSERT INTO permit (site) VALUES ('x') RETURNING id",
            &format!(
                "error: the statement is not a query, expected one that only reads and returns rows\nhint: {query}\n"
            ),
        ),
        (
            "register.db",
            "VACUUM INTO 'copy.db'",
            &format!(
                "error: the statement is not a query, expected one that only reads and returns rows\nhint: {query}\n"
            ),
        ),
    ] {
        desk.check(&["query", database, sql], 2, "", stderr);
    }
    desk.check(
        &["query", "register.db", "SELECT id, id FROM permit", "--json"],
        2,
        "",
        "error: two columns have the name `id`\nhint: give one of them another name with `AS`, or use `--csv`\n",
    );
    assert_eq!(
        desk.files(),
        ["empty.db", "folder.db", "register.db", "text.db"]
    );
}

/// A run that writes holds nobody up, and what it has not committed is not seen.
#[test]
fn a_query_works_beside_a_writer_and_takes_no_lock() {
    let desk = Desk::new();
    let writer = desk.connection("register.db");
    writer
        .execute_batch(
            "PRAGMA journal_mode = WAL; UPDATE permit SET site = 'south' WHERE id = 1; BEGIN IMMEDIATE; DELETE FROM permit",
        )
        .unwrap();
    desk.check(
        &["query", "register.db", "SELECT site FROM permit", "--csv"],
        0,
        "site\nsouth\neast\nwest\n",
        "",
    );
    desk.check(&["diff", "register.db", "register.db"], 0, "", "");
    // A reader that goes on for long lets others commit.
    let mut query = command(
        desk.folder.path(),
        &[
            "query",
            "register.db",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, (SELECT count(*) FROM permit) FROM n",
            "--csv",
        ],
    )
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let mut lines = BufReader::new(query.stdout.take().unwrap()).lines();
    assert_eq!(lines.nth(1).unwrap().unwrap(), "1,3");
    writer.execute_batch("COMMIT").unwrap();
    // It still reads its own snapshot, without an end: whoever stops reading ends it.
    assert_eq!(lines.nth(100_000).unwrap().unwrap(), "100002,3");
    drop(lines);
    assert_eq!(query.wait().unwrap().code(), Some(0));
}

/// A host keeps its databases in WAL mode. Reading one that no host has open makes no files beside it, and a host
/// that starts meanwhile is noticed.
#[test]
fn a_database_at_rest_is_read_without_a_trace() {
    let desk = Desk::new();
    desk.sql("register.db", "PRAGMA journal_mode = WAL");
    assert_eq!(desk.files(), ["register.db"]);
    let query = ["query", "register.db", "SELECT count(*) AS n FROM permit"];
    desk.check(&query, 0, "n\n3\n", "1 row\n");
    desk.check(&["diff", "register.db", "register.db"], 0, "", "");
    assert_eq!(desk.files(), ["register.db"]);
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT i FROM n";
    let mut query = command(
        desk.folder.path(),
        &["query", "register.db", endless, "--csv"],
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut lines = BufReader::new(query.stdout.take().unwrap()).lines();
    assert_eq!(lines.nth(1).unwrap().unwrap(), "1");
    // The last connection that closes writes into the file itself.
    desk.sql("register.db", "DELETE FROM permit");
    assert_eq!(lines.count(), 299_999);
    let output = query.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(10));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: another program is changing `register.db`\nhint: wait for it, or stop it, and try again\n"
    );
}

/// `/dev/full` takes nothing, and a result that nobody got is not a success.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let desk = Desk::new();
    desk.sql("other.db", "CREATE TABLE t (a)");
    for args in [
        &["query", "register.db", "SELECT 1"][..],
        &["diff", "register.db", "other.db"],
    ] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = command(desk.folder.path(), args)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(10), "{args:?}");
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "error: could not write to standard output: No space left on device (os error 28)\n"
        );
    }
    // Whoever closes the pipe has seen enough, and databases that differ still differ.
    let mut child = command(desk.folder.path(), &["diff", "register.db", "other.db"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut text = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(!text.contains("error"), "{text}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
