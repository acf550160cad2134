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
        "create by_site — index \"CREATE INDEX by_site ON permit (site)\"\n\
         create added — table \"CREATE TABLE added (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID\"\n\
         insert added — a 2, b 1\n\
         insert added — a 1, b 2\n\
         insert holder — name \"Abel\", score null, logo null\n\
         update holder — key [\"Ünal\"], score {\"after\":{\"real\":\"1.0\"},\"before\":null}\n\
         delete permit — id 1, site \"north\", holder \"Harrow, Dale & Sons\", note null\n\
         update permit — key 2, site {\"after\":\"east side\",\"before\":\"east\"}\n\
         insert permit — id 3, site \"south\", holder null, note {\"blob\":\"01\"}\n",
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
            "update t — key 1, a {\"after\":\"1\",\"before\":1}\n\
             update t — key 2, a {\"after\":{\"real\":\"0.0\"},\"before\":0}\n",
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
            "insert t — a \"B\"\ndelete t — a \"b\"\n",
        ),
        // Keys may be null, and integers may be beyond what a real holds.
        (
            "CREATE TABLE t (a PRIMARY KEY, b); INSERT INTO t VALUES (NULL, 1), (NULL, 2), (9007199254740993, 0), (9007199254740992.0, 0)",
            "CREATE TABLE t (a PRIMARY KEY, b); INSERT INTO t VALUES (9007199254740992.0, 0), (NULL, 1), (9007199254740993, 1)",
            "delete t — a null, b 2\n\
             update t — key [{\"integer\":\"9007199254740993\"}], b {\"after\":1,\"before\":0}\n",
        ),
        // A column that is added is null before.
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)",
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, NULL), (2, 'x')",
            "alter t — table {\"after\":\"CREATE TABLE t (a INTEGER PRIMARY KEY, b)\",\"before\":\"CREATE TABLE t (a INTEGER PRIMARY KEY)\"}\n\
             update t — key 2, b {\"after\":\"x\",\"before\":null}\n",
        ),
        // Another key: the rows are others.
        (
            "CREATE TABLE t (a PRIMARY KEY, b); INSERT INTO t VALUES (1, 2)",
            "CREATE TABLE t (a, b PRIMARY KEY); INSERT INTO t VALUES (1, 2)",
            "alter t — table {\"after\":\"CREATE TABLE t (a, b PRIMARY KEY)\",\"before\":\"CREATE TABLE t (a PRIMARY KEY, b)\"}\n\
             delete t — a 1, b 2\n\
             insert t — a 1, b 2\n",
        ),
        // Full text by its own columns, and nothing that is computed from the rest.
        (
            "CREATE VIRTUAL TABLE t USING fts5(a); INSERT INTO t VALUES ('one'), ('two');
             CREATE TABLE g (a, b AS (a + 1) STORED); INSERT INTO g VALUES (1); CREATE VIEW v AS SELECT a FROM g",
            "CREATE VIRTUAL TABLE t USING fts5(a); INSERT INTO t VALUES ('one'), ('three'); INSERT INTO t(t) VALUES ('optimize');
             CREATE TABLE g (a, b AS (a + 1) STORED); INSERT INTO g VALUES (2); CREATE VIEW v AS SELECT a FROM g",
            "update g — key 1, a {\"after\":2,\"before\":1}\n\
             update t — key 2, a {\"after\":\"three\",\"before\":\"two\"}\n",
        ),
        // Names that must be quoted.
        (
            "CREATE TABLE \"a \"\"b\" (\"c d\" INTEGER PRIMARY KEY, \"select\"); INSERT INTO \"a \"\"b\" VALUES (1, 1)",
            "CREATE TABLE \"a \"\"b\" (\"c d\" INTEGER PRIMARY KEY, \"select\")",
            "delete \"a \\\"b\" — \"c d\" 1, select 1\n",
        ),
        // Terminals obey nothing.
        (
            "CREATE TABLE t (a)",
            "CREATE TABLE t (a); INSERT INTO t VALUES ('x' || char(27, 0x9b, 0x202e) || '[2J')",
            "insert t — a \"x\\u001b\\u009b\\u202e[2J\"\n",
        ),
        ("", "", ""),
    ] {
        let desk = Desk::empty();
        desk.sql("old.db", old);
        desk.sql("new.db", new);
        let output = desk.run(&["diff", "old.db", "new.db"]);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), differences, "{new}");
        let code = i32::from(!differences.is_empty());
        assert_eq!(output.status.code(), Some(code), "{new}");
    }
}
