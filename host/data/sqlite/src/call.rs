//! One call. A statement is compiled in the guest's world, then compiled in the database, and stepped under the
//! run's budget.

use std::collections::BTreeSet;
use std::sync::Arc;

use fractalaw_data_call::{CallError, Failure, Quota, Stop};
use rusqlite::types::ValueRef;

use crate::catalogue::Table;
use crate::compile::{compile, names};
use crate::desk::Desk;
use crate::ffi::{self, Engine, Entered, Fault, Statement};
use crate::guard::{Phase, SharedGuard, lock};
use crate::joins;
use crate::kind::ColumnKind;
use crate::limits::{CALL_MEMORY_BYTES, RESULT_BYTES, SHORT_FUEL, SHORT_MEMORY_BYTES, SQL_BYTES};
use crate::messages;
use crate::price;
use crate::rows_out::RowsOut;
use crate::search;
use crate::shape;
use crate::touched::Touched;
use crate::work::{self, AtWork, SharedWork};
use crate::world::quoted;

/// The number of rows after which a result is paid for.
const ROWS_PAID_AT_ONCE: usize = 256;

pub(crate) struct Call<'a> {
    pub(crate) desk: &'a mut Desk,
    pub(crate) now_ms: Option<i64>,
    /// Whether it must be short, because the thread must not wait.
    pub(crate) is_short: bool,
}

/// What a statement is, after it was compiled in the guest's world.
struct Seen {
    reads_only: bool,
    /// It reads the schema, so the world answers it and not the database.
    of_schema: bool,
}

