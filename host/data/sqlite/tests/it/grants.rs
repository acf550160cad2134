//! What was not granted does not exist, whichever way a guest looks for it.

use crate::tables::{rows, run, store, table, told};

const SET_UP: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, salary INTEGER NOT NULL DEFAULT 1, note TEXT);
CREATE TABLE secret (id INTEGER PRIMARY KEY, word TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id));
CREATE TABLE watched (id INTEGER PRIMARY KEY);
CREATE TRIGGER watch AFTER INSERT ON watched BEGIN INSERT INTO secret (word) VALUES ('seen'); END;
CREATE TABLE noted (id INTEGER PRIMARY KEY);
CREATE TRIGGER note AFTER INSERT ON noted BEGIN INSERT INTO plain (word) SELECT note FROM people; END;
CREATE TABLE owned (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES secret(id));
CREATE VIEW names AS SELECT name FROM people;
CREATE VIEW rich AS SELECT name, salary FROM people;
CREATE VIEW words_of AS SELECT word FROM secret;
CREATE VIEW many AS SELECT (SELECT count(*) FROM secret) AS n;
CREATE VIEW over AS SELECT * FROM words_of;
CREATE TABLE plain (id INTEGER PRIMARY KEY, word TEXT);
CREATE VIRTUAL TABLE docs USING fts5(body);
CREATE VIRTUAL TABLE hidden_docs USING fts5(body);
INSERT INTO people VALUES (1, 'ann', 100, 'x'), (2, 'bob', 200, 'y');
INSERT INTO secret VALUES (1, 'swordfish');
INSERT INTO plain VALUES (1, 'plain');
INSERT INTO docs VALUES ('the permit holder');
INSERT INTO hidden_docs VALUES ('the password');
ANALYZE;
";

const READ: &[&str] = &[
    "people.id",
    "people.name",
    "names",
    "rich",
    "words_of",
    "many",
    "over",
    "plain",
    "docs",
    "orders",
];
const WRITE: &[&str] = &[
    "people.name",
    "watched",
    "noted",
    "owned",
    "orders",
    "plain",
    "docs",
];

/// A table that is not granted and a table that does not exist look the same, however they are asked for: the
/// same code, and the same message except for the name.
#[test]
fn a_table_that_is_not_granted_is_as_one_that_is_not_there() {
    let store = store(SET_UP);
    let mut run = run(&store, READ, WRITE);
    for pattern in [
        "SELECT * FROM {}",
        "SELECT * FROM main.{}",
        "SELECT * FROM \"{}\"",
        "SELECT count(*) FROM {}",
        "SELECT nothing FROM {}",
        "SELECT rowid FROM {}",
        "SELECT 1 FROM plain WHERE EXISTS (SELECT 1 FROM {})",
        "SELECT 1 FROM plain JOIN {} USING (id)",
        "WITH x AS (SELECT * FROM {}) SELECT 1",
        "WITH {} AS (SELECT 1 AS a) SELECT a FROM {}",
        "WITH {} AS (SELECT 1) SELECT count(*) FROM {}",
        "SELECT * FROM plain AS {}",
        "SELECT word FROM plain ORDER BY (SELECT 1 FROM {})",
        "SELECT sql FROM sqlite_schema WHERE name = '{}'",
        "SELECT sql FROM sqlite_master WHERE tbl_name = '{}'",
        "SELECT name FROM pragma_table_info('{}')",
        "SELECT \"table\" FROM pragma_foreign_key_list('{}')",
        "SELECT name FROM pragma_table_list WHERE name = '{}'",
        "PRAGMA table_info({})",
        "PRAGMA table_xinfo({})",
        "PRAGMA index_list({})",
        "PRAGMA foreign_key_list({})",
    ] {
        for hidden in [
            "secret",
            "SECRET",
            "words_of",
            "many",
            "over",
            "hidden_docs",
            "hidden_docs_content",
            "sqlite_stat1",
            "watch",
        ] {
            let answer = |name: &str| {
                let sql = pattern.replace("{}", name);
                let told = told(run.query(&sql).map(|stream| table(&stream)));
                told.replace(&name.to_lowercase(), "?").replace(name, "?")
            };
            let mut answer = answer;
            let absent = if hidden.starts_with("sqlite_") {
                "sqlite_none"
            } else {
                "no_table"
            };
            let (there, not_there) = (answer(hidden), answer(absent));
            assert_eq!(there, not_there, "{pattern} {hidden}");
        }
    }
    for pattern in [
        "INSERT INTO {} VALUES (1, 2)",
        "INSERT INTO {} (nothing) VALUES (1)",
        "INSERT INTO plain SELECT * FROM {}",
        "UPDATE {} SET word = 1",
        "UPDATE plain SET word = (SELECT word FROM {})",
        "UPDATE plain SET word = 1 FROM {}",
        "DELETE FROM {}",
        "DELETE FROM plain WHERE id IN {}",
        "REPLACE INTO {} VALUES (1, 2)",
    ] {
        for hidden in ["secret", "Secret", "words_of", "hidden_docs_data"] {
            let mut answer = |name: &str| {
                told(run.execute(&pattern.replace("{}", name)))
                    .replace(&name.to_lowercase(), "?")
                    .replace(name, "?")
            };
            let (there, not_there) = (answer(hidden), answer("no_table"));
            assert_eq!(there, not_there, "{pattern} {hidden}");
        }
    }
}

