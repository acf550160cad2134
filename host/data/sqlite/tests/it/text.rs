//! The host's text functions return the same as SQLite's own.

use rusqlite::Connection;

use crate::tables::{rows, run, store};

#[test]
fn our_functions_on_text_answer_as_sqlites_own() {
    let values = [
        "NULL",
        "''",
        "'a'",
        "'abcabc'",
        "'bc'",
        "'äöüäö'",
        "'üä'",
        "'ö'",
        "'  x  '",
        "' '",
        "'xyx'",
        "'yx'",
        "x'616263'",
        "x'62'",
        "x''",
        "12",
        "2",
        "-7",
        "1.5",
        "0.1",
        "1e100",
        "100.0",
        "5",
    ];
    let mut calls = Vec::new();
    for one in values {
        for two in values {
            for name in ["instr", "trim", "ltrim", "rtrim"] {
                calls.push(format!("{name}({one}, {two})"));
            }
            for three in ["''", "'-'", "'abc'", "NULL", "7"] {
                calls.push(format!("replace({one}, {two}, {three})"));
            }
        }
    }
    let sqlite = Connection::open_in_memory().unwrap();
    let store = store("");
    let mut run = run(&store, &[], &[]);
    for call in calls {
        let sql = format!("SELECT quote({call}) AS q");
        let expected: String = sqlite.query_row(&sql, (), |row| row.get(0)).unwrap();
        assert_eq!(rows(&run.query(&sql).unwrap()), expected, "{call}");
    }
}