impl Call<'_> {
    pub(crate) fn query(&mut self, sql: &str) -> Result<Vec<u8>, Failure> {
        self.pay_statement(sql)?;
        let seen = self.see(sql)?;
        if !seen.reads_only {
            return Err(messages::not_a_query().into());
        }
        let desk = &mut *self.desk;
        if !seen.of_schema {
            compile(&mut desk.engine, &desk.guard, sql, self.now_ms, &desk.work)?;
            if !self.is_short {
                warm(desk);
            }
        }
        let names = names(desk, sql, seen.of_schema, self.now_ms)?;
        let (engine, guard) = if seen.of_schema {
            (&mut desk.world.engine, &desk.world.guard)
        } else {
            (&mut desk.engine, &desk.guard)
        };
        let _at_work = if self.is_short {
            // Steps of other statements may take long.
            let does = engine.last().map(|statement| statement.does);
            if does.is_none_or(|does| does.searches || does.looks_through || does.of_virtual) {
                return Err(Stop::Interrupted.into());
            }
            engine.enter_short(SHORT_MEMORY_BYTES, self.now_ms)
        } else {
            Entered::new(CALL_MEMORY_BYTES, self.now_ms)
        };
        let is_short = self.is_short;
        step(engine, guard, &desk.work, |statement, work| {
            rows(statement, names, work, is_short)
        })
    }

    pub(crate) fn execute(&mut self, sql: &str) -> Result<u64, Failure> {
        self.pay_statement(sql)?;
        if self.see(sql)?.reads_only {
            return Err(messages::only_reads().into());
        }
        self.change(|call| {
            let desk = &mut *call.desk;
            compile(&mut desk.engine, &desk.guard, sql, call.now_ms, &desk.work)?;
            warm(call.desk);
            let _at_work = Entered::new(CALL_MEMORY_BYTES, call.now_ms);
            step(
                &mut call.desk.engine,
                &call.desk.guard,
                &call.desk.work,
                |statement, _| {
                    while statement.step()? {}
                    Ok(())
                },
            )?;
            let rows = call.desk.engine.connection().changes();
            lock(&call.desk.work).count(Quota::Rows, rows)?;
            Ok(rows)
        })
    }

    /// Charges for a statement. One that is too long is refused and costs nothing here, because nobody reads it.
    fn pay_statement(&self, sql: &str) -> Result<(), Failure> {
        if sql.len() > SQL_BYTES {
            return Err(messages::too_long(sql.len()).into());
        }
        self.pay_call(sql.len(), price::SQL_BYTE)?;
        let shape = shape::of(sql, &self.desk.catalogue);
        shape.check()?;
        let mut work = lock(&self.desk.work);
        work.joined = shape.tables;
        let text = price::SQL_BYTE.saturating_mul(sql.len() as u64);
        work.prepaid = (work.prepaid.saturating_add(text)).saturating_add(shape.fuel);
        if shape.fuel > 0 {
            work.spend(shape.fuel)?;
        }
        Ok(())
    }

    /// Charges for a call before anything is done.
    pub(crate) fn pay_call(&self, bytes: usize, for_each: u64) -> Result<(), Failure> {
        let mut work = lock(&self.desk.work);
        work.ask(|budget| budget.look())?;
        work.count(Quota::Statements, 1)?;
        work.count(Quota::Bytes, bytes as u64)?;
        work.prepaid = price::CALL;
        work.spend(price::CALL.saturating_add(for_each.saturating_mul(bytes as u64)))?;
        Ok(())
    }

    /// Compiles a statement in the guest's world.
    fn see(&mut self, sql: &str) -> Result<Seen, Failure> {
        let world = &mut self.desk.world;
        let work = &self.desk.work;
        compile(&mut world.engine, &world.guard, sql, self.now_ms, work)?;
        let statement = world.engine.last().ok_or_else(messages::no_statement)?;
        messages::check(statement)?;
        if let Some(table) = joins::in_the_way(sql, &lock(&world.guard).rules) {
            return Err(messages::joins_by_names(table).into());
        }
        let reads_only = statement.is_read_only();
        let does = statement.does;
        // `VACUUM` changes no table. A statement that neither reads nor changes anything has no columns.
        if if reads_only {
            statement.columns() == 0
        } else {
            !does.changes_tables
        } {
            return Err(messages::not_for_guests().into());
        }
        if !reads_only && statement.columns() > 0 {
            return Err(messages::returning().into());
        }
        if does.reads_schema && (does.reads_tables || does.changes_tables) {
            return Err(messages::schema_and_tables().into());
        }
        Ok(Seen {
            reads_only,
            of_schema: does.reads_schema,
        })
    }

    /// Makes a change completely or not at all.
    pub(crate) fn change<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        {
            let mut work = lock(&self.desk.work);
            work.spend(price::CHANGE)?;
            work.changes_pages();
        }
        self.savepoint("SAVEPOINT call")?;
        let kept = |touched: &Touched| (touched.rows(), touched.written_bytes(), touched.fuel());
        let (rows_before, bytes_before, fuel_before) = kept(&lock(&self.desk.touched));
        let mut result = work(self);
        let ((rows, bytes, fuel), checked, beyond, perhaps_random) = {
            let mut touched = lock(&self.desk.touched);
            let beyond = touched.take_beyond();
            let perhaps_random = touched.take_perhaps_random();
            (kept(&touched), touched.check(), beyond, perhaps_random)
        };
        let changed = price::CHANGED_ROW
            .saturating_mul(rows.saturating_sub(rows_before) as u64)
            .saturating_add(price::CHANGED_BYTE.saturating_mul(bytes - bytes_before))
            .saturating_add(fuel - fuel_before);
        if let Err(stop) = checked {
            result = Err(stop.into());
        } else if let Err(stop) = lock(&self.desk.work).spend(changed) {
            result = Err(stop.into());
        } else if let Some(error) = beyond.filter(|_| result.is_ok()) {
            result = Err(error.into());
        } else if result.is_ok()
            && let Some(problem) = self.first_full(&perhaps_random).transpose()
        {
            result = Err(problem.map_or_else(
                |error| messages::engine(&error),
                |table| messages::has_largest_rowid(&table).into(),
            ));
        }
        if self.desk.engine.is_autocommit() {
            return result;
        }
        let end = if result.is_ok() {
            "RELEASE call"
        } else {
            "ROLLBACK TO call; RELEASE call"
        };
        self.savepoint(end)?;
        result
    }

    /// The first of these tables that has the largest rowid. SQLite then takes random rowids, which differ from run to run.
    fn first_full(&self, tables: &BTreeSet<String>) -> rusqlite::Result<Option<String>> {
        for table in tables {
            let Some(rowid) = self.desk.catalogue.get(table).and_then(Table::rowid) else {
                continue;
            };
            let (name, most) = (quoted(table), i64::MAX);
            let sql = format!("SELECT 1 FROM main.{name} WHERE {rowid} = {most}");
            let mut found = self.desk.engine.connection().prepare(&sql)?;
            if found.exists(())? {
                return Ok(Some(table.clone()));
            }
        }
        Ok(None)
    }

    /// Begins or ends what a change can be undone to. Full text then writes what it has kept, which takes steps: the run's budget
    /// can end meanwhile, and that is the reason for the failure.
    fn savepoint(&self, sql: &str) -> Result<(), Failure> {
        let done = self.desk.engine.connection().execute_batch(sql);
        done.map_err(|error| match lock(&self.desk.work).stopped {
            Some(stop) => stop.into(),
            None => messages::engine(&error),
        })
    }
}