#[test]
fn a_column_that_is_not_granted_is_as_one_that_is_not_there() {
    let store = store(SET_UP);
    let mut run = run(&store, READ, WRITE);
    for pattern in [
        "SELECT {} FROM people",
        "SELECT p.{} FROM people p",
        "SELECT name FROM people WHERE {} > 1",
        "SELECT name FROM people ORDER BY {}",
        "SELECT (SELECT {}) FROM people",
        "SELECT count({}) FROM people",
        "SELECT 1 FROM people GROUP BY {}",
        "SELECT name FROM pragma_table_info('people') WHERE name = '{}'",
    ] {
        let mut answer =
            |name: &str| told(run.query(&pattern.replace("{}", name))).replace(name, "?");
        assert_eq!(answer("salary"), answer("absent"), "{pattern}");
    }
    for pattern in [
        "UPDATE people SET {} = 1",
        "UPDATE people SET name = {}",
        "UPDATE people SET name = 1 WHERE {} > 0",
    ] {
        let mut answer =
            |name: &str| told(run.execute(&pattern.replace("{}", name))).replace(name, "?");
        assert_eq!(answer("salary"), answer("absent"), "{pattern}");
    }
}

/// An index has all that these statements read, and the order of a column that is not granted.
#[test]
fn the_order_of_rows_shows_nothing_of_a_column_that_is_not_granted() {
    let store = store(
        "CREATE TABLE pay (id INTEGER PRIMARY KEY, name TEXT, pounds INTEGER);
         CREATE INDEX pay_pounds ON pay (pounds);
         CREATE INDEX pay_pounds_name ON pay (pounds, name);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
            INSERT INTO pay SELECT i, 'same', -(i % 3) FROM n;
         ANALYZE",
    );
    let mut run = run(&store, &["pay.id", "pay.name"], &[]);
    for sql in [
        "SELECT id FROM pay LIMIT 3",
        "SELECT id, name FROM pay LIMIT 3",
        "SELECT id FROM pay WHERE name = 'same' LIMIT 3",
        "SELECT DISTINCT id, name FROM pay LIMIT 3",
    ] {
        let ids: String = rows(&run.query(sql).unwrap())
            .lines()
            .map(|line| line.split(' ').next().unwrap_or_default())
            .collect();
        assert_eq!(ids, "123", "{sql}");
    }
}

