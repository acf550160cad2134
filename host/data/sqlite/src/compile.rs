//! Statements are made ready: in the guest's world, and in the database under the guard.

use fractalaw_data_call::Failure;

use crate::desk::Desk;
use crate::ffi::{self, Engine, Entered};
use crate::guard::{Phase, SharedGuard, lock};
use crate::limits::{CALL_MEMORY_BYTES, PLANS_BETWEEN_LOOKS, STEPS_BETWEEN_LOOKS};
use crate::messages;
use crate::names_out;
use crate::not_compiled::not_compiled;
use crate::price;
use crate::words;
use crate::work::{self, SharedWork};

/// Makes the statement ready on this connection. It is then the one that was prepared last.
pub(crate) fn compile(
    engine: &mut Engine,
    guard: &SharedGuard,
    sql: &str,
    now_ms: Option<i64>,
    work: &SharedWork,
) -> Result<(), Failure> {
    let _at_work = Entered::new(CALL_MEMORY_BYTES, now_ms);
    lock(guard).enter(Phase::Guest);
    let is_new = !engine.is_ready(sql);
    if is_new {
        look_after(engine, work, PLANS_BETWEEN_LOOKS)?;
        lock(work).begin_compiling();
        ffi::take_freed();
    }
    let prepared = engine.prepare(sql).map(drop);
    let mut plans = 0;
    let mut compiling = price::PIECE.saturating_mul(ffi::take_freed());
    if is_new {
        plans = lock(work).end_compiling();
    }
    look_after(engine, work, STEPS_BETWEEN_LOOKS)?;
    let mut does = {
        let mut guard = lock(guard);
        guard.enter(Phase::Host);
        guard.does()
    };
    if let (Ok(()), Some(statement)) = (&prepared, engine.last()) {
        if is_new {
            words::read(sql, &mut does);
            does.searches |= statement.builds_index();
            // SQLite does not ask the guard about a table of which a statement reads only what `NATURAL` or `USING` compare.
            does.of_virtual |= statement.uses_virtual_table();
            statement.does = does;
            statement.plans = plans;
            let columns = statement.columns();
            let bytes = names_out::of(statement).iter().map(String::len).sum();
            statement.compiling = compiling
                .saturating_add(price::program(statement.operations(), columns))
                .saturating_add(price::names(bytes, columns));
        } else {
            lock(work).pay_plans(0, statement.plans)?;
        }
        compiling = statement.compiling;
    }
    // If the run was stopped, that is the reason for the failure.
    let stopped = lock(work).stopped.filter(|_| plans > 0);
    if let Some(stop) = stopped {
        lock(guard).refused = None;
        return Err(stop.into());
    }
    lock(work).pay_compiling(compiling)?;
    let mut guard = lock(guard);
    prepared.map_err(|fault| not_compiled(fault, guard.refused.take(), &guard.rules, sql).into())
}

/// Makes SQLite call back after so many plans, or after so many steps.
fn look_after(engine: &mut Engine, work: &SharedWork, steps: u64) -> Result<(), Failure> {
    work::look_after(engine, work, steps).map_err(|error| messages::engine(&error))
}

/// The names of the columns of the query that was compiled last. They are the same in each run.
pub(crate) fn names(
    desk: &mut Desk,
    sql: &str,
    of_schema: bool,
    now_ms: Option<i64>,
) -> Result<Vec<String>, Failure> {
    let world = &mut desk.world;
    let engine = match of_schema {
        true => &mut world.engine,
        false => &mut desk.engine,
    };
    let mut names = names_out::of(engine.last().ok_or_else(messages::no_statement)?);
    if names.iter().any(|name| names_out::may_be_random(name)) {
        if of_schema {
            world.engine.forget_last();
            compile(&mut world.engine, &world.guard, sql, now_ms, &desk.work)?;
        }
        let again = world.engine.last().ok_or_else(messages::no_statement)?;
        names_out::settle(&mut names, &names_out::of(again));
    }
    Ok(names)
}
