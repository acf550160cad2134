//! `fractalaw data diff`, with the real program and real files.

use crate::data_desk::Desk;

#[test]
fn differences_come_by_table_in_the_order_of_keys() {
    let desk = Desk::new();
    desk.copy("register.db", "new.db");
    desk.sql(
        "new.db",
        "DELETE FROM permit WHERE id = 1;
         UPDATE permit SET site = 'east side' WHERE id = 2;
         INSERT INTO permit VALUES (3, 'south', NULL, x'01');
         UPDATE holder SET score = 1 WHERE name = 'Ünal';
         INSERT INTO holder (name) VALUES ('Abel');
         CREATE INDEX by_site ON permit (site);
         CREATE TABLE added (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID;
         INSERT INTO added VALUES (2, 1), (1, 2)",
    );
    desk.check(
        &["diff", "register.db", "new.db"],
        1,
        "change  name     key    column  before               after\n\
         create  by_site  NULL   NULL    NULL                 CREATE INDEX by_site ON permit (site)\n\
         create  added    NULL   NULL    NULL                 CREATE TABLE added (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID\n\
         insert  added    [1,2]  a       NULL                 2\n\
         insert  added    [1,2]  b       NULL                 1\n\
         insert  added    [2,1]  a       NULL                 1\n\
         insert  added    [2,1]  b       NULL                 2\n\
         insert  holder   Abel   name    NULL                 Abel\n\
         insert  holder   Abel   score   NULL                 NULL\n\
         insert  holder   Abel   logo    NULL                 NULL\n\
         update  holder   Ünal   score   NULL                 1.0\n\
         delete  permit   1      id      1                    NULL\n\
         delete  permit   1      site    north                NULL\n\
         delete  permit   1      holder  Harrow, Dale & Sons  NULL\n\
         delete  permit   1      note    NULL                 NULL\n\
         update  permit   2      site    east                 east side\n\
         insert  permit   3      id      NULL                 3\n\
         insert  permit   3      site    NULL                 south\n\
         insert  permit   3      holder  NULL                 NULL\n\
         insert  permit   3      note    NULL                 x'01'\n",
        "added: 2 rows inserted\n\
         holder: 1 row inserted, 1 updated\n\
         permit: 1 row inserted, 1 updated, 1 deleted\n",
    );
    let json = desk.run(&["diff", "new.db", "register.db", "--json"]);
    assert_eq!(json.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(json.stdout)
            .unwrap()
            .lines()
            .nth(7)
            .unwrap(),
        "{\"kind\":\"update\",\"table\":\"permit\",\"key\":2,\"before\":{\"id\":2,\"site\":\"east \
         side\",\"holder\":\"Ünal\",\"note\":\"\"},\"after\":{\"id\":2,\"site\":\"east\",\"holder\":\"Ünal\",\"note\":\"\"}}"
    );
    desk.check(
        &["diff", "register.db", "none.db"],
        2,
        "",
        "error: there is no database `none.db`\nhint: give the path of a file, or make it with `fractalaw data import FILE \
         SCHEMA.sql`\n",
    );
}

/// Each pair of databases, and what differs.
#[test]
fn tables_of_every_kind_are_compared() {
    for (old, new, differences) in [
        // A type is a difference, and so is a zero that is an integer.
        (
            "CREATE TABLE t (a); INSERT INTO t VALUES (1), (0)",
            "CREATE TABLE t (a); INSERT INTO t VALUES ('1'), (0.0)",
            "update,t,1,a,1,\"1\"\nupdate,t,2,a,0,0.0\n",
        ),
        // A row is found by its primary key and not by its place.
        (
            "CREATE TABLE t (a TEXT PRIMARY KEY, b); INSERT INTO t VALUES ('x', 1), ('y', 2)",
            "CREATE TABLE t (a TEXT PRIMARY KEY, b); INSERT INTO t VALUES ('y', 2), ('x', 1)",
            "",
        ),
        // Upper and lower case are different values, whatever the column's order says.
        (
            "CREATE TABLE t (a TEXT PRIMARY KEY COLLATE NOCASE); INSERT INTO t VALUES ('b'), ('a'), ('C')",
            "CREATE TABLE t (a TEXT PRIMARY KEY COLLATE NOCASE); INSERT INTO t VALUES ('B'), ('a'), ('C')",
            "insert,t,B,a,,B\ndelete,t,b,a,b,\n",
        ),
        // Keys may be null, and integers may be beyond what a real holds.
        (
            "CREATE TABLE t (a PRIMARY KEY, b); INSERT INTO t VALUES (NULL, 1), (NULL, 2), (9007199254740993, 0), (9007199254740992.0, 0)",
            "CREATE TABLE t (a PRIMARY KEY, b); INSERT INTO t VALUES (9007199254740992.0, 0), (NULL, 1), (9007199254740993, 1)",
            "delete,t,,a,,\ndelete,t,,b,2,\nupdate,t,9007199254740993,b,0,1\n",
        ),
        // A column that is added is null before.
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)",
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, NULL), (2, 'x')",
            "alter,t,,,CREATE TABLE t (a INTEGER PRIMARY KEY),\"CREATE TABLE t (a INTEGER PRIMARY KEY, b)\"\nupdate,t,2,b,,x\n",
        ),
        // Another key: the rows are others.
        (
            "CREATE TABLE t (a PRIMARY KEY, b); INSERT INTO t VALUES (1, 2)",
            "CREATE TABLE t (a, b PRIMARY KEY); INSERT INTO t VALUES (1, 2)",
            "alter,t,,,\"CREATE TABLE t (a PRIMARY KEY, b)\",\"CREATE TABLE t (a, b PRIMARY KEY)\"\n\
             delete,t,1,a,1,\ndelete,t,1,b,2,\ninsert,t,2,a,,1\ninsert,t,2,b,,2\n",
        ),
        // Full text by its own columns, and nothing that is computed from the rest.
        (
            "CREATE VIRTUAL TABLE t USING fts5(a); INSERT INTO t VALUES ('one'), ('two');
             CREATE TABLE g (a, b AS (a + 1) STORED); INSERT INTO g VALUES (1); CREATE VIEW v AS SELECT a FROM g",
            "CREATE VIRTUAL TABLE t USING fts5(a); INSERT INTO t VALUES ('one'), ('three'); INSERT INTO t(t) VALUES ('optimize');
             CREATE TABLE g (a, b AS (a + 1) STORED); INSERT INTO g VALUES (2); CREATE VIEW v AS SELECT a FROM g",
            "update,g,1,a,1,2\nupdate,t,2,a,two,three\n",
        ),
        // Names that must be quoted.
        (
            "CREATE TABLE \"a \"\"b\" (\"c d\" INTEGER PRIMARY KEY, \"select\"); INSERT INTO \"a \"\"b\" VALUES (1, 1)",
            "CREATE TABLE \"a \"\"b\" (\"c d\" INTEGER PRIMARY KEY, \"select\")",
            "delete,\"a \"\"b\",1,c d,1,\ndelete,\"a \"\"b\",1,select,1,\n",
        ),
        ("", "", ""),
    ] {
        let desk = Desk::empty();
        desk.sql("old.db", old);
        desk.sql("new.db", new);
        let output = desk.run(&["diff", "old.db", "new.db", "--csv"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let header = "change,name,key,column,before,after\n";
        assert_eq!(text.strip_prefix(header), Some(differences), "{new}");
        let code = i32::from(!differences.is_empty());
        assert_eq!(output.status.code(), Some(code), "{new}");
    }
}

#[test]
fn a_table_of_differences_is_obeyed_by_no_terminal() {
    let desk = Desk::empty();
    desk.sql("old.db", "CREATE TABLE t (a)");
    desk.copy("old.db", "new.db");
    desk.check(&["diff", "old.db", "new.db"], 0, "", "");
    desk.sql(
        "new.db",
        "INSERT INTO t VALUES ('x' || char(27, 0x9b, 0x202e) || '[2J'), (printf('%.61c', 'y'))",
    );
    desk.check(
        &["diff", "old.db", "new.db"],
        1,
        "change  name  key  column  before  after\n\
         insert  t     1    a       NULL    \"x\\u001b\\u009b\\u202e[2J\"\n\
         insert  t     2    a       NULL    yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…\n",
        "t: 2 rows inserted\nhint: values that end in `…` are cut; `--json` and `--csv` print them whole\n",
    );
}

/// SQLite sorts text by the bytes that are stored, which are those of UTF-16 in some databases.
#[test]
fn databases_are_compared_whatever_the_encoding_of_their_text() {
    let desk = Desk::empty();
    let names = ["a", "aé", "b", "ÿ", "Ā", "中", "\u{ffff}", "😀"];
    let rows: Vec<String> = names.iter().map(|name| format!("('{name}')")).collect();
    for (file, encoding) in [
        ("8.db", "UTF-8"),
        ("le.db", "UTF-16le"),
        ("be.db", "UTF-16be"),
    ] {
        desk.sql(
            file,
            &format!(
                "PRAGMA encoding = '{encoding}'; CREATE TABLE t (name TEXT PRIMARY KEY); INSERT INTO t VALUES {}",
                rows.join(", ")
            ),
        );
        let last = format!("last-{file}");
        desk.copy(file, &last);
        desk.sql(&last, "DELETE FROM t WHERE name IN ('Ā', '😀')");
    }
    for one in ["8.db", "le.db", "be.db"] {
        for two in ["8.db", "le.db", "be.db"] {
            desk.check(&["diff", one, two], 0, "", "");
            desk.check(
                &["diff", one, &format!("last-{two}")],
                1,
                "change  name  key  column  before  after\n\
                 delete  t     Ā    name    Ā       NULL\n\
                 delete  t     😀   name    😀      NULL\n",
                "t: 2 rows deleted\n",
            );
        }
    }
}
