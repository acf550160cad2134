//! `insert`: columns go by name, types are checked against the table's, all rows go in or none, and malformed
//! streams are refused.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, StringArray};

use crate::databases::{BOTH, Kind, run, told};
use crate::rows::{rows, stream};

const SET_UP: [&str; 2] = [
    "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT DEFAULT 'none', n BIGINT)",
    "INSERT INTO t VALUES (1, 'one', 1)",
];

fn numbers(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn columns_are_matched_by_name_and_others_get_their_default() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        let mut run = run(&store);
        for data in [
            stream(&[
                ("n", numbers(&[2])),
                ("id", numbers(&[2])),
                ("name", texts(&["two"])),
            ]),
            stream(&[("n", numbers(&[3])), ("id", numbers(&[3]))]),
            stream(&[("id", Arc::new(Int32Array::from(vec![4])) as ArrayRef)]),
            stream(&[("ID", numbers(&[5]))]),
        ] {
            assert_eq!(run.insert("t", &data), Ok(1), "{kind:?}");
        }
        let found = run.query("SELECT * FROM t ORDER BY id").unwrap();
        assert_eq!(
            rows(&found),
            "1 one 1\n2 two 2\n3 none 3\n4 none -\n5 none -",
            "{kind:?}"
        );
    }
}

/// Each case has a run of its own.
#[test]
fn what_does_not_fit_is_refused_whole() {
    for kind in BOTH {
        let Some(seeded) = kind.seeded(&SET_UP) else {
            continue;
        };
        let store = seeded.store();
        for (table, data, expected) in [
            (
                "missing",
                stream(&[("id", numbers(&[1]))]),
                "3: no such table: `missing`",
            ),
            ("", stream(&[("id", numbers(&[1]))]), "3: no such table: ``"),
            (
                "t",
                stream(&[("other", numbers(&[1]))]),
                "3: no such column: `other`",
            ),
            (
                "t",
                stream(&[("id", numbers(&[7])), ("id", numbers(&[8]))]),
                "4: the data has two columns `id`",
            ),
            ("t", stream(&[("id", numbers(&[9, 1]))]), "5"),
        ] {
            let mut run = run(&store);
            let found = told(run.insert(table, &data));
            assert!(found.starts_with(expected), "{kind:?} {found}");
            if kind == Kind::Sqlite {
                let left = run.query("SELECT count(*) AS c FROM t").unwrap();
                assert_eq!(rows(&left), "1", "nothing of it stays");
            }
        }
        if kind == Kind::Duckdb {
            let data = stream(&[("id", texts(&["7"]))]);
            assert_eq!(
                told(run(&store).insert("t", &data)),
                "4: column `id`: Utf8 in the data, and the table takes Int64\nhint: give the data the table's type"
            );
        }
    }
}

/// Changing a byte of a stream, or cutting it off there, never ends the program or the run.
#[test]
fn malformed_streams_are_refused() {
    let Some(seeded) = Kind::Sqlite.seeded(&SET_UP) else {
        return;
    };
    let store = seeded.store();
    let mut run = run(&store);
    run.query("SELECT 1").unwrap();
    let program = store.process_id();
    let good = stream(&[("n", numbers(&[2])), ("name", texts(&["two"]))]);
    let hint = "\nhint: write it with a stream writer (not a file writer), uncompressed";
    for bad in [&[][..], b"not Arrow", &[255; 64], b"ARROW1\0\0"] {
        let found = told(run.insert("t", bad));
        assert!(
            found.starts_with("4: the data is not one Arrow IPC stream") && found.ends_with(hint),
            "{found}"
        );
    }
    for at in 0..good.len() {
        let mut turned = good.clone();
        turned[at] ^= 0xff;
        for bad in [&turned[..], &good[..at]] {
            if let Err(error) = run.insert("t", bad) {
                assert!(!format!("{error}").contains("ended"), "byte {at}: {error}");
            }
        }
    }
    assert_eq!(told(run.query("SELECT 1").map(|_| ())), "ok: ()");
    assert_eq!(store.process_id(), program);
}
