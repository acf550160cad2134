//! What the check of statements holds back, in the real DuckDB: it runs several statements in one text, and has functions
//! that reach further than tables.

use fractalaw_adbc_client::{Access, Unlimited};

use crate::databases::{Kind, run, told};
use crate::rows::rows;

const SET_UP: [&str; 2] = [
    "CREATE TABLE t (id BIGINT, name TEXT)",
    "INSERT INTO t VALUES (1, 'one'), (2, 'two')",
];

/// DuckDB reads each of these texts as several statements or as a change.
#[test]
fn a_run_that_may_only_read_cannot_hide_a_change() {
    let Some(seeded) = Kind::Duckdb.seeded(&SET_UP) else {
        return;
    };
    for sql in [
        "SELECT 1--\r;DELETE FROM t;COMMIT;SELECT 1",
        "WITH x AS (SELECT 1) --\rDELETE FROM t WHERE id = 1",
        "SELECT E'a'\n'\\' ' ; DELETE FROM t; COMMIT; SELECT 7 --'",
        "SELECT 1 AS €$$; DELETE FROM t; COMMIT; SELECT 2 --$$",
        "SELECT 1 --\r; COPY t TO 'taken.csv'; SELECT 2",
    ] {
        let store = seeded.store();
        let mut run = store.run(Access::Read, Box::new(Unlimited::default()));
        let found = told(run.query(sql).map(|_| ()));
        assert!(found.starts_with("1: "), "{sql:?}: {found}");
        assert!(found.contains("read in different ways\nhint: "), "{found}");
        run.end(true).unwrap();
        let mut after = store.run(Access::Read, Box::new(Unlimited::default()));
        let left = after.query("SELECT id FROM t ORDER BY id").unwrap();
        assert_eq!(rows(&left), "1\n2", "{sql:?}");
    }
}

/// Of all functions of this DuckDB that give a table, a guest may call these. DuckDB itself refuses `glob`. A new version's
/// functions turn up here.
#[test]
fn functions_that_reach_further_than_tables_are_refused() {
    let Some(seeded) = Kind::Duckdb.seeded(&SET_UP) else {
        return;
    };
    let store = seeded.store();
    let all = "SELECT DISTINCT function_name FROM duckdb_functions() \
               WHERE function_type IN ('table', 'table_macro') ORDER BY 1";
    let all = rows(&run(&store).query(all).unwrap());
    let call = |name: &str| {
        let found = run(&store).query(&format!("FROM {name}()")).map(|_| ());
        told(found).contains("is not for guests")
    };
    let (refused, let_through): (Vec<&str>, Vec<&str>) = all.lines().partition(|name| call(name));
    assert_eq!(
        let_through,
        [
            "duckdb_columns",
            "duckdb_constraints",
            "duckdb_functions",
            "duckdb_indexes",
            "duckdb_keywords",
            "duckdb_schemas",
            "duckdb_sequences",
            "duckdb_tables",
            "duckdb_types",
            "duckdb_views",
            "generate_series",
            "glob",
            "histogram",
            "histogram_values",
            "icu_calendar_names",
            "json_each",
            "json_tree",
            "pg_timezone_names",
            "pragma_collations",
            "pragma_table_info",
            "pragma_version",
            "range",
            "repeat",
            "repeat_row",
            "summary",
            "test_all_types",
            "test_vector_types",
            "unnest"
        ]
    );
    assert!(refused.contains(&"enable_logging"), "{refused:?}");
    // The program that all runs share has lived through it.
    assert_eq!(told(run(&store).query("SELECT 1").map(|_| ())), "ok: ()");
}

/// Neither what other runs do nor where the database's file is can be asked for.
#[test]
fn views_and_settings_of_the_database_are_refused() {
    let Some(seeded) = Kind::Duckdb.seeded(&SET_UP) else {
        return;
    };
    let store = seeded.store();
    for (sql, name) in [
        ("SELECT path FROM duckdb_databases", "duckdb_databases"),
        ("SELECT message FROM \"DuckDB_Logs\"", "duckdb_logs"),
        ("FROM 'duckdb_logs'", "duckdb_logs"),
        ("SELECT setting FROM pg_catalog.pg_settings", "pg_settings"),
        (
            "SELECT current_setting('temp_directory')",
            "current_setting",
        ),
        (
            "SELECT file FROM pragma_database_list",
            "pragma_database_list",
        ),
        ("SELECT write_log('x')", "write_log"),
    ] {
        assert_eq!(
            told(run(&store).query(sql).map(|_| ())),
            format!(
                "2: `{name}` is not for guests, because it reaches further than the tables of the database\nhint: leave it out, or name a function of the database's own differently"
            )
        );
    }
}
