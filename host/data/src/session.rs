//! One run's use of data: its calls, each on a thread of its own, and how it is settled.

use std::sync::{Arc, Mutex};

use fractalaw_data_call::{CallError, Code, Failure, Stop};
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{
    Account, Ended, Payload, RunState, Session, Threads, Verdict, exceeds,
};
use fractalaw_host::{Effect, HostError, Settled};
use fractalaw_sqlite::{Budget, Conditions, StoreError};

use crate::adbc::{AdbcRun, NotCommitted};
use crate::budget::{Quotas, RunBudget, ends, failed};
use crate::engine::{Engine, NotReady, Ready};
use crate::operator::lock;
use crate::place::Place;
use crate::statement::Statement;
use crate::stores::{NotOpened, Stores};

/// The error that a guest gets for a call that failed.
#[derive(Debug, wasmtime::component::ComponentType, wasmtime::component::Lower)]
#[component(record)]
pub(crate) struct DataError {
    code: u32,
    message: String,
}

impl Payload for DataError {
    fn bytes(&self) -> u64 {
        4 + self.message.bytes()
    }
}

impl From<CallError> for DataError {
    fn from(error: CallError) -> DataError {
        DataError {
            code: error.code as u32,
            message: error.message,
        }
    }
}

/// A run's data.
pub(crate) struct DataSession {
    /// `None` if the run is granted no data.
    pub(crate) access: Option<Access>,
}

/// Where a run's data is, and what the run may do there.
pub(crate) struct Access {
    pub(crate) stores: Arc<Stores>,
    pub(crate) place: Place,
    pub(crate) quotas: Quotas,
    /// Whether each call is a transaction of its own.
    pub(crate) commits_each_call: bool,
    pub(crate) is_measured: bool,
    pub(crate) account: Account,
    pub(crate) threads: Threads,
    /// Locked by the current call. If the guest is cut off meanwhile, the call goes on until it notices, and
    /// settling waits for it here.
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) was_called: bool,
}

#[derive(Default)]
pub(crate) enum State {
    /// Nothing is open yet.
    #[default]
    New,
    Open(Engine),
    Ready(Ready),
    /// What the run did was taken back.
    Discarded(Vec<Effect>),
    Over,
}

/// Why a call has no result.
enum Fails {
    Host(HostError),
    Call(Failure),
}

/// Makes a query on this thread if it is short. Handing it to another thread takes longer than most queries.
pub(crate) fn short_query(
    state: &mut RunState,
    statement: &Statement,
) -> Option<Result<Vec<u8>, DataError>> {
    let now_ms = now_ms(state);
    let access = state.session::<DataSession>().access.as_ref()?;
    let mut held = access.state.try_lock().ok()?;
    let State::Open(run) = &mut *held else {
        return None;
    };
    run.set_now(now_ms);
    let before = run.done();
    let answer = match run.query_if_short(statement.text())? {
        Ok(rows) => Ok(rows),
        Err(Failure::Call(error)) => Err(error.into()),
        Err(Failure::Stop(_)) => return None,
    };
    let after = run.done();
    drop(held);
    state.note(|| [statement.facts(), after.since(before)].concat());
    Some(answer)
}

/// The time of a deterministic run.
fn now_ms(state: &RunState) -> Option<i64> {
    let is_deterministic = state.is_deterministic();
    is_deterministic.then(|| i64::try_from(state.now_unix_ns() / 1_000_000).unwrap_or(i64::MAX))
}

/// Makes a call on a thread of its own, so that other runs go on.
pub(crate) async fn call<T: Send + 'static>(
    state: &mut RunState,
    statement: Statement,
    work: impl FnOnce(&mut Engine, &str) -> Result<T, Failure> + Send + 'static,
) -> Called<Result<T, DataError>> {
    state.note(|| statement.facts());
    let now_ms = now_ms(state);
    let seed = state.seed();
    let account = state.account().clone();
    let Some(access) = &mut state.session::<DataSession>().access else {
        let error = CallError {
            code: Code::Denied,
            message: "no data is granted to this run".to_owned(),
        };
        return Ok(Err(error.into()));
    };
    access.was_called = true;
    let (stores, place) = (Arc::clone(&access.stores), access.place.clone());
    let left = access.quotas;
    let (commits_each_call, is_measured) = (access.commits_each_call, access.is_measured);
    let held = Arc::clone(&access.state);
    let threads = access.threads.clone();
    let budget_account = account.clone();
    let answer = threads.run(move || {
        let mut held = lock(&held);
        if matches!(*held, State::New) {
            let conditions = Conditions {
                now_ms,
                seed: seed.map_or_else(drawn, |seed| seed.wrapping_add(SEED_OF_DATA)),
                commits_each_call,
                is_measured,
            };
            let budget = RunBudget {
                account: budget_account,
                left,
            };
            let opened = open(&stores, place, conditions, budget)?;
            *held = State::Open(opened);
        }
        let State::Open(engine) = &mut *held else {
            // The run was cut off before this thread began.
            return Err(Fails::Call(Stop::Interrupted.into()));
        };
        engine.set_now(now_ms);
        let before = engine.done();
        let answer = work(engine, statement.text());
        let done = engine.done().since(before);
        Ok((answer.map_err(Fails::Call), done))
    });
    let answer = answer.await?.and_then(|(answer, done)| {
        state.note(|| done);
        answer
    });
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(Fails::Call(Failure::Call(error))) => Ok(Err(error.into())),
        Err(Fails::Call(Failure::Stop(stop))) => Err(ends(stop, &account, |quota| {
            match state.count(quota, u64::MAX) {
                Err(error) => error,
                Ok(()) => wasmtime::Error::msg("more than a quota"),
            }
        })),
        Err(Fails::Host(error)) => Err(error.into()),
    }
}

