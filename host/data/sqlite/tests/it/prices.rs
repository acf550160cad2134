//! What statements cost: work that neither steps nor pages show is paid for, and a statement costs the same on every
//! connection.

use fractalaw_sqlite::{Store, Unlimited};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::tables::{CONDITIONS, grants, rows, run, store};

/// A document of 60 000 bytes in SQLite's two forms, and a text of 5 000.
const SET_UP: &str = "
CREATE TABLE n (i INTEGER PRIMARY KEY);
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1000) INSERT INTO n SELECT i FROM c;
CREATE TABLE big (t TEXT, b BLOB, body TEXT, digits TEXT);
INSERT INTO big SELECT t, jsonb(t), replace(hex(zeroblob(2500)), '0', 'a'), replace(hex(zeroblob(2500)), '0', '1')
    FROM (SELECT '[' || substr(replace(hex(zeroblob(20000)), '0', '1,'), 1, 59997) || ']' AS t);
CREATE TABLE wide (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO wide SELECT i, i || body FROM n, big WHERE i <= 100;
CREATE VIRTUAL TABLE docs USING fts5(body);
INSERT INTO docs SELECT 'the holder of permit ' || i FROM n;
CREATE VIRTUAL TABLE parts USING fts5(body, tokenize = 'porter ascii');
INSERT INTO parts SELECT body FROM docs;
";

fn fuel(store: &Store, sql: &str) -> u64 {
    let budget = Box::new(Unlimited::default());
    let mut run = store.run(grants(&["*"], &["*"]), CONDITIONS, budget);
    if sql.starts_with("SELECT") {
        run.query(sql).unwrap();
    } else {
        run.execute(sql).unwrap();
    }
    run.used().fuel
}

/// For each row, SQLite looks through so many bytes. No byte is free, whatever looks at it.
#[test]
fn bytes_that_are_looked_through_are_paid_for() {
    let store = store(SET_UP);
    for (looks, bytes) in [
        ("t -> 29000", 60_000),
        ("b ->> 29000", 60_000),
        ("json_extract(t, '$[1]', '$[2]', '$[3]')", 180_000),
        ("json_type(t, '$[29000]')", 60_000),
        ("json_array_length(b)", 60_000),
        ("json_valid(t)", 60_000),
        ("length(json_set(t, '$[0]', 2))", 60_000),
        ("(SELECT count(*) FROM json_each(t, '$.a'))", 60_000),
        ("(SELECT count(*) FROM json_tree(b, '$[29000]'))", 60_000),
        ("upper(body)", 5_000),
        ("quote(body)", 5_000),
        ("hex(body)", 5_000),
        ("substr(body, -4900, 10)", 5_000),
        ("abs(digits)", 5_000),
        ("printf('%s', body)", 5_000),
        ("body = body || '' COLLATE NOCASE", 5_000),
    ] {
        let rows = |most: u64| {
            let sql = format!("SELECT max({looks}) FROM n, big WHERE n.i <= {most}");
            fuel(&store, &sql)
        };
        let each = (rows(30) - rows(10)) / 20;
        assert!(each >= bytes * 4, "{looks}: {each} fuel for each row");
    }
}

/// A row of 5 KB is copied for a sort, and no single step or page shows it.
#[test]
fn rows_of_middle_size_that_are_kept_are_paid_for() {
    let store = store(SET_UP);
    for keeps in [
        "SELECT count(*) FROM (SELECT a FROM wide WHERE id <= {} ORDER BY a LIMIT -1 OFFSET 1)",
        "SELECT count(DISTINCT a) FROM wide WHERE id <= {}",
        "SELECT count(*) FROM (SELECT a FROM wide WHERE id <= {} UNION SELECT '')",
    ] {
        let rows = |most: u64| fuel(&store, &keeps.replace("{}", &most.to_string()));
        let each = (rows(90) - rows(40)) / 50;
        assert!(each > 8_000, "{keeps}: {each} fuel for each row");
    }
}

/// Words that are put together while the statement runs cost as much as those in its text, and ten times as many cost more.
#[test]
fn the_words_of_a_pattern_are_paid_for_wherever_they_come_from() {
    let store = store(SET_UP);
    for table in ["docs", "parts"] {
        for (one, between) in [("holder", " OR "), ("permit", " AND "), ("p*", " OR ")] {
            let written = |count: usize| {
                let pattern = vec![one; count].join(between);
                fuel(
                    &store,
                    &format!("SELECT count(*) FROM {table} WHERE {table} MATCH '{pattern}'"),
                )
            };
            let made = |count: usize| {
                let pattern = format!(
                    "(SELECT group_concat('{one}', '{between}') FROM n WHERE i <= {count})"
                );
                fuel(
                    &store,
                    &format!("SELECT count(*) FROM {table} WHERE {table} MATCH {pattern}"),
                )
            };
            let (few, many) = (written(10), written(100));
            assert!(many > 4 * few, "{table}, {one}: {few} and {many}");
            assert!(
                made(100) > many / 2,
                "{table}, {one}: {} and {many}",
                made(100)
            );
        }
    }
}

/// What a connection did before is no part of the price.
#[test]
fn a_statement_costs_the_same_on_a_new_connection_and_on_a_used_one() {
    let statements = [
        "SELECT max(json_array_length(t)) FROM n, big WHERE i < 10",
        "SELECT count(DISTINCT a) FROM wide",
        "SELECT count(*) FROM (SELECT a FROM wide ORDER BY a LIMIT -1 OFFSET 1)",
        "SELECT count(*) FROM docs WHERE docs MATCH 'holder OR permit OR 77'",
        "SELECT count(*) FROM docs WHERE docs MATCH (SELECT group_concat(i, ' OR ') FROM n)",
        "SELECT snippet(docs, 0, '', '', '', 4) AS s FROM docs WHERE docs MATCH 'perm*' AND rowid < 10",
        "SELECT rowid FROM docs WHERE docs MATCH '7 OR holder' ORDER BY rank LIMIT 5",
        "SELECT highlight(docs, 0, '', '') AS s FROM docs WHERE docs MATCH '\"permit holder\"' AND rowid < 10",
        "SELECT count(*) FROM docs WHERE docs MATCH 'NEAR(permit holder, 3)'",
        "UPDATE n SET i = i + 1000 WHERE i > 900",
        "UPDATE wide SET a = a || 'x'",
        "INSERT INTO docs SELECT a FROM wide",
        "INSERT INTO docs (docs) VALUES ('optimize')",
        "DELETE FROM docs WHERE rowid < 100",
    ];
    let store = store(SET_UP);
    let costs = |fresh: bool| -> Vec<u64> {
        let cost = |sql: &&str| {
            if fresh {
                store.rest();
            }
            fuel(&store, sql)
        };
        statements.iter().map(cost).collect()
    };
    let (new, used, again) = (costs(true), costs(false), costs(false));
    assert_eq!(new, used);
    assert_eq!(used, again);
}

/// SQLite's own functions are replaced by functions that call them. They return the same, and tell JSON from other text.
#[test]
fn functions_that_are_paid_for_return_what_sqlites_own_return() {
    let values = [
        "NULL",
        "12",
        "-3",
        "1.5",
        "''",
        "'abc äß 😀'",
        "x'00ff61'",
        "'[1,{\"a\":[2,null]}]'",
        "'{a:1, b:''x''}'",
        "json('[1,2]')",
        "jsonb('{\"a\":[1,2,3]}')",
        "'$'",
        "'$.a'",
        "'$[1]'",
        "'$[#-1].a[0]'",
        "'%5.2f %s %q'",
        "'{'",
        "2",
        "'\\u0041'",
    ];
    let calls = [
        "? -> ?",
        "? ->> ?",
        "abs(?)",
        "concat(?, ?, 1)",
        "concat_ws(?, ?, 1)",
        "format(?, ?)",
        "hex(?)",
        "json(?)",
        "json_array(?, ?)",
        "json_array_insert(?, '$[0]', ?)",
        "json_array_length(?)",
        "json_array_length(?, ?)",
        "json_error_position(?)",
        "json_extract(?, ?)",
        "json_extract(?, ?, '$')",
        "json_insert(?, '$.z', ?)",
        "json_object('k', ?, 'l', ?)",
        "json_pretty(?)",
        "json_pretty(?, ?)",
        "json_quote(?)",
        "json_remove(?, ?)",
        "json_replace(?, '$.a', ?)",
        "json_set(?, '$.a', ?)",
        "json_type(?)",
        "json_type(?, ?)",
        "json_valid(?)",
        "json_valid(?, 6)",
        "json(jsonb(?))",
        "json(jsonb_array(?, ?))",
        "json(jsonb_array_insert(?, '$[0]', ?))",
        "json(jsonb_extract(?, ?))",
        "json(jsonb_insert(?, '$.z', ?))",
        "json(jsonb_object('k', ?))",
        "json(jsonb_remove(?, ?))",
        "json(jsonb_replace(?, '$.a', ?))",
        "json(jsonb_set(?, '$.a', ?))",
        "lower(?)",
        "printf(?, ?)",
        "quote(?)",
        "round(?)",
        "round(?, ?)",
        "substr(?, ?)",
        "substr(?, ?, 2)",
        "substring(?, 2)",
        "substring(?, -2, ?)",
        "unistr(?)",
        "unistr_quote(?)",
        "upper(?)",
        "? < ? COLLATE NOCASE",
        "? = ? COLLATE NOCASE",
        "(SELECT group_concat(fullkey || atom) FROM json_tree(?))",
        "(SELECT group_concat(key) FROM json_each(?, ?))",
    ];
    let sqlite = Connection::open_in_memory().unwrap();
    let store = store("");
    let mut run = run(&store, &[], &[]);
    let (mut same, mut refused) = (0, 0);
    for call in calls {
        for one in values {
            for two in values {
                let call = call.replacen('?', one, 1).replacen('?', two, 1);
                let sql = format!("SELECT quote({call}) AS q");
                let expected = sqlite.query_row(&sql, (), |row| row.get::<_, Value>(0));
                let found = run.query(&sql).map(|found| rows(&found));
                match (expected, found) {
                    (Ok(Value::Text(expected)), Ok(found)) => {
                        assert_eq!(found, expected, "{call}");
                        same += 1;
                    }
                    (Err(_), Err(_)) => refused += 1,
                    (expected, found) => panic!("{call}: {expected:?} and {found:?}"),
                }
            }
        }
    }
    assert!(same > 5_000 && refused > 500, "{same} and {refused}");
}

/// Texts in the order of an index that another program made.
#[test]
fn text_without_case_has_sqlites_order() {
    let store = store(
        "CREATE TABLE t (x TEXT COLLATE NOCASE UNIQUE);
         INSERT INTO t VALUES ('a'), ('B'), ('aB'), ('ab' || char(0) || 'z'), ('[x'), ('_x'), ('ä'), ('Ä'), (''), ('zz')",
    );
    let sqlite = Connection::open(store.path()).unwrap();
    let sql = "SELECT group_concat(hex(x), ' ') AS q FROM (SELECT x FROM t ORDER BY x || '' COLLATE NOCASE)";
    let expected: String = sqlite.query_row(sql, (), |row| row.get(0)).unwrap();
    let mut run = run(&store, &["t"], &[]);
    assert_eq!(rows(&run.query(sql).unwrap()), expected);
    let found = run
        .query("SELECT count(*) AS n FROM t WHERE x = 'AB'")
        .unwrap();
    assert_eq!(rows(&found), "1");
}
