//! A million rows as an Arrow stream, beside rusqlite reading the same rows and beside an ADBC driver.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context, Result};
use fractalaw_adbc_client::{Access, Settings};
use fractalaw_measure::pairs::{self, Pair};
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};
use fractalaw_sqlite::{Conditions, Grants, Store, Unlimited};
use rusqlite::Connection;

const SET_UP: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) INSERT INTO t SELECT i, i * 7, i / 3.0, 'name ' || i FROM n";
const ALL: &str = "SELECT id, n, r, name FROM t";
const BATCHES: usize = 8;

/// Ours is at most 1.2 times the faster of the two.
pub(crate) fn million(flags: &Flags, table: &mut Table) -> Result<()> {
    let store = Store::temporary(|connection| connection.execute_batch(SET_UP))?;
    let grants = Arc::new(Grants::new(&["t"], &[])?);
    let ours = || {
        let budget = Box::new(Unlimited::default());
        let mut run = store.run(Arc::clone(&grants), Conditions::default(), budget);
        black_box(run.query(ALL).expect("it is granted").len());
        1
    };
    let connection = Connection::open(store.path()).context("cannot open the same file")?;
    let pair = pairs::measure(BATCHES, ours, || {
        black_box(read(&connection).expect("the table is there"));
        1
    });
    add(table, "rusqlite", pair);
    let folder = flags.records.parent().unwrap_or(&flags.records);
    let library = folder.join("tools/adbc/sqlite/libadbc_driver_sqlite.so");
    let program = flags.fractalaw.with_file_name("fractalaw-adbc");
    if !library.is_file() || !program.is_file() {
        eprintln!(
            "SKIPPED data/million-rows beside an ADBC driver: the driver or its program is not there\n\
             hint: `cargo xtask drivers`, then `cargo xtask bench data` builds the program"
        );
        return Ok(());
    }
    let settings = Settings {
        driver: "sqlite".to_owned(),
        path: Some(store.path().to_owned()),
        uri: None,
        library: Some(library),
        entrypoint: None,
        options: Default::default(),
    };
    let other = fractalaw_adbc_client::Store::open(&settings, &program)
        .context("cannot open the file with the driver")?;
    let pair = pairs::measure(BATCHES, ours, || {
        let mut run = other.run(Access::Read, Box::new(Unlimited::default()));
        black_box(run.query(ALL).expect("the table is there").len());
        1
    });
    add(table, "ADBC's SQLite driver", pair);
    Ok(())
}

fn add(table: &mut Table, beside: &str, pair: Pair) {
    table.add(Row {
        name: format!("data/1000000 rows, beside {beside}"),
        unit: Unit::Milliseconds,
        ours: pair.ours.as_secs_f64() * 1e3,
        reference: pair.reference.as_secs_f64() * 1e3,
        ratio: pair.ratio,
        bar: Some(Bar::AtMost(1.2)),
    });
}

/// The vectors that a program without Arrow would read the rows into.
type Columns = (Vec<i64>, Vec<i64>, Vec<f64>, Vec<String>);

fn read(connection: &Connection) -> rusqlite::Result<Columns> {
    let mut statement = connection.prepare(ALL)?;
    let mut rows = statement.query(())?;
    let mut columns = Columns::default();
    while let Some(row) = rows.next()? {
        columns.0.push(row.get(0)?);
        columns.1.push(row.get(1)?);
        columns.2.push(row.get(2)?);
        columns.3.push(row.get(3)?);
    }
    Ok(columns)
}