/// Virtual tables keep some of what they read for as long as nobody else writes. The cost of a statement must not
/// depend on that. So they read it before the first statement of a run that uses one.
pub(crate) fn warm(desk: &mut Desk) {
    let does = desk.engine.last().map(|statement| statement.does);
    let does = does.unwrap_or_default();
    desk.is_used_up |= does.of_virtual && does.changes_tables;
    if !does.of_virtual || std::mem::replace(&mut desk.is_warm, true) {
        return;
    }
    let rules = Arc::clone(&lock(&desk.guard).rules);
    for table in rules.virtuals() {
        let name = quoted(table);
        // If this fails, the guest's own statement fails too and says why.
        let _ = desk.engine.connection().query_row(
            &format!("SELECT rowid FROM main.{name} WHERE {name} MATCH '\"fractalaw\"'"),
            (),
            |_| Ok(()),
        );
    }
}

/// Steps the statement that was compiled last with `drive`, and pays for it.
pub(crate) fn step<T>(
    engine: &mut Engine,
    guard: &SharedGuard,
    work: &SharedWork,
    drive: impl FnOnce(&mut Statement, &SharedWork) -> Result<T, Driven>,
) -> Result<T, Failure> {
    ffi::take_values();
    let does = engine.last().ok_or_else(messages::no_statement)?.does;
    if does.of_virtual {
        engine.forget_steps();
    }
    work::look_often_enough(engine, work, &does).map_err(|error| messages::engine(&error))?;
    let _affordable = engine.interrupt_beyond(lock(work).affordable_bytes());
    let statement = engine.last().ok_or_else(messages::no_statement)?;
    let _at_work = AtWork::new(work);
    search::begin();
    lock(guard).enter(Phase::Within);
    lock(work).begin_statement(&does);
    let noted = statement.note_pages();
    let driven = drive(statement, work);
    let steps = statement.take_steps();
    statement.reset();
    drop(noted);
    let mut guard = lock(guard);
    guard.enter(Phase::Host);
    let refused = guard.refused.take();
    let paid = lock(work).pay_rest(steps);
    if ffi::memory_refused() {
        return Err(Stop::Quota(Quota::CallMemory).into());
    }
    // If the run was stopped, that is the reason for the failure.
    paid?;
    if let Some(too_much) = search::take_refused() {
        return Err(messages::search(too_much).into());
    }
    driven.map_err(|driven| match driven {
        Driven::Fault(fault) => messages::failed(&fault, refused, &guard.rules).into(),
        Driven::Failure(failure) => failure,
    })
}

/// Why stepping ended early.
pub(crate) enum Driven {
    Fault(Fault),
    Failure(Failure),
}

impl From<Fault> for Driven {
    fn from(fault: Fault) -> Driven {
        Driven::Fault(fault)
    }
}

impl From<Stop> for Driven {
    fn from(stop: Stop) -> Driven {
        Driven::Failure(stop.into())
    }
}

impl From<CallError> for Driven {
    fn from(error: CallError) -> Driven {
        Driven::Failure(error.into())
    }
}

/// All rows of a query. They are paid for before the guest gets them.
fn rows(
    statement: &mut Statement,
    names: Vec<String>,
    work: &SharedWork,
    is_short: bool,
) -> Result<Vec<u8>, Driven> {
    let columns = statement.columns();
    let kinds: Vec<(String, ColumnKind)> = names
        .into_iter()
        .enumerate()
        .map(|(column, name)| {
            let declared = statement.declared(column).unwrap_or_default();
            (name, ColumnKind::of(&declared))
        })
        .collect();
    let most_bytes = match is_short {
        // More is not paid for with the fuel of a short query.
        true => SHORT_FUEL / price::BYTE,
        false => RESULT_BYTES as u64,
    };
    let mut out = RowsOut::new(kinds.into_iter(), most_bytes);
    let (mut paid_bytes, mut paid_rows) = (0, 0);
    let mut pay = |rows: usize, bytes: u64| {
        let (more_rows, more_bytes) = ((rows - paid_rows) as u64, bytes - paid_bytes);
        (paid_rows, paid_bytes) = (rows, bytes);
        let mut work = lock(work);
        work.count(Quota::Rows, more_rows)?;
        work.count(Quota::Bytes, more_bytes)?;
        let row = price::ROW.saturating_add(price::VALUE.saturating_mul(columns as u64));
        work.spend(
            row.saturating_mul(more_rows)
                .saturating_add(price::BYTE.saturating_mul(more_bytes)),
        )
    };
    let read = loop {
        match statement.step() {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(fault) => break Err(Driven::from(fault)),
        }
        let row = &*statement;
        if let Err(error) = out.push(|column| -> ValueRef<'_> { row.value(column) }) {
            break Err(match is_short && out.is_over() {
                true => Stop::Interrupted.into(),
                false => error.into(),
            });
        }
        if out.rows().is_multiple_of(ROWS_PAID_AT_ONCE) {
            pay(out.rows(), out.bytes())?;
        }
    };
    // What was read before a failure was work too.
    pay(out.rows(), out.bytes())?;
    read?;
    Ok(out.finish()?)
}