/// Begins the run where its data is.
fn open(
    stores: &Stores,
    place: Place,
    conditions: Conditions,
    mut budget: RunBudget,
) -> Result<Engine, Fails> {
    match place {
        Place::Sqlite { file, tables } => {
            let store = stores.for_run(&file, &tables, &mut || budget.look());
            let store = store.map_err(|error| match error {
                StoreError::Stop(stop) => Fails::Call(stop.into()),
                StoreError::Unsettled { .. } => Fails::Call(fractalaw_sqlite::unsettled().into()),
                error if error.is_busy() => Fails::Call(fractalaw_sqlite::busy().into()),
                error => Fails::Host(failed(error)),
            })?;
            let run = store.run(tables, conditions, Box::new(budget));
            Ok(Engine::Sqlite(Box::new(run)))
        }
        Place::Adbc { settings, access } => {
            let store = stores.adbc(&settings, &mut || budget.look());
            let store = store.map_err(|error| match error {
                NotOpened::Stop(stop) => Fails::Call(stop.into()),
                NotOpened::Failed(error) => Fails::Host(failed(error)),
            })?;
            let run = store.run(access, Box::new(budget));
            Ok(Engine::Adbc(Box::new(AdbcRun::new(&settings.driver, run))))
        }
    }
}

/// Added to the seed, so that no two generators of a deterministic run give the same numbers. WASI's use the seed
/// itself and the next two.
const SEED_OF_DATA: u64 = 3;

fn drawn() -> u64 {
    getrandom::u64().unwrap_or_default()
}

impl Session for DataSession {
    fn waits(&self) -> bool {
        self.access.as_ref().is_some_and(|access| access.was_called)
    }

    fn prepare(&mut self, ended: &Ended<'_>) -> Called<Vec<Effect>> {
        let Some(access) = self.access.as_mut().filter(|access| access.was_called) else {
            return Ok(Vec::new());
        };
        let mut state = lock(&access.state);
        let prepared = prepare(std::mem::replace(&mut *state, State::Over), ended);
        match prepared {
            Ok((next, effects)) => {
                *state = next;
                Ok(effects)
            }
            Err(NotReady::Sqlite(error, effects)) => {
                *state = State::Discarded(effects);
                match *error {
                    StoreError::Stop(stop) => Err(ends(stop, &access.account, exceeds)),
                    StoreError::BrokenKeys | StoreError::RolledBack { .. } => Err(error.into()),
                    error => Err(failed(error).into()),
                }
            }
            Err(NotReady::Adbc(NotCommitted::Refused(error, changes))) => {
                *state = State::Discarded(changes.effects(Settled::Discarded));
                Err(error.into())
            }
            Err(NotReady::Adbc(NotCommitted::Unknown(error))) => Err(failed(error).into()),
        }
    }

    fn unmetered(&self) -> Option<String> {
        let access = self.access.as_ref().filter(|access| access.was_called)?;
        match &access.place {
            Place::Sqlite { .. } => None,
            Place::Adbc { settings, .. } => Some(format!(
                "the time that the database takes, behind the driver `{}`",
                settings.driver
            )),
        }
    }

    fn settle(mut self: Box<Self>, verdict: Verdict) -> Result<(), HostError> {
        match verdict {
            Verdict::Completed => self.end(true),
            Verdict::NotCompleted => self.end(false),
            Verdict::Unknown => {
                if let Some(access) = self.access.take() {
                    // Its record stays for the next start.
                    *lock(&access.state) = State::Over;
                }
                Ok(())
            }
        }
    }
}

fn prepare(state: State, ended: &Ended<'_>) -> Result<(State, Vec<Effect>), NotReady> {
    let not_ready = |error| NotReady::Sqlite(Box::new(error), Vec::new());
    match state {
        // A measurement takes nothing with it that could not be taken back.
        State::Open(engine)
            if ended.is_completed() && (engine.can_take_back() || !ended.is_measured()) =>
        {
            let (ready, effects) = engine.prepare(ended.identity())?;
            Ok((State::Ready(ready), effects))
        }
        State::Open(engine) => Ok((State::Over, engine.discard().map_err(not_ready)?)),
        State::Ready(ready) if !ended.is_completed() => {
            Ok((State::Over, ready.discard().map_err(not_ready)?))
        }
        State::Discarded(effects) => Ok((State::Over, effects)),
        other => Ok((other, Vec::new())),
    }
}

impl DataSession {
    fn end(&mut self, completed: bool) -> Result<(), HostError> {
        let Some(access) = self.access.take() else {
            return Ok(());
        };
        let state = std::mem::replace(&mut *lock(&access.state), State::Over);
        match state {
            State::Ready(Ready::Sqlite(prepared)) => {
                prepared.settle(completed).map(drop).map_err(failed)
            }
            _ => Ok(()),
        }
    }
}

impl Drop for DataSession {
    /// A session that is dropped was never closed in the ledger, so what it did is undone. A call that has not begun
    /// does nothing.
    fn drop(&mut self) {
        let Some(access) = self.access.take() else {
            return;
        };
        let Ok(mut state) = access.state.try_lock() else {
            return;
        };
        if let State::Ready(ready) = std::mem::replace(&mut *state, State::Over) {
            let _ = ready.discard();
        }
    }
}
