//! `fractalaw data import`, with the real program and real files.

use std::process::{Command, Stdio};

use fractalaw_host::terminal::is_unsafe;

use crate::data_desk::{Desk, SCHEMA};

#[test]
fn a_database_is_filled_from_all_files_or_from_none() {
    let desk = Desk::empty();
    desk.write("schema.sql", SCHEMA);
    desk.write(
        "holder.csv",
        "name,score\n\"Harrow, Dale & Sons\",0.5\nÜnal,\n",
    );
    // The holder comes after the permit: what counts is that it is there in the end.
    desk.write(
        "permit.jsonl",
        "{\"id\": 1, \"site\": \"north\", \"holder\": \"Ünal\"}\n{\"id\": 2, \"site\": \"east\"}\n",
    );
    desk.write(
        "more.sql",
        "BEGIN; UPDATE permit SET note = 'x'; DELETE FROM permit WHERE id = 2; COMMIT;",
    );
    let import = [
        "import",
        "register.db",
        "schema.sql",
        "permit.jsonl",
        "holder.csv",
    ];
    desk.check(
        &[&import[..], &["more.sql"]].concat(),
        0,
        "table   inserted  updated  deleted\n\
         holder         2        0        0\n\
         permit         2        2        1\n",
        "",
    );
    desk.check(
        &["query", "register.db", "SELECT * FROM permit", "--csv"],
        0,
        "id,site,holder,note\n1,north,Ünal,x\n",
        "",
    );
    desk.write("rows.csv", "id,site\n7,south\n");
    let rows = ["import", "register.db", "rows.csv", "--table", "permit"];
    desk.check(
        &[&rows[..], &["--csv"]].concat(),
        0,
        "table,inserted,updated,deleted\npermit,1,0,0\n",
        "",
    );
    desk.write("rows.csv", "id,site\n18,west\n19,west\n");
    desk.check(
        &[&rows[..], &["--json"]].concat(),
        0,
        "{\"table\":\"permit\",\"inserted\":2,\"updated\":0,\"deleted\":0}\n",
        "",
    );
    desk.write("again.csv", "id,site\n8,west\n9,north\n");
    desk.write(
        "less.sql",
        "DELETE FROM permit WHERE id = 7; UPDATE holder SET score = 1",
    );
    let as_json = [
        "import",
        "register.db",
        "again.csv",
        "less.sql",
        "--table",
        "permit",
        "--json",
    ];
    desk.check(
        &as_json,
        0,
        "{\"table\":\"holder\",\"inserted\":0,\"updated\":2,\"deleted\":0}\n\
         {\"table\":\"permit\",\"inserted\":2,\"updated\":0,\"deleted\":1}\n",
        "",
    );
    desk.write("nothing.sql", "SELECT 1; -- and no more");
    desk.check(
        &["import", "register.db", "nothing.sql"],
        0,
        "",
        "no rows were changed\n",
    );
    desk.check(
        &["import", "register.db", "nothing.sql", "--csv"],
        0,
        "table,inserted,updated,deleted\n",
        "no rows were changed\n",
    );
}

#[test]
fn a_file_that_cannot_be_imported_leaves_everything_as_it_was() {
    let desk = Desk::new();
    desk.write("good.sql", "INSERT INTO holder (name) VALUES ('new')");
    desk.write(
        "bad.sql",
        "INSERT INTO permit (site) VALUES ('x');\n\nINSERT INTO permits VALUES (1);",
    );
    desk.write("twice.sql", "INSERT INTO permit VALUES (99, 'x', NULL, NULL);\nINSERT INTO permit VALUES (99, 'x', NULL, NULL)");
    desk.write("ends.sql", "DELETE FROM permit; ROLLBACK;");
    desk.write("permit.csv", "id,site\n8,here\n9\n");
    desk.write(
        "permit.jsonl",
        "{\"id\": 8, \"site\": \"here\"}\n{\"id\": 9, \"site\": null}\n",
    );
    desk.write(
        "orphan.sql",
        "INSERT INTO permit VALUES (8, 'here', 'nobody', NULL)",
    );
    desk.write("holder.csv", b"name,score\n8,\xe9\n");
    desk.write("notes.txt", "");
    desk.copy("register.db", "before.db");
    for (source, code, stderr) in [
        (
            "bad.sql",
            2,
            "error: `bad.sql`, line 3: no such table: permits\n",
        ),
        (
            "twice.sql",
            2,
            "error: `twice.sql`, line 2: UNIQUE constraint failed: permit.id\n",
        ),
        (
            "ends.sql",
            2,
            "error: `ends.sql` rolls back, and everything that is imported takes effect together\n",
        ),
        (
            "permit.csv",
            2,
            "error: `permit.csv`, line 3: 1 fields, expected 2\n",
        ),
        (
            "permit.jsonl",
            2,
            "error: `permit.jsonl`, line 2: NOT NULL constraint failed: permit.site\n",
        ),
        (
            "orphan.sql",
            2,
            "error: row 8 of `permit` points to a row of `holder` that does not exist\nhint: import the other table's rows \
             in the same command\n",
        ),
        (
            "holder.csv",
            2,
            "error: cannot read `holder.csv`: stream did not contain valid UTF-8\n",
        ),
        (
            "none.csv",
            2,
            "error: cannot read `none.csv`: No such file or directory (os error 2)\n",
        ),
        (
            "notes.txt",
            2,
            "error: `notes.txt` is no file of data\nhint: call it `….sql`, `TABLE.csv` or `TABLE.jsonl`\n",
        ),
    ] {
        desk.check(
            &["import", "register.db", "good.sql", source],
            code,
            "",
            stderr,
        );
        desk.check(&["diff", "before.db", "register.db"], 0, "", "");
        // A database that was not there is not there afterwards.
        let files = desk.files();
        let made = desk.run(&["import", "made.db", source]);
        assert!(!made.status.success(), "{source}");
        assert_eq!(desk.files(), files, "{source}");
    }
}

