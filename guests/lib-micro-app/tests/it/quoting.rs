//! SQL that is quoted, read by SQLite.

use std::panic::catch_unwind;

use micro_app::{Blob, Identifier, Quote, Sql, Vector, pieces, sql};
use rusqlite::Connection;
use rusqlite::types::{FromSql, Value};

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE permit (number TEXT); INSERT INTO permit VALUES ('WX-1')")
        .unwrap();
    connection
}

fn ask<T: FromSql>(sql: &Sql) -> T {
    let read = |connection: &Connection| connection.query_row(sql.as_str(), (), |row| row.get(0));
    read(&database()).unwrap_or_else(|error| panic!("{error}: {}", sql.as_str()))
}

const ATTACKS: [&str; 20] = [
    "",
    "'",
    "''",
    "\\'",
    "\\",
    "' OR '1'='1",
    "'; DROP TABLE permit; --",
    "x' UNION SELECT sql FROM sqlite_master --",
    "\"",
    "\"; DROP TABLE permit; --",
    "/* */ -- '",
    "*/",
    "\n--\n'",
    "?",
    "'||(SELECT 1)||'",
    "\0",
    "a\0'; DROP TABLE permit; --",
    "ʼ’‘\u{2019}",
    "ẞ\u{202e}é",
    "%_[]`$$",
];

#[test]
fn text_comes_back_as_it_was() {
    for attack in ATTACKS {
        assert_eq!(
            ask::<String>(&sql!("SELECT ?", attack)),
            attack,
            "{attack:?}"
        );
        let sql = sql!(
            "SELECT count(*) FROM permit WHERE number = ? -- ' \"",
            attack
        );
        assert_eq!(ask::<i64>(&sql), 0, "{attack:?}");
    }
}

/// Text of all characters that mean something in SQL, in any order.
#[test]
fn any_text_comes_back_as_it_was() {
    const PARTS: [&str; 20] = [
        "'", "\"", "`", "\\", "-", "--", "/*", "*/", ";", "?", "\0", "\n", " ", "x", "1", "é", "[",
        "]", "$", "||",
    ];
    let mut random = 1_u64;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let connection = database();
    for _ in 0..3_000 {
        let length = next(12);
        let text: String = (0..length).map(|_| PARTS[next(PARTS.len())]).collect();
        let sql = sql!("SELECT ?, ? AS ?, 7", text, text, Identifier(&text));
        let row = connection.query_row(sql.as_str(), (), |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, i64>(2)?,
            ))
        });
        assert_eq!(row, Ok((text.clone(), text.clone(), 7)), "{text:?}");
    }
}

#[test]
fn names_are_names() {
    let connection = database();
    for attack in ATTACKS.iter().filter(|attack| !attack.contains('\0')) {
        let table = format!("t {attack}");
        let make = sql!(
            "CREATE TABLE ? (? TEXT)",
            Identifier(&table),
            Identifier(attack)
        );
        connection.execute(make.as_str(), ()).unwrap();
        let found = connection.query_row(
            sql!("SELECT count(*) FROM sqlite_master WHERE name = ?", table).as_str(),
            (),
            |row| row.get(0),
        );
        assert_eq!(found, Ok(1), "{attack:?}");
    }
    let nul = sql!("SELECT * FROM ?", Identifier("permit\0"));
    let error = connection.prepare(nul.as_str()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("no such table: permit\u{fffd}"),
        "{error}"
    );
}

