//! Arrow streams of a guest, inserted into a table with a column of each type.
//!
//! An input is a stream as it stands, or a list of edits of a valid one (`streams/edits.rs`). Each is inserted on
//! two databases, of which one was used before, and both must do the same. What was inserted can be read, and what
//! was read can be inserted again.

mod edits;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use fractalaw_sqlite::{Code, Failure, Grants, Store, Used};

use crate::data::{self, Purse};

const FUEL: u64 = 20_000_000;

/// Both tables take what the other gives.
const SET_UP: &str = "
CREATE TABLE typed (i INTEGER, r REAL, s TEXT, b BLOB, o BOOLEAN, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, n DECIMAL(10,2),
    v FLOAT[2], x, g INTEGER AS (i + 1), k INTEGER DEFAULT 7);
CREATE TABLE again (i INTEGER, r REAL, s TEXT, b BLOB, o BOOLEAN, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, n DECIMAL(10,2),
    v FLOAT[2], x, k INTEGER);
CREATE TABLE sample (i INTEGER, r REAL, s TEXT, b BLOB, o BOOLEAN, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, n DECIMAL(10,2),
    v FLOAT[2], x);
INSERT INTO sample VALUES (1, 2.5, 'text', x'00ff', 1, '2025-01-02', '2025-01-02 03:04:05', '2025-01-02T03:04:05Z', 12.5,
    x'0000803f00000040', 'any'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (-9223372036854775808, -1e308, '', x'', 0, '0001-01-01', '9999-12-31 23:59:59.999999', '1969-12-31T23:59:59Z', '9.99',
    x'000080ff0000c07f', 'other');
";

thread_local! {
    /// A static would never be dropped, and its files would stay when the process has ended.
    static STORES: [Store; 2] = {
        let set_up = format!("{SET_UP}{}", mixture());
        [(); 2].map(|()| {
            Store::temporary(|connection| connection.execute_batch(&set_up))
                .expect("the tables can be made")
        })
    };
}

/// Streams of queries, and those of Arrow's own writer.
static VALID: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| [read(), WRITTEN.clone()].into_iter().flatten().collect());

/// The streams with which `host/data/arrow` is tested.
static WRITTEN: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/arrow/tests/streams");
    let mut files: Vec<_> = fs::read_dir(folder)
        .map(|entries| {
            entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .collect()
        })
        .unwrap_or_default();
    files.sort();
    files
        .iter()
        .filter_map(|file| fs::read(file).ok())
        .collect()
});

/// A table with the columns of all those streams.
fn mixture() -> String {
    let mut columns = BTreeMap::new();
    for stream in WRITTEN.iter() {
        let stream = fractalaw_arrow::read(stream).expect("the streams are valid");
        for field in stream.fields() {
            let name = format!("{:?}", field.data_type);
            let declared = ["Date", "Timestamp", "Decimal"]
                .into_iter()
                .find(|start| name.starts_with(start));
            columns.insert(
                field.name.to_ascii_lowercase(),
                declared.unwrap_or_default(),
            );
        }
    }
    let columns: Vec<_> = columns
        .iter()
        .map(|(name, declared)| format!(", \"{name}\" {declared}"))
        .collect();
    format!("CREATE TABLE mixture (\"no\" {});", columns.concat())
}

fn grants() -> Arc<Grants> {
    Arc::new(Grants::new(&["*"], &["*"]).expect("these are grants"))
}

/// What an insert did, as far as its guest or its report can see it.
#[derive(Debug, PartialEq)]
struct Attempt {
    inserted: Result<u64, Failure>,
    used: Used,
    changed: String,
}

pub(crate) fn run(bytes: &[u8]) {
    let stream = edits::stream(bytes, &VALID);
    STORES.with(|[one, other]| {
        let first = attempt(one, &stream);
        other
            .run(grants(), data::CONDITIONS, Box::new(Purse::new(FUEL)))
            .query("SELECT count(*) FROM typed")
            .expect("it is granted");
        assert_eq!(first, attempt(other, &stream));
    });
}

fn attempt(store: &Store, stream: &[u8]) -> Attempt {
    let mut run = store.run(grants(), data::CONDITIONS, Box::new(Purse::new(FUEL)));
    let mut inserted = run.insert("typed", stream);
    let is_other = |failure: &Failure| matches!(failure, Failure::Call(error) if error.code == Code::NoSuchName);
    let mut is_typed = true;
    if inserted.as_ref().is_err_and(is_other) {
        inserted = run.insert("mixture", stream);
        is_typed = false;
    }
    data::count("inserted", &inserted);
    if is_typed && matches!(inserted, Ok(1..=1_000)) {
        let read = run.query("SELECT i, r, s, b, o, d, ts, tz, n, v, x, k FROM typed");
        // A column without a type may hold values that are not of one type.
        match read {
            Ok(read) => {
                let again = run.insert("again", &read);
                assert!(
                    matches!(again, Err(Failure::Stop(_))) || again == inserted,
                    "{again:?} and not {inserted:?}"
                );
            }
            Err(Failure::Call(error)) => assert!(error.message.contains("`x`"), "{error}"),
            Err(Failure::Stop(_)) => {}
        }
    }
    let used = run.used();
    data::within(used, FUEL);
    let changes = match run.prepare(None) {
        Ok(prepared) => prepared.settle(false).expect("it can be undone"),
        Err(_) => Vec::new(),
    };
    let rows = |table: &str| {
        let found = changes.iter().find(|changes| changes.table == table);
        found.map_or(0, |changes| changes.rows.len() as u64)
    };
    // All rows are added or none.
    if inserted.is_err() {
        let all = ["typed", "again", "mixture"].map(rows);
        assert_eq!(all, [0; 3], "{inserted:?}");
    }
    Attempt {
        changed: format!("{changes:?}"),
        inserted,
        used,
    }
}

/// Each valid stream as it stands, and edits of it.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = VALID.iter().map(|stream| edits::plain(stream)).collect();
    for (at, _) in VALID.iter().enumerate() {
        for seed in 0..4_u64 {
            let mut random = crate::mutate::Random::new(seed * 1_000 + at as u64);
            let mut edits = vec![at as u8];
            edits.extend((0..24).map(|_| random.next() as u8));
            seeds.push(edits);
        }
    }
    seeds
}

/// The streams of queries, from which edits begin.
fn read() -> Vec<Vec<u8>> {
    let mut run =
        STORES.with(|[store, _]| store.run(grants(), data::CONDITIONS, Box::new(Purse::new(FUEL))));
    [
        "SELECT * FROM sample",
        "SELECT i, s FROM sample WHERE 0",
        "SELECT i AS k, s AS x FROM sample",
        "SELECT v, b, n FROM sample",
        "SELECT 1 AS i, 'a' AS I",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT i, 'row ' || i AS s FROM n",
        "SELECT NULL AS s, 1 AS absent",
    ]
    .iter()
    .map(|sql| run.query(sql).expect("it can be read"))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_streams_are_inserted_and_others_are_refused() {
        let attempts = seeds().into_iter().map(|seed| {
            let stream = edits::stream(&seed, &VALID);
            STORES.with(|[store, _]| attempt(store, &stream).inserted.is_ok())
        });
        let (good, bad): (Vec<_>, Vec<_>) = attempts.partition(|good| *good);
        assert!(
            good.len() > 4 && bad.len() > 8,
            "{} {}",
            good.len(),
            bad.len()
        );
    }
}
