//! The host's text functions return the same as SQLite's own.

use rusqlite::Connection;

use crate::tables::{rows, run, store};

/// Patterns and texts from few characters, so that many match, with sets, escapes and bytes that are not UTF-8.
#[test]
fn our_patterns_match_what_sqlites_own_match() {
    let pieces = [
        "a", "B", "b", "%", "%", "_", "*", "?", "[", "]", "^", "-", "[a-c]", "[^b]", "[]a]", "\\",
        "ä", "Ä", "ß", "1", "%a", "_b", "*[ab]",
    ];
    let sqlite = Connection::open_in_memory().unwrap();
    let store = store("");
    let mut run = run(&store, &[], &[]);
    // The same each time.
    let mut state = 1_u64;
    let mut below = |end: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % end
    };
    let mut matched = 0;
    for _ in 0..1_000 {
        let mut text = |pieces: &[&str], most: usize| -> String {
            let length = below(most);
            (0..length).map(|_| pieces[below(pieces.len())]).collect()
        };
        let (pattern, hay) = (
            text(&pieces, 6),
            text(&["a", "b", "A", "B", "ä", "Ä", "1", "%", "_", "]", "-"], 8),
        );
        let calls = [
            format!("'{hay}' LIKE '{pattern}'"),
            format!("'{hay}' GLOB '{pattern}'"),
            format!("'{hay}' LIKE '{pattern}' ESCAPE '\\'"),
            format!("'{hay}' LIKE '{pattern}' ESCAPE '%'"),
            format!("'{hay}' LIKE '{pattern}' ESCAPE '_'"),
            format!("(CAST(x'c3' AS TEXT) || '{hay}') LIKE ('_' || '{pattern}')"),
            format!("('{hay}' || CAST(x'80ff' AS TEXT)) GLOB ('{pattern}' || '?*')"),
            format!("('{hay}' || char(0) || 'a') LIKE '{pattern}'"),
        ];
        for call in calls {
            let sql = format!("SELECT quote({call}) AS q");
            let expected: String = sqlite.query_row(&sql, (), |row| row.get(0)).unwrap();
            matched += usize::from(expected == "1");
            assert_eq!(rows(&run.query(&sql).unwrap()), expected, "{call}");
        }
    }
    assert!(matched > 300, "{matched}");
    for call in [
        "NULL LIKE 'a'",
        "'a' LIKE NULL",
        "'a' LIKE 'a' ESCAPE NULL",
        "12 LIKE '1%'",
        "1.5 GLOB '1*'",
        "x'6162' LIKE 'AB'",
    ] {
        let sql = format!("SELECT quote({call}) AS q");
        let expected: String = sqlite.query_row(&sql, (), |row| row.get(0)).unwrap();
        assert_eq!(rows(&run.query(&sql).unwrap()), expected, "{call}");
    }
}

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