#[test]
fn values_come_back_as_they_were() {
    #[track_caller]
    fn check(value: impl Quote, expected: Value) {
        let sql = sql!("SELECT ?", value);
        assert_eq!(ask::<Value>(&sql), expected, "{}", sql.as_str());
    }
    for number in [0, 1, -1, i64::MAX, i64::MIN] {
        check(number, Value::Integer(number));
    }
    for number in [
        0.0,
        -0.5,
        1e300,
        -1e-300,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ] {
        check(number, Value::Real(number));
    }
    check(f64::NAN, Value::Null);
    check(u64::from(u32::MAX), Value::Integer(4_294_967_295));
    check(true, Value::Integer(1));
    check(false, Value::Integer(0));
    check(None::<i64>, Value::Null);
    check(Some("x"), Value::Text("x".to_owned()));
    check(Blob(&[0, 127, 255]), Value::Blob(vec![0, 127, 255]));
    check(Vector(&[1.0]), Value::Blob(vec![0, 0, 128, 63]));
}

#[test]
fn a_negative_number_begins_no_comment() {
    assert_eq!(ask::<i64>(&sql!("SELECT 1 -? + 0", -5)), 6);
    assert_eq!(ask::<f64>(&sql!("SELECT 1 -?", -0.5)), 1.5);
}

#[test]
fn lists_are_sets() {
    let is_in = |values: &[&str]| {
        ask::<i64>(&sql!(
            "SELECT count(*) FROM permit WHERE number IN (?)",
            values
        ))
    };
    assert_eq!(is_in(&["WX-1", "WX-2"]), 1);
    assert_eq!(is_in(&["WX-2"]), 0);
    assert_eq!(is_in(&[]), 0);
    let none: [&str; 0] = [];
    assert_eq!(
        ask::<i64>(&sql!(
            "SELECT count(*) FROM permit WHERE number NOT IN (?)",
            none
        )),
        1
    );
}

#[test]
fn statements_are_made_of_parts() {
    let only = sql!("number = ? -- the only one", "WX-1");
    assert_eq!(
        ask::<i64>(&sql!(
            "SELECT count(*) FROM permit WHERE ? AND 1 = ?",
            only,
            0
        )),
        0
    );
}

#[test]
fn what_could_be_read_in_two_ways_is_not_compiled() {
    for (text, message) in [
        ("SELECT 1", "fewer `?` than values"),
        ("SELECT '?'", "fewer `?` than values"),
        ("SELECT \"?\"", "fewer `?` than values"),
        ("SELECT `?`", "fewer `?` than values"),
        ("SELECT 1 -- ?", "fewer `?` than values"),
        ("SELECT /* ? */ 1", "fewer `?` than values"),
        ("SELECT '''?'", "fewer `?` than values"),
        ("SELECT ?, ?", "more `?` than values"),
        ("SELECT ?1", "`?` right before a word or a number"),
        ("SELECT ?FROM t", "`?` right before a word or a number"),
        ("SELECT ?'", "`?` right before a word or a number"),
        (
            "SELECT E?",
            "`?` right behind a word, which would be read with the quotes",
        ),
        (
            "SELECT U&?",
            "`?` right behind a word, which would be read with the quotes",
        ),
        (
            "SELECT é?",
            "`?` right behind a word, which would be read with the quotes",
        ),
        (
            "SELECT 'a'?",
            "`?` right behind a word, which would be read with the quotes",
        ),
        (
            "SELECT [?]",
            "`?` in brackets, which some engines read as a name",
        ),
        (
            "SELECT $$?$$",
            "`$` begins a parameter or a quotation; write values as `?`",
        ),
        ("SELECT /* /* */ ? */", "a comment in a comment"),
        ("SELECT /* ?", "a comment without an end"),
        ("SELECT ' ?", "a quotation without an end"),
        (
            "SELECT E'\\', ? ",
            "`\\` in a quotation with a prefix, which some engines read as an escape",
        ),
    ] {
        let payload = catch_unwind(|| pieces::<2>(text)).unwrap_err();
        let found = payload.downcast_ref::<&str>().copied();
        assert_eq!(found, Some(message), "{text}");
    }
    assert_eq!(pieces::<2>("SELECT '\\', ? "), ["SELECT '\\', ", " "]);
    assert_eq!(pieces::<3>("(?,?)"), ["(", ",", ")"]);
}
