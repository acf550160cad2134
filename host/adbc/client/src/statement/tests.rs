//! Each rule of the check, in each dialect.

use super::{Called, check};
use crate::engine::Sql::{self, Duckdb, Other, Postgresql, Sqlite};

fn verdict(sql: &str, dialect: Sql, called: Called) -> u32 {
    check(sql, dialect, called).map_or_else(|error| error.code as u32, |()| 0)
}

/// Each statement on SQLite, on DuckDB and PostgreSQL, and on others: the code of `query`, then of `execute`. 0 means
/// that it is accepted.
#[test]
fn one_statement_that_reads_or_changes_rows_is_let_through() {
    for (sql, query, execute) in [
        ("SELECT 1", [0, 0, 0], [2, 2, 2]),
        ("  -- a\n/* b */ (select 1);\n-- c", [0, 0, 1], [2, 2, 1]),
        ("FROM t", [0, 0, 0], [2, 2, 2]),
        ("INSERT INTO t VALUES (1)", [8, 8, 8], [0, 0, 0]),
        ("with x AS (SELECT 1) SELECT * FROM x", [0, 0, 0], [2, 2, 2]),
        ("WITH x AS (SELECT 1) DELETE FROM t", [8, 8, 8], [0, 0, 0]),
        ("SELECT * INTO u FROM t", [8, 8, 8], [2, 2, 2]),
        ("SELECT \"update\", 'delete' FROM t", [0, 0, 0], [2, 2, 2]),
        ("DELETE FROM t RETURNING id", [8, 8, 8], [2, 2, 2]),
        ("SELECT replace(a, 'b', 'c') FROM t", [0, 0, 0], [2, 2, 2]),
        ("", [1, 1, 1], [1, 1, 1]),
        (" ; ", [1, 1, 1], [1, 1, 1]),
        ("SELECT 1; SELECT 2", [1, 1, 1], [1, 1, 1]),
        ("SELECT 1;; -- done", [0, 0, 1], [2, 2, 1]),
        ("COMMIT", [2, 2, 2], [2, 2, 2]),
        ("/* x */ rollback", [2, 2, 2], [2, 2, 2]),
        ("DROP TABLE t", [2, 2, 2], [2, 2, 2]),
        ("EXPLAIN SELECT 1", [2, 2, 2], [2, 2, 2]),
        ("ATTACH 'x'", [1, 1, 1], [1, 1, 1]),
        ("PRAGMA x", [1, 1, 1], [1, 1, 1]),
        ("COPY t TO 'x'", [1, 1, 1], [1, 1, 1]),
        ("SET a = 1", [1, 1, 1], [1, 1, 1]),
        ("'SELECT'", [1, 1, 1], [1, 1, 1]),
        ("SELECT\0 1", [1, 1, 1], [1, 1, 1]),
        // A `;` in a string.
        ("SELECT 'a; b'", [0, 0, 1], [2, 2, 1]),
        ("SELECT 'it''s; b'", [0, 0, 1], [2, 2, 1]),
        ("SELECT \"a; b\" FROM t", [0, 0, 1], [2, 2, 1]),
        // Texts that only some databases read as a string.
        ("SELECT $$; COMMIT; $$", [1, 0, 1], [1, 2, 1]),
        ("SELECT $a$ $$; $a$", [1, 0, 1], [1, 2, 1]),
        ("SELECT `; COMMIT; `", [0, 1, 1], [2, 1, 1]),
        ("SELECT [; COMMIT; ]", [0, 1, 1], [2, 1, 1]),
        ("SELECT '\\'; COMMIT; --'", [1, 1, 1], [1, 1, 1]),
        ("SELECT E'\\'; COMMIT; --'", [1, 1, 1], [1, 1, 1]),
        ("SELECT E'\\\\'", [0, 1, 1], [2, 1, 1]),
        ("SELECT $1", [1, 0, 0], [1, 2, 2]),
        ("SELECT 1 /* /* */ ; COMMIT -- */", [1, 1, 1], [1, 1, 1]),
        ("/*! COMMIT */ SELECT 1", [1, 1, 1], [1, 1, 1]),
        ("SELECT 'a", [1, 1, 1], [1, 1, 1]),
        ("SELECT $$ a", [1, 1, 1], [1, 1, 1]),
        // The end of the text ends a comment.
        ("SELECT 1 /* ; COMMIT", [0, 0, 1], [2, 2, 1]),
        ("SELECT ä; é", [1, 1, 1], [1, 1, 1]),
    ] {
        for (at, dialect) in [(0, Sqlite), (1, Duckdb), (1, Postgresql), (2, Other)] {
            let found = [Called::Query, Called::Execute].map(|of| verdict(sql, dialect, of));
            assert_eq!(found, [query[at], execute[at]], "{sql:?} {dialect:?}");
        }
    }
}

#[test]
fn a_long_statement_is_told_its_bound() {
    let long = format!("SELECT '{}'", "x".repeat(65_536));
    assert_eq!(
        check(&long, Sqlite, Called::Query).unwrap_err().message,
        "a statement of 65545 bytes, expected at most 65536\nhint: use `insert` for many rows"
    );
}

