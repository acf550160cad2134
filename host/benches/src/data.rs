//! Data as a guest sees it: through the host, in a pooled and metered run.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fractalaw_data::Data;
use fractalaw_host::{Host, Limits, MicroApp, Report, Run, Section, Tier};
use fractalaw_measure::pairs::{self, Pair};
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The queries of one run.
const QUERIES: u32 = 1_000;

/// What one query may take longer than rusqlite's.
const ALLOWED: Duration = Duration::from_micros(15);

/// The cases of the guest that attacks data, and their database.
const ATTACKS: &str = "tests/cases/hostile-queries";

/// As the cases grant it.
const GRANTS: &str = "data.read = [\"reading\", \"page\", \"words\", \"keys\", \"made\",
    \"first\", \"second\", \"third\", \"dense\", \"middle\"]
data.write = [\"reading\", \"keys\", \"first\", \"second\", \"third\", \"dense\", \"middle\"]";

const SET_UP: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) INSERT INTO t SELECT i, i * 7, i / 3.0, 'name ' || i FROM n";

/// A host with data, and a database.
struct Lab {
    runtime: Runtime,
    host: Host,
    file: PathBuf,
    _folder: TempDir,
}

impl Lab {
    fn new(set_up: &str) -> Result<Lab> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("data.db");
        Connection::open(&file)?
            .execute_batch(set_up)
            .context("cannot make the tables")?;
        Ok(Lab {
            runtime: Builder::new_current_thread().enable_time().build()?,
            host: Host::builder().offer(Data::new()).build()?,
            file,
            _folder: folder,
        })
    }

    fn run(&self, tables: &str) -> Result<Run> {
        let lines = format!(
            "interfaces.\"fractal:app/data-query\" = true\ninterfaces.\"fractal:app/data-mutate\" = true\n\
             data.file = \"{}\"\n{tables}",
            self.file.display()
        );
        Ok(Run::new().grant(Section::parse(&lines)?))
    }

    fn ran(&self, app: &MicroApp, run: &Run) -> Result<Report> {
        Ok(self.runtime.block_on(self.host.run(app, run))?)
    }
}

/// The guest of the tests of `host/data`, with this as what it does.
fn guest(fields: &str, body: &str) -> Result<Vec<u8>> {
    let text = include_str!("../../data/tests/components/statements.wat")
        .replace("{data}", fields)
        .replace("{body}", body);
    Ok(wat::parse_str(text)?)
}

/// A row by its key, again and again, beside rusqlite with a statement that stays prepared.
pub(crate) fn point_query(_: &Flags, table: &mut Table) -> Result<()> {
    let lab = Lab::new(SET_UP)?;
    let run = lab
        .run("data.read = [\"t\"]\ndata.write = []")?
        .tier(Tier::Heavy);
    let connection = Connection::open(&lab.file)?;
    for (name, stride) in [("the same key", 0), ("another key each time", 31)] {
        let fields = include_str!("data.wat")
            .replace("{queries}", &QUERIES.to_string())
            .replace("{stride}", &stride.to_string());
        let body = "(loop $again (call $write-key)
            (if (call $try-query (i32.const 1024) (i32.const 36)) (then (return (i32.const 16))))
            (global.set $left (i32.sub (global.get $left) (i32.const 1)))
            (br_if $again (global.get $left)))";
        let app = lab.host.load(&guest(&fields, body)?)?;
        let report = lab.ran(&app, &run)?;
        ensure!(report.outcome.kind() == "completed", "{}", report.outcome);
        let fuel = report.fuel.consumed() / u64::from(QUERIES);
        let mut statement = connection.prepare("SELECT name FROM t WHERE id = ?1")?;
        let pair = pairs::measure(
            12,
            || {
                black_box(lab.ran(&app, &run).expect("it ran before"));
                QUERIES
            },
            || {
                for i in 1..=QUERIES {
                    let key = 1 + (i * stride) % 100_000;
                    let name: String = statement
                        .query_row((key,), |row| row.get(0))
                        .expect("the row is there");
                    black_box(name);
                }
                QUERIES
            },
        );
        eprintln!(
            "  {name}: {fuel} fuel, {:.3} ns/fuel",
            pair.ours.as_secs_f64() * 1e9 / fuel as f64
        );
        beside(table, &format!("data/point query, {name}"), pair);
    }
    Ok(())
}