#[test]
fn what_is_granted_can_be_used() {
    let store = store(SET_UP);
    let mut run = run(&store, READ, WRITE);
    for (sql, expected) in [
        ("SELECT id, name FROM people ORDER BY id", "1 ann\n2 bob"),
        ("SELECT rowid, count(*) FROM people WHERE id = 1", "1 1"),
        ("SELECT * FROM names ORDER BY 1", "ann\nbob"),
        (
            "SELECT people.name, p.word FROM people JOIN plain p ON p.id = people.id",
            "ann plain",
        ),
        (
            "SELECT rowid, body, rank < 0 FROM docs WHERE docs MATCH 'permit'",
            "1 the permit holder 1",
        ),
        (
            "SELECT highlight(docs, 0, '[', ']') FROM docs('holder')",
            "the permit [holder]",
        ),
        (
            "SELECT snippet(docs, 0, '[', ']', '', 1) FROM docs WHERE docs MATCH 'holder' ORDER BY bm25(docs)",
            "[holder]",
        ),
        ("SELECT value FROM json_each('[1,2]')", "1\n2"),
        (
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'docs%' ORDER BY name",
            "names\nnoted\norders\nowned\npeople\nplain\nwatched",
        ),
        (
            "SELECT group_concat(name) FROM pragma_table_info('people')",
            "id,name",
        ),
        (
            "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%secret%' OR sql LIKE '%salary%'",
            "0",
        ),
    ] {
        assert_eq!(
            told(run.query(sql).map(|stream| rows(&stream))),
            format!("ok: {expected:?}"),
            "{sql}"
        );
    }
    assert_eq!(
        run.execute("UPDATE people SET name = 'eve' WHERE id = 2"),
        Ok(1)
    );
    assert_eq!(
        run.execute("INSERT INTO plain (word) VALUES ('more')"),
        Ok(1)
    );
    assert_eq!(
        run.execute("INSERT INTO docs VALUES ('another holder')"),
        Ok(1)
    );
    assert_eq!(
        rows(
            &run.query("SELECT count(*) FROM docs WHERE docs MATCH 'holder'")
                .unwrap()
        ),
        "2"
    );
}

/// A statement cannot reach anything without naming it, and the message names nothing that was not granted.
#[test]
fn nothing_is_reached_in_a_roundabout_way() {
    let store = store(SET_UP);
    let mut run = run(&store, READ, WRITE);
    for (sql, expected) in [
        (
            "SELECT * FROM people",
            "2: the statement reads columns of `people` that were not granted\nhint: name the columns instead of `*`, and join by named columns",
        ),
        (
            "SELECT p.* FROM people p",
            "2: the statement reads columns of `people` that were not granted\nhint: name the columns instead of `*`, and join by named columns",
        ),
        // The view reads a column that was not granted, so the view does not exist.
        ("SELECT * FROM rich", "3: no such table: `rich`"),
        ("SELECT * FROM dbstat", "3: no such table: `dbstat`"),
        ("SELECT count(*) FROM dbstat", "3: no such table: `dbstat`"),
        (
            "SELECT * FROM sqlite_dbpage",
            "3: no such table: `sqlite_dbpage`",
        ),
        (
            "SELECT * FROM pragma_database_list",
            "3: no such table: `pragma_database_list`",
        ),
        ("SELECT * FROM docs_data", "3: no such table: `docs_data`"),
        (
            "SELECT count(*) FROM docs_content",
            "3: no such table: `docs_content`",
        ),
        (
            "SELECT * FROM temp.sqlite_temp_schema",
            "3: no such table: `sqlite_temp_master`",
        ),
        ("SELECT word FROM watched", "3: no such column: `word`"),
        (
            "SELECT id FROM watched",
            "2: `watched` may be changed, but not read",
        ),
        (
            "SELECT sqlite_offset(id) FROM plain",
            "3: no such function: `sqlite_offset`",
        ),
        ("SELECT fts5(1)", "3: no such function: `fts5`"),
        (
            "SELECT json_patch('{}', '{}')",
            "3: no such function: `json_patch`",
        ),
    ] {
        assert_eq!(told(run.query(sql)), expected, "{sql}");
    }
    let beyond = "2: the statement reaches for something that does not exist or was not granted, through a trigger, a foreign key, an index or a virtual table";
    for (sql, expected) in [
        ("INSERT INTO watched DEFAULT VALUES", beyond),
        ("INSERT INTO owned VALUES (1, 1)", beyond),
        (
            "INSERT INTO people (name) VALUES ('x')",
            "2: some columns of `people` may be updated; others, and whole rows, may not be changed",
        ),
        (
            "DELETE FROM people",
            "2: some columns of `people` may be updated; others, and whole rows, may not be changed",
        ),
        (
            "UPDATE people SET id = 5",
            "2: some columns of `people` may be updated; others, and whole rows, may not be changed",
        ),
        (
            "REPLACE INTO people (id, name) VALUES (1, 'x')",
            "2: some columns of `people` may be updated; others, and whole rows, may not be changed",
        ),
        (
            "INSERT INTO plain SELECT * FROM people",
            "2: the statement reads columns of `people` that were not granted\nhint: name the columns instead of `*`, and join by named columns",
        ),
        (
            "INSERT INTO noted VALUES (1)",
            "2: the statement reads columns of `people` that were not granted\nhint: a trigger or a view reads them, whatever the statement names: ask for a grant of the whole table",
        ),
        (
            "INSERT INTO docs_data VALUES (1, 2)",
            "3: no such table: `docs_data`",
        ),
        (
            "DELETE FROM docs_content",
            "3: no such table: `docs_content`",
        ),
        (
            "INSERT INTO names VALUES ('x')",
            "2: `names` may be read, but not changed",
        ),
    ] {
        assert_eq!(told(run.execute(sql)), expected, "{sql}");
    }
}