/// Statements that a database could divide in another way than the check does, or that a function takes further than
/// tables: the code of `query` on SQLite, DuckDB, PostgreSQL and others.
#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    for (sql, expected) in [
        // A carriage return ends a comment on some databases.
        ("SELECT 1--\r;DELETE FROM t;COMMIT;SELECT 1", [1, 1, 1, 1]),
        ("WITH x AS (SELECT 1) --\rDELETE FROM t", [1, 1, 1, 1]),
        ("SELECT 1 -- a\r\n, 2 -- b\r", [0, 0, 0, 0]),
        ("SELECT 1 -- a\u{b}b", [1, 1, 1, 1]),
        ("SELECT 1 -- a\u{2028}b", [1, 1, 1, 1]),
        ("SELECT 1 -- a\tb ä", [0, 0, 0, 0]),
        ("SELECT 1--2\n", [0, 0, 0, 1]),
        ("SELECT 1 -----\n, 2", [0, 0, 0, 0]),
        // A text that goes on in another pair of quotes has the escapes of the first.
        ("SELECT E'a'\n'\\' ; DELETE FROM t --'", [1, 1, 1, 1]),
        ("SELECT 'a'\n'b'", [1, 1, 1, 1]),
        ("SELECT 'a' -- c\n'b'", [1, 1, 1, 1]),
        ("SELECT 'a' || 'b'", [0, 0, 0, 0]),
        ("SELECT 'a' \"b\", 'c' 'd'", [1, 1, 1, 1]),
        ("SELECT e'a'", [0, 1, 1, 1]),
        ("SELECT u&'a', U&\"b\"", [0, 1, 1, 1]),
        (
            "SELECT U&\"set_confi\\0067\"('a', 'b', false)",
            [0, 1, 1, 1],
        ),
        ("SELECT x'00', N'a', DATE '2026-01-01'", [0, 0, 0, 0]),
        ("SELECT r'\\', q'[']'", [1, 1, 1, 1]),
        ("SELECT q'[a]'", [0, 0, 0, 1]),
        ("SELECT '''a', ''''", [0, 0, 0, 1]),
        ("SELECT 'C:\\'", [0, 0, 0, 1]),
        ("SELECT a LIKE 'x\\_' ESCAPE '\\' FROM t", [0, 0, 0, 1]),
        // Characters that some databases take for a part of a word and others for a space.
        ("SELECT 1 AS €$$; DELETE FROM t --$$", [1, 1, 1, 1]),
        ("SELECT 1 AS a\u{a0}$$; DELETE FROM t --$$", [1, 1, 1, 1]),
        ("SELECT\u{2003}1", [1, 1, 1, 1]),
        ("SELECT\u{c}1", [1, 1, 1, 1]),
        ("SELECT größe, '€\u{a0}' AS \"€\" FROM t", [0, 0, 0, 0]),
        ("SELECT $ä$ ; $ä$", [1, 0, 0, 1]),
        ("SELECT $a$ ' $a$", [1, 0, 0, 1]),
        // Parameters of SQLite, and comments of MySQL.
        ("SELECT $a('), 1; COMMIT; --')", [1, 0, 0, 1]),
        ("SELECT @a, :b, #c", [1, 0, 0, 1]),
        ("WITH x AS (SELECT 1) # '\nDELETE FROM t # '", [1, 0, 0, 1]),
        // Names in brackets.
        ("SELECT a['b'], [1, 2] FROM t", [0, 0, 0, 0]),
        ("WITH x AS (SELECT [ '] FROM [' ]) SELECT 1", [0, 0, 0, 1]),
        ("SELECT [1 -- ]\n]", [0, 0, 0, 1]),
        ("SELECT [1 /* ] */]", [0, 0, 0, 1]),
        // Statements without a `;` between them.
        ("SELECT 1 COMMIT", [0, 0, 0, 1]),
        ("SELECT 1 EXEC p", [0, 0, 0, 1]),
        ("SELECT 1 AS \"commit\"", [0, 0, 0, 0]),
        // Functions and views that reach further.
        ("SELECT set_config('a', 'b', false)", [0, 0, 2, 0]),
        (
            "SELECT pg_catalog . \"set_config\" /* */ ('a', 'b', false)",
            [0, 0, 2, 0],
        ),
        ("SELECT set_config FROM t", [0, 0, 0, 0]),
        ("SELECT query_to_xml('a', true, true, '')", [0, 0, 2, 0]),
        ("TABLE pg_settings", [0, 2, 2, 0]),
        ("SELECT * FROM enable_logging()", [0, 2, 0, 0]),
        (
            "FROM system.main.\"Enable_Logging\" (level = 'info')",
            [0, 2, 0, 0],
        ),
        ("FROM duckdb_logs", [0, 2, 0, 0]),
        ("FROM 'duckdb_logs'", [0, 2, 0, 0]),
        ("FROM $a$duckdb_logs$a$", [1, 2, 0, 1]),
        ("FROM duckdb_logs_parsed('QueryLog')", [0, 2, 0, 0]),
        ("FROM query('a')", [0, 2, 0, 0]),
        ("SELECT query FROM t WHERE a = 'query'", [0, 0, 0, 0]),
        ("FROM json_execute_serialized_sql('a')", [0, 2, 0, 0]),
        ("SELECT current_setting('temp_directory')", [0, 2, 0, 0]),
        ("FROM duckdb_tables()", [0, 0, 0, 0]),
    ] {
        let dialects = [Sqlite, Duckdb, Postgresql, Other];
        let found = dialects.map(|dialect| verdict(sql, dialect, Called::Query));
        assert_eq!(found, expected, "{sql:?}");
    }
}

/// A table may have the name of such a function.
#[test]
fn changes_reach_no_further_either() {
    for (sql, expected) in [
        ("INSERT INTO query (a) VALUES (1)", 0),
        ("INSERT INTO main.query (a) VALUES (1)", 0),
        ("INSERT INTO query (a) FROM query('b')", 2),
        ("UPDATE t SET a = current_setting('b')", 2),
        ("INSERT INTO t FROM enable_logging()", 2),
    ] {
        assert_eq!(verdict(sql, Duckdb, Called::Execute), expected, "{sql}");
    }
    let update = "UPDATE \"pg_settings\" SET setting = 'off'";
    assert_eq!(verdict(update, Postgresql, Called::Execute), 2);
}
