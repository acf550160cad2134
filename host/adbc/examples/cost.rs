//! Measures what the program between host and driver costs. The same statements run with the driver in this
//! process, and through the program.
//!
//! `cargo xtask drivers && cargo build --release -p fractalaw-adbc && cargo run --release -p fractalaw-adbc
//! --example cost`

use std::path::{Path, PathBuf};
use std::time::Instant;

use adbc_core::options::{AdbcVersion, OptionDatabase, OptionValue};
use adbc_core::{Connection, Database, Driver, Statement};
use adbc_driver_manager::{ManagedConnection, ManagedDriver};
use anyhow::{Context, Result};
use arrow_ipc::writer::StreamWriter;
use fractalaw_adbc_client::{Access, Run, Settings, Store, Unlimited};

const MANY: u32 = 1_000_000;

fn main() -> Result<()> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3).context("no target folder")?;
    let program = target.join("release/fractalaw-adbc");
    for (name, library, entrypoint, option) in [
        (
            "sqlite",
            "libadbc_driver_sqlite.so",
            "AdbcDriverInit",
            "uri",
        ),
        ("duckdb", "libduckdb.so", "duckdb_adbc_init", "path"),
    ] {
        let driver = target.join("tools/adbc").join(name).join(library);
        if !driver.is_file() {
            println!("SKIPPED {name}: run `cargo xtask drivers`");
            continue;
        }
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("cost.db");
        {
            let own = own(&driver, entrypoint, option, &path)?;
            measure_own(name, own)?;
        }
        let settings = Settings {
            driver: name.to_owned(),
            path: Some(path),
            uri: None,
            library: Some(driver),
            entrypoint: None,
            options: Default::default(),
        };
        measure_program(name, &settings, &program)?;
    }
    Ok(())
}

fn own(driver: &Path, entrypoint: &str, option: &str, path: &Path) -> Result<ManagedConnection> {
    let mut loaded = ManagedDriver::load_dynamic_from_filename(
        PathBuf::from(driver),
        Some(entrypoint.as_bytes()),
        AdbcVersion::V110,
    )?;
    let place = OptionValue::String(path.to_string_lossy().into_owned());
    let database = loaded.new_database_with_opts([(OptionDatabase::from(option), place)])?;
    Ok(database.new_connection()?)
}

fn measure_own(name: &str, mut connection: ManagedConnection) -> Result<()> {
    for sql in [
        "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT)".to_owned(),
        format!("INSERT INTO t {}", numbers()),
    ] {
        let mut statement = connection.new_statement()?;
        statement.set_sql_query(&sql)?;
        statement.execute_update()?;
    }
    let mut query = |sql: &str| -> Result<usize> {
        let mut statement = connection.new_statement()?;
        statement.set_sql_query(sql)?;
        let rows = statement.execute()?;
        let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema())?;
        for batch in rows {
            writer.write(&batch?)?;
        }
        Ok(writer.into_inner()?.len())
    };
    show(name, "in this process", &mut query)
}

fn measure_program(name: &str, settings: &Settings, program: &Path) -> Result<()> {
    let started = Instant::now();
    let store = Store::open(settings, program)?;
    println!(
        "{name}: start and open: {:.1} ms",
        started.elapsed().as_secs_f64() * 1e3
    );
    let begin = |store: &Store| store.run(Access::Write, Box::new(Unlimited::default()));
    let mut runs = median(200, || {
        let mut run = begin(&store);
        run.query("SELECT 1")?;
        run.end(true)?;
        Ok(())
    })?;
    runs *= 1e6;
    println!("{name}: a run with one query, from connecting to commit: {runs:.0} µs");
    let mut run: Run = begin(&store);
    let mut query = |sql: &str| -> Result<usize> { Ok(run.query(sql)?.len()) };
    show(name, "through the program", &mut query)
}

fn show(name: &str, how: &str, query: &mut impl FnMut(&str) -> Result<usize>) -> Result<()> {
    let point = median(2_000, || {
        query("SELECT name FROM t WHERE id = 4711").map(|_| ())
    })?;
    let all = median(5, || query("SELECT id, name FROM t").map(|_| ()))?;
    println!(
        "{name}, {how}: a row by key {:.0} µs, {MANY} rows {:.0} ms",
        point * 1e6,
        all * 1e3
    );
    Ok(())
}

/// In seconds.
fn median(times: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut took = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        work()?;
        took.push(started.elapsed().as_secs_f64());
    }
    took.sort_by(f64::total_cmp);
    Ok(took[times / 2])
}

fn numbers() -> String {
    format!(
        "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 1000) \
         SELECT a.n * 1000 + b.n, 'a name of some length' FROM x a, x b LIMIT {MANY}"
    )
}