/// The operator is told when the policy is loaded what would surprise the guest.
#[test]
fn the_operator_is_told_of_grants_that_reach_too_far() {
    let store = store(SET_UP);
    let grants = crate::tables::grants(
        &["people.name", "rich", "over", "words_of", "nobody"],
        &["watched", "owned"],
    );
    let told: Vec<String> = store
        .check(&grants)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "`nobody` is granted, but there is no such table\nhint: correct the name in the policy, or make the table",
            "the view `over` reads `secret.word`, which is not granted\nhint: add `secret.word` to `data.read`, or take the other out of the grants",
            "the view `rich` reads `people.salary`, which is not granted\nhint: add `people.salary` to `data.read`, or take the other out of the grants",
            "the view `words_of` reads `secret.word`, which is not granted\nhint: add `secret.word` to `data.read`, or take the other out of the grants",
            "`owned` cannot be changed: a trigger or a foreign key of it reads `secret.id`, which is not granted\nhint: add `secret.id` to `data.read`, or take the other out of the grants",
            "`watched` cannot be changed: a trigger or a foreign key of it changes `secret`, which is not granted\nhint: add `secret` to `data.write`, or take the other out of the grants",
        ]
    );
    assert!(
        store
            .check(&crate::tables::grants(&["*"], &["*"]))
            .unwrap()
            .is_empty()
    );
}

/// A policy can name a table whatever its name is.
#[test]
fn a_table_with_a_quote_in_its_name_is_granted_singly() {
    let store = store(
        "CREATE TABLE \"say \"\"x\"\"\" (id INTEGER PRIMARY KEY); CREATE TABLE other (id INTEGER PRIMARY KEY)",
    );
    let mut run = run(&store, &["say \"x\""], &["say \"x\".id"]);
    run.query("SELECT id FROM \"say \"\"x\"\"\"").unwrap();
    assert_eq!(
        run.execute("UPDATE \"say \"\"x\"\"\" SET id = 2").unwrap(),
        0
    );
    assert_eq!(
        told(run.query("SELECT id FROM other")),
        "3: no such table: `other`"
    );
}
