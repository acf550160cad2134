//! Nanoseconds for a unit of fuel, for statements of many kinds and for those that attack. They are those of the processor, so
//! that other load on the machine counts little.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fractalaw_measure::pairs::median;
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};
use fractalaw_sqlite::{Budget, Conditions, Grants, Quota, Run, Stop, Store, Unlimited, Used};
use rustix::time::{ClockId, clock_gettime};

use crate::{attacks, compiled, schemas, searches, statements, streams, values};

/// The bound: a unit of fuel takes at most so many times as long as in the median statement.
const BAR: f64 = 4.0;

/// What an attack may use: as much as a run of the smallest tier.
const ATTACK_FUEL: u64 = 100_000_000;

/// For so long, statements with a new text each time are measured at least. Short ones take some microseconds.
const NEW_TEXTS: Duration = Duration::from_millis(20);

/// What was measured of one statement.
struct Measured {
    name: &'static str,
    time: Duration,
    used: Used,
}

impl Measured {
    #[expect(clippy::cast_precision_loss, reason = "far below what a float holds")]
    fn unit(&self) -> f64 {
        self.time.as_nanos() as f64 / self.used.fuel.max(1) as f64
    }
}

/// Ours is the statement, the reference is the median statement.
pub(crate) fn statements(_: &Flags, table: &mut Table) -> Result<()> {
    let store = Store::temporary(|connection| connection.execute_batch(statements::SET_UP))
        .context("cannot make the tables")?;
    let measured: Vec<Measured> = statements::STATEMENTS
        .iter()
        .map(|(name, sql)| whole(&store, name, &Does::of(sql)))
        .chain(streams::ordinary()?.iter().map(|stream| {
            let does = Does::Inserts(stream.table, &stream.bytes);
            whole(&store, stream.name, &does)
        }))
        .collect::<Result<_>>()?;
    let middle = median(measured.iter().map(Measured::unit).collect());
    show(&measured, middle);
    add(table, "data/fuel", &measured, middle);
    let set_up = [
        attacks::SET_UP,
        streams::SET_UP,
        searches::SET_UP,
        &compiled::set_up(),
        &schemas::set_up(),
    ]
    .concat();
    let store = Store::temporary(|connection| connection.execute_batch(&set_up))
        .context("cannot make the tables of the attacks")?;
    let mut attacked: Vec<Measured> = attacks::attacks()
        .into_iter()
        .chain(values::attacks())
        .chain(searches::attacks())
        .map(|(name, sql)| until_it_ends(&store, name, &Does::of(&sql), false))
        .chain(streams::attacks()?.iter().map(|stream| {
            let does = Does::Inserts(stream.table, &stream.bytes);
            until_it_ends(&store, stream.name, &does, false)
        }))
        .collect::<Result<_>>()?;
    for (name, sql) in compiled::attacks().into_iter().chain(schemas::attacks()) {
        attacked.push(until_it_ends(&store, name, &Does::of(&sql), true)?);
    }
    show(&attacked, middle);
    add(table, "data/attack", &attacked, middle);
    Ok(())
}

fn add(table: &mut Table, kind: &str, measured: &[Measured], middle: f64) {
    for one in measured {
        table.add(Row {
            name: format!("{kind}: {}", one.name),
            unit: Unit::NanosecondsPerFuel,
            ours: one.unit(),
            reference: middle,
            ratio: one.unit() / middle,
            bar: Some(Bar::AtMost(BAR)),
        });
    }
}

/// What SQLite counted, for whoever sets prices.
fn show(measured: &[Measured], middle: f64) {
    eprintln!(
        "| statement | µs | fuel | steps | pages | copied | held KiB·steps | large KiB | ns a unit | times the median |"
    );
    eprintln!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for one in measured {
        let (used, unit) = (one.used, one.unit());
        eprintln!(
            "| {} | {:.1} | {} | {} | {} | {} | {} | {} | {unit:.3} | {:.2} |",
            one.name,
            one.time.as_secs_f64() * 1e6,
            used.fuel,
            used.steps,
            used.pages,
            used.copied_pages,
            used.held_kib_steps,
            used.large_kib,
            unit / middle
        );
    }
}