/// One row for the figures, and one for what is allowed.
fn beside(table: &mut Table, name: &str, pair: Pair) {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let (ours, reference) = (micros(pair.ours), micros(pair.reference));
    table.add(Row {
        name: format!("{name}, beside rusqlite"),
        unit: Unit::Microseconds,
        ours,
        reference,
        ratio: pair.ratio,
        bar: None,
    });
    table.add(Row {
        name: format!("{name}: over rusqlite, of what is allowed"),
        unit: Unit::Microseconds,
        ours: ours - reference,
        reference: micros(ALLOWED),
        ratio: (ours - reference) / micros(ALLOWED),
        bar: Some(Bar::AtMost(1.0)),
    });
}

/// `hello-world` on a host that offers data, beside one that does not.
pub(crate) fn warm(flags: &Flags, table: &mut Table) -> Result<()> {
    const BATCH: u32 = 500;
    let component = fs::read(flags.guests.join("hello-world.wasm"))?;
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let (with, without) = (
        Host::builder().offer(Data::new()).build()?,
        Host::builder().build()?,
    );
    let apps = (with.load(&component)?, without.load(&component)?);
    let run = Run::new();
    let batch = |host: &Host, app: &MicroApp| {
        runtime.block_on(async {
            for _ in 0..BATCH {
                black_box(host.run(app, &run).await.expect("it ran before"));
            }
        });
        BATCH
    };
    let pair = pairs::measure(60, || batch(&with, &apps.0), || batch(&without, &apps.1));
    table.add(Row {
        name: "data/warm hello-world with data offered, beside without".to_owned(),
        unit: Unit::Microseconds,
        ours: pair.ours.as_secs_f64() * 1e6,
        reference: pair.reference.as_secs_f64() * 1e6,
        ratio: pair.ratio,
        bar: Some(Bar::AtMost(1.05)),
    });
    Ok(())
}

/// Each attack of the guest `hostile-queries` with the whole budget of its tier, beside the tier's deadline.
pub(crate) fn attacks(flags: &Flags, table: &mut Table) -> Result<()> {
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
    };
    let set_up = ["readings.sql", "attacks.sql"].map(|name| read(&Path::new(ATTACKS).join(name)));
    let [readings, attacked] = set_up;
    let lab = Lab::new(&(readings? + &attacked?))?;
    let app = lab
        .host
        .load_file(flags.guests.join("hostile-queries.wasm"))?;
    let mut names: Vec<String> = fs::read_dir(ATTACKS)
        .with_context(|| format!("cannot list `{ATTACKS}`"))?
        .filter_map(|entry| {
            Some(
                entry
                    .ok()?
                    .file_name()
                    .to_str()?
                    .strip_suffix(".toml")?
                    .to_owned(),
            )
        })
        .collect();
    names.sort();
    for name in names {
        let run = lab.run(GRANTS)?.arg(&name);
        let report = lab.ran(&app, &run)?;
        let deadline = Limits::of(Tier::Lightweight).deadline;
        table.add(Row {
            name: format!("data/attack of a guest: {name}, {}", report.outcome.kind()),
            unit: Unit::Milliseconds,
            ours: report.durations.run.as_secs_f64() * 1e3,
            reference: deadline.as_secs_f64() * 1e3,
            ratio: report.durations.run.as_secs_f64() / deadline.as_secs_f64(),
            // Ending takes some milliseconds after the deadline.
            bar: Some(Bar::AtMost(1.05)),
        });
    }
    Ok(())
}