/// What `query --json` prints comes back as it was, whatever the values are.
#[test]
fn rows_go_out_and_come_back_as_they_were() {
    let desk = Desk::empty();
    let schema = "CREATE TABLE t (id INTEGER PRIMARY KEY, a);";
    let values = "INSERT INTO t (a) VALUES (NULL), (1), (1.0), (-0.5), (9223372036854775807), (9e999), ('1'), (''), (x''),
                  (x'00ff'), ('{\"blob\":\"00\"}'), ('a' || char(10, 27, 0x202e) || '\"\\'), ('[1]'), (1e300), (-9e999),
                  (CAST(x'ff' AS TEXT)), (CAST(x'00' AS TEXT)), (0.1 + 0.2), (5e-324), (1.7976931348623157e308), (-9007199254740993),
                  (9007199254740992), (-9223372036854775807 - 1), ('{\"real\": \"inf\"}'), (2.2250738585072014e-308), (1.0e15 / 3)";
    desk.sql("old.db", schema);
    desk.sql("old.db", values);
    desk.write("schema.sql", schema);
    let rows = desk
        .run(&["query", "old.db", "SELECT * FROM t", "--json"])
        .stdout;
    assert!(
        !std::str::from_utf8(&rows)
            .unwrap()
            .replace('\n', "")
            .contains(is_unsafe)
    );
    desk.write("t.jsonl", rows);
    desk.check(
        &["import", "new.db", "schema.sql", "t.jsonl", "--csv"],
        0,
        "table,inserted,updated,deleted\nt,26,0,0\n",
        "",
    );
    desk.check(&["diff", "old.db", "new.db"], 0, "", "");
}

#[test]
fn what_is_unsettled_is_said_and_nothing_is_written_over_it() {
    let desk = Desk::new();
    desk.write("register.db-pending", "a record");
    desk.write("more.sql", "DELETE FROM permit");
    let warning = "warning: a run waits to be settled in `register.db`, and what it changed is not shown\nhint: a host that \
                   is running settles it by itself; after a crash, start that host again, with its ledger\n";
    desk.check(
        &["query", "register.db", "SELECT count(*) AS n FROM permit"],
        0,
        "n\n3\n",
        &format!("{warning}1 row\n"),
    );
    desk.copy("register.db", "copy.db");
    desk.check(&["diff", "copy.db", "register.db"], 0, "", warning);
    desk.check(
        &["import", "register.db", "more.sql"],
        10,
        "",
        "error: a run waits to be settled in `register.db`, so nothing may be changed there\nhint: start the host again that \
         made the run, with its ledger: it settles the run\n",
    );
}

#[test]
fn large_tables_are_streamed() {
    let desk = Desk::empty();
    let fill = |name: &str, last: i64| {
        desk.sql(
            name,
            &format!(
                "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {last})
                 INSERT INTO t SELECT i, printf('%0200d', i) FROM n"
            ),
        );
    };
    fill("old.db", 200_000);
    fill("new.db", 200_001);
    let limited = |args: &[&str]| {
        // 40 MB of rows, and 64 MiB for everything that the program takes.
        let line = "ulimit -v 200000; exec \"$0\" data \"$@\"";
        Command::new("sh")
            .args(["-c", line, env!("CARGO_BIN_EXE_fractalaw")])
            .args(args)
            .current_dir(desk.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let output = limited(&["diff", "old.db", "new.db", "--csv"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        text,
        format!(
            "change,name,key,column,before,after\ninsert,t,200001,a,,200001\ninsert,t,200001,b,,\"{:0200}\"\n",
            200_001
        )
    );
    let rows = limited(&["query", "new.db", "SELECT * FROM t", "--json"]).stdout;
    assert_eq!(rows.iter().filter(|byte| **byte == b'\n').count(), 200_001);
    desk.write("t.jsonl", rows);
    desk.sql("copy.db", "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)");
    let output = limited(&["import", "copy.db", "t.jsonl", "--csv"]);
    assert_eq!(
        output.stdout,
        b"table,inserted,updated,deleted\nt,200001,0,0\n"
    );
    desk.check(&["diff", "copy.db", "new.db"], 0, "", "");
}