/// The least time of at least five. A statement that changes something is rolled back after each time.
fn whole(store: &Store, name: &'static str, does: &Does<'_>) -> Result<Measured> {
    let changes = !matches!(does, Does::Reads(_));
    let grants = Arc::new(Grants::new(&["*"], if changes { &["*"] } else { &[] })?);
    let mut least = Duration::MAX;
    let mut used = Used::default();
    let began = Instant::now();
    let mut rounds = 0;
    while rounds < 5 || began.elapsed() < Duration::from_millis(300) {
        let budget = Box::new(Unlimited::default());
        let mut run = store.run(Arc::clone(&grants), Conditions::default(), budget);
        // This begins the transaction and compiles a statement once.
        run.query("SELECT 2")?;
        let before = run.used();
        let start = processor_time();
        does.on(&mut run).with_context(|| format!("`{name}`"))?;
        used = difference(run.used(), before);
        if changes {
            // The work that is left until the end counts too.
            let prepared = run.prepare(Some("run"))?;
            least = least.min(processor_time() - start);
            prepared.settle(false)?;
        } else {
            least = least.min(processor_time() - start);
        }
        rounds += 1;
    }
    Ok(Measured {
        name,
        time: least,
        used,
    })
}

/// An attack, until its fuel is gone or it has an answer. It may be an error. If compiling is what takes long, the text is another one each time,
/// because a connection keeps statements ready.
fn until_it_ends(
    store: &Store,
    name: &'static str,
    does: &Does<'_>,
    is_new: bool,
) -> Result<Measured> {
    let grants = Arc::new(Grants::new(&["*"], &["*"])?);
    let mut least = Duration::MAX;
    let mut used = Used::default();
    let began = Instant::now();
    let mut rounds = 0;
    while rounds < if is_new { 9 } else { 3 } || is_new && began.elapsed() < NEW_TEXTS {
        let mut run = store.run(
            Arc::clone(&grants),
            Conditions::default(),
            Box::new(Purse(ATTACK_FUEL)),
        );
        run.query("SELECT 2")?;
        let before = run.used();
        let text = does
            .text()
            .map(|sql| format!("{sql} --{}", 100_000 + rounds));
        let does = text.as_deref().filter(|_| is_new).map_or(*does, Does::of);
        let start = processor_time();
        let ended = does.on(&mut run);
        let mut took = processor_time() - start;
        used = difference(run.used(), before);
        let end = match &ended {
            Ok(()) => run.prepare(None).map(Some),
            Err(_) => run.discard().map(|_| None),
        };
        // What a run does when it ends is not the work of a statement that only reads.
        if !matches!(does, Does::Reads(_)) {
            took = processor_time() - start;
        }
        least = least.min(took);
        let how = match (ended, end) {
            (Err(failure), _) => failure.to_string(),
            (_, Err(error)) => error.to_string(),
            _ => "done".to_owned(),
        };
        if least > Duration::from_secs(1) || std::env::var_os("SHOW_ENDS").is_some() {
            eprintln!("{name}: {took:?}, {how}");
        }
        rounds += 1;
    }
    Ok(Measured {
        name,
        time: least,
        used,
    })
}

/// A call.
#[derive(Clone, Copy)]
enum Does<'a> {
    Reads(&'a str),
    Changes(&'a str),
    /// The table and the stream.
    Inserts(&'a str, &'a [u8]),
}

impl Does<'_> {
    fn of(sql: &str) -> Does<'_> {
        match sql.starts_with("SELECT") || sql.starts_with("WITH") {
            true => Does::Reads(sql),
            false => Does::Changes(sql),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Does::Reads(sql) | Does::Changes(sql) => Some(sql),
            Does::Inserts(..) => None,
        }
    }

    fn on(&self, run: &mut Run) -> Result<(), fractalaw_sqlite::Failure> {
        match self {
            Does::Reads(sql) => run.query(sql).map(drop),
            Does::Changes(sql) => run.execute(sql).map(drop),
            Does::Inserts(table, stream) => run.insert(table, stream).map(drop),
        }
    }
}

/// The time that this thread has had a processor. SQLite works on the thread that asks it.
fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(now).unwrap_or_default()
}

fn difference(after: Used, before: Used) -> Used {
    Used {
        fuel: after.fuel - before.fuel,
        steps: after.steps - before.steps,
        rows: after.rows - before.rows,
        pages: after.pages - before.pages,
        copied_pages: after.copied_pages - before.copied_pages,
        large_kib: after.large_kib - before.large_kib,
        held_kib_steps: after.held_kib_steps - before.held_kib_steps,
    }
}

/// Fuel that ends.
struct Purse(u64);

impl Budget for Purse {
    fn spend(&mut self, fuel: u64) -> Result<(), Stop> {
        let left = self.0.checked_sub(fuel);
        self.0 = left.unwrap_or(0);
        left.map(|_| ()).ok_or(Stop::OutOfFuel)
    }

    fn count(&mut self, _: Quota, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn spare_fuel(&self) -> u64 {
        self.0
    }

    fn look(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
