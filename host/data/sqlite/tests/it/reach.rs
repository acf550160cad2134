//! Views, triggers and virtual tables reach no further than the grants, however they were written.

use crate::tables::{grants, rows, run, store, told};

/// SQLite does not say which view or trigger reads a table that is within a subquery.
#[test]
fn what_is_deep_in_a_view_or_a_trigger_is_not_reached() {
    for select in [
        "SELECT n FROM (SELECT count(*) AS n FROM secret)",
        "SELECT n FROM (SELECT n FROM (SELECT count(*) AS n FROM secret) AS plain)",
        "SELECT 1 AS n FROM secret",
        "SELECT 1 AS n FROM (SELECT 1 FROM secret)",
        "SELECT EXISTS (SELECT 1 FROM (SELECT 1 FROM secret)) AS n",
        "WITH x AS (SELECT count(*) AS n FROM secret) SELECT n FROM x",
    ] {
        let make_trigger = match select.starts_with("WITH") {
            // SQLite takes no such expression at the start of a trigger's statement.
            true => String::new(),
            false => format!(
                "CREATE TRIGGER tell AFTER INSERT ON plain BEGIN INSERT INTO told {select}; END;"
            ),
        };
        let store = store(&format!(
            "CREATE TABLE secret (id INTEGER PRIMARY KEY); INSERT INTO secret VALUES (1), (2);
             CREATE TABLE plain (id INTEGER PRIMARY KEY); CREATE TABLE told (n);
             CREATE VIEW deep AS {select}; {make_trigger}"
        ));
        let problems = store
            .check(&grants(&["deep", "told"], &["plain", "told"]))
            .unwrap();
        let mut expected = vec![
            "the view `deep` reads `secret`, which is not granted\nhint: add `secret` to `data.read`, or take the other out of the grants",
        ];
        if !make_trigger.is_empty() {
            expected.push(
                "`plain` cannot be changed: a trigger or a foreign key of it reads `secret`, which is not granted\nhint: add `secret` to `data.read`, or take the other out of the grants",
            );
        }
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected, "{select}");
        let mut run = run(&store, &["deep", "told"], &["plain", "told"]);
        assert_eq!(
            told(run.query("SELECT n FROM deep")),
            "3: no such table: `deep`",
            "{select}"
        );
        let inserted = told(run.execute("INSERT INTO plain VALUES (1)"));
        if !make_trigger.is_empty() {
            assert_eq!(
                inserted,
                "2: the statement reaches for something that was not granted, through a trigger, a foreign key or a virtual table",
                "{select}"
            );
        }
    }
}

/// SQLite keeps the text that made a virtual table as it was written.
#[test]
fn a_virtual_table_is_known_however_it_was_made() {
    for made in [
        "\"say using x\"\nUSING fts5(body)",
        "docs USING\n\tFTS5 (body)",
        "docs /* using */ using\"fts5\"(body)",
        "docs USING -- rtree\n[fts5](body)",
    ] {
        let store = store(&format!("CREATE VIRTUAL TABLE {made}"));
        let name = if made.starts_with('"') {
            "\"say using x\""
        } else {
            "docs"
        };
        let mut run = run(&store, &["*"], &["*"]);
        let inserted = run.execute(&format!("INSERT INTO {name} VALUES ('a permit')"));
        assert_eq!(inserted, Ok(1), "{made}");
        let found = run.query(&format!("SELECT body FROM {name}('permit')"));
        assert_eq!(rows(&found.unwrap()), "a permit", "{made}");
    }
}

/// Databases keep views of tables that are long gone.
#[test]
fn a_view_that_nobody_can_use_is_in_nobodys_way() {
    let store = store(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);
         CREATE VIEW stale AS SELECT * FROM gone; CREATE VIEW calls AS SELECT gone(1) AS x;
         CREATE VIEW round AS SELECT id FROM about; CREATE VIEW about AS SELECT id FROM round",
    );
    let mut run = run(&store, &["*"], &["*"]);
    assert_eq!(run.execute("INSERT INTO t VALUES (2)"), Ok(1));
    let read = run.query("SELECT count(*) FROM t").unwrap();
    assert_eq!(rows(&read), "2");
    for view in ["stale", "calls", "round", "about"] {
        assert_eq!(
            told(run.query(&format!("SELECT * FROM {view}"))),
            format!("3: no such table: `{view}`")
        );
    }
}
