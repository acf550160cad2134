//! Settings that tables keep for all runs.

use rusqlite::Connection;

use crate::tables::{run, store, told};

/// A special `INSERT` into full text can change settings, which its shadow table keeps for all later runs. Those that only work on the index
/// are made.
#[test]
fn settings_of_full_text_are_not_for_guests() {
    let store = store(
        "CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('a b'), ('b c');",
    );
    let mut run = run(&store, &["*"], &["*"]);
    for (setting, value) in [
        ("rank", "'bm25(0)'"),
        ("pgsz", "32"),
        ("automerge", "2"),
        ("usermerge", "2"),
        ("crisismerge", "2"),
        ("hashsize", "65536"),
        ("secure-delete", "1"),
        ("deletemerge", "5"),
    ] {
        let sql = format!("INSERT INTO words(words, rank) VALUES ('{setting}', {value})");
        assert_eq!(
            told(run.execute(&sql)),
            "2: the statement would change a setting of `words`, and guests change only rows\nhint: leave settings of full text to \
             the owner of the database",
            "{setting}"
        );
    }
    for command in [
        "'optimize', 0",
        "'rebuild', 0",
        "'merge', 4",
        "'integrity-check', 0",
    ] {
        let sql = format!("INSERT INTO words(words, rank) VALUES ({command})");
        assert!(
            run.execute(&sql).is_ok(),
            "{command}: {}",
            told(run.execute(&sql))
        );
    }
    run.execute("INSERT INTO words VALUES ('c d')").unwrap();
    run.prepare(None).unwrap().settle(true).unwrap();
    let owner = Connection::open(store.path()).unwrap();
    let settings: String = owner
        .query_row("SELECT group_concat(k) FROM words_config", (), |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(settings, "version");
}
