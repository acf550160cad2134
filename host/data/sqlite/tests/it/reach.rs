//! Views, triggers and virtual tables reach no further than the grants, however they were written.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array};

use crate::tables::{grants, rows, run, store, told};
use crate::types::stream;

const BEYOND: &str = "2: the statement reaches for something that does not exist or was not granted, through a trigger, a \
                      foreign key, an index or a virtual table";

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
            assert_eq!(inserted, BEYOND, "{select}");
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

/// What a trigger or a foreign key names and does not exist, and what is not granted, look the same to a guest. The operator is told.
#[test]
fn a_guest_does_not_learn_the_names_in_a_trigger_or_a_foreign_key() {
    for (column, trigger, why) in [
        (
            "",
            "INSERT INTO secret VALUES (1)",
            "changes `secret`, which is not granted\nhint: add `secret` to `data.write`, or take the other out of the grants",
        ),
        (
            "",
            "INSERT INTO gone VALUES (1)",
            "no such table: main.gone",
        ),
        (
            "",
            "INSERT INTO told SELECT gone FROM secret",
            "no such column: gone",
        ),
        (
            "",
            "INSERT INTO told SELECT gone(1)",
            "no such function: gone",
        ),
        (
            "",
            "INSERT INTO told VALUES (1, 2)",
            "table told has 1 columns but 2 values were supplied",
        ),
        (
            "",
            "INSERT INTO told (gone) VALUES (1)",
            "table told has no column named gone",
        ),
        (
            "DEFAULT 1 REFERENCES gone(id)",
            "SELECT 1",
            "no such table: main.gone",
        ),
        (
            "DEFAULT 1 REFERENCES secret(word)",
            "SELECT 1",
            "foreign key mismatch - \"plain\" referencing \"secret\"",
        ),
    ] {
        let store = store(&format!(
            "CREATE TABLE secret (word TEXT); CREATE TABLE told (n);
             CREATE TABLE plain (id INTEGER PRIMARY KEY, other INTEGER {column});
             CREATE TRIGGER tell AFTER INSERT ON plain BEGIN {trigger}; END;"
        ));
        let mut run = run(&store, &["plain", "told"], &["plain", "told"]);
        let id: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        for inserted in [
            run.execute("INSERT INTO plain (id) VALUES (1)"),
            run.execute("INSERT INTO plain (id) VALUES (1) -- gone secret"),
            run.insert("plain", &stream(&[("id", id)])),
        ] {
            assert_eq!(told(inserted), BEYOND, "{column} {trigger}");
        }
        let read = run.query("SELECT count(*) FROM plain").unwrap();
        assert_eq!(rows(&read), "0");
        let problems = store
            .check(&grants(&["plain", "told"], &["plain", "told"]))
            .unwrap();
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let who = "`plain` cannot be changed: a trigger or a foreign key of it";
        let told = match why.contains("hint: ") {
            true => format!("{who} {why}"),
            false => format!("{who} does not compile: {why}\nhint: make what it needs, or drop it"),
        };
        assert_eq!(problems, [told], "{column} {trigger}");
    }
}

/// Where the database's table differs from the one that a guest sees, the guest is told what it can do.
#[test]
fn what_a_guest_may_know_of_its_tables_is_told() {
    let store = store(
        "CREATE TABLE g (x INTEGER, double INTEGER AS (x * 2));
         CREATE TRIGGER says AFTER UPDATE ON g BEGIN SELECT 1; END",
    );
    let mut run = run(&store, &["g"], &["g"]);
    let computed = "2: a column that is computed from others cannot be set\nhint: name the columns that get values, without this one";
    for sql in [
        "INSERT INTO g (x, double) VALUES (1, 2)",
        "INSERT INTO g VALUES (1, 2)",
        "UPDATE g SET double = 2",
    ] {
        assert_eq!(told(run.execute(sql)), computed, "{sql}");
    }
    assert_eq!(run.execute("INSERT INTO g (x) VALUES (1)"), Ok(1));
    for sql in [
        "INSERT INTO g (x) VALUES (\"one\")",
        "UPDATE g SET x = \"one\"",
    ] {
        assert_eq!(
            told(run.execute(sql)),
            "3: no such column: `one`\nhint: write text between single quotes",
            "{sql}"
        );
    }
}

/// `insert` names a table too.
#[test]
fn insert_finds_no_table_that_was_not_granted() {
    let store = store(
        "CREATE TABLE secret (word INTEGER); CREATE TABLE plain (word INTEGER);
         CREATE VIEW words AS SELECT word FROM secret; CREATE VIRTUAL TABLE docs USING fts5(word)",
    );
    let mut run = run(&store, &["plain"], &["plain"]);
    let word: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let rows = stream(&[("word", word)]);
    let other: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    for bytes in [&rows, &stream(&[("other", other)]), &b"no stream".to_vec()] {
        for hidden in [
            "secret",
            "Secret",
            "words",
            "docs",
            "docs_content",
            "gone",
            "sqlite_schema",
        ] {
            assert_eq!(
                told(run.insert(hidden, bytes)),
                format!("3: no such table: `{}`", hidden.to_lowercase())
            );
        }
    }
    assert_eq!(run.insert("plain", &rows), Ok(1));
}
