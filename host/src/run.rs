//! One run: a slot, a store, instantiation, the call, and the report.

mod call;
mod ending;
pub(crate) mod granted;
pub(crate) mod kept;
mod not_run;
mod request;
mod settling;
pub(crate) mod shards;
pub(crate) mod slots;
pub(crate) mod ticker;
mod trigger;
pub(crate) mod until;

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fractalaw_report::{
    AuditEntry, COST_MODEL, Durations, Fuel, Limits, Memory, NotGranted, Refusal, Report,
};
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};

use crate::error::HostError;
use crate::inputs::Grants;
use crate::interfaces::audit_log::Trail;
use crate::interfaces::wasi::session::WasiSession;
use crate::ledger::recording::Recording;
use crate::limits::{CLOCK_MAX, HOST_CALL_BYTES, PROFILE_SLOWDOWN, SLOT_MEMORY_BYTES};
use crate::load::micro_app::MicroApp;
use crate::offer::account::Account;
use crate::offer::capability::Granted;
use crate::offer::deadline::after;
use crate::offer::determinism::VirtualTime;
use crate::offer::file_threads::FileThreads;
use crate::offer::folder::{Held, Overlap};
use crate::offer::limiter::Limiter;
use crate::offer::meter::Meter;
use crate::offer::offered::Offer;
use crate::offer::starting::GrantedName;
use crate::offer::state::RunState;
use crate::policy::Policy;
use crate::policy::decision::Decided;
use crate::policy::own_files::OwnFiles;
use crate::recorder::Recorder;
use crate::run::call::{call, fuel_left};
use crate::run::kept::Kept;
use crate::run::slots::Slots;
use crate::run::until::Until;

pub(crate) use not_run::{Failed, NotRun};
pub use request::Run;
pub(crate) use settling::Ran;

/// What the runs of a host share.
pub(crate) struct HostParts<'a> {
    pub(crate) offer: &'a Offer,
    pub(crate) file_threads: &'a FileThreads,
    pub(crate) own_files: &'a OwnFiles,
    pub(crate) policy: Option<&'a Policy>,
    pub(crate) slots: &'a Slots,
    pub(crate) kept: &'a Kept,
}

/// What belongs to a run besides the guest.
#[derive(Default)]
pub(crate) struct Beside<'a> {
    /// Where the run is recorded.
    pub(crate) recording: Option<&'a Recording>,
    /// Whether it only measures, so that nothing may take effect.
    pub(crate) is_measured: bool,
    /// Records the hooks of a profiled twin.
    pub(crate) recorder: Option<Box<Recorder>>,
}

impl Beside<'_> {
    /// How long the run may take by the machine's clock. A profiled twin gets longer, because it is slower.
    fn patience(&self, deadline: Duration) -> Duration {
        match self.recorder {
            Some(_) => deadline.saturating_mul(PROFILE_SLOWDOWN),
            None => deadline,
        }
    }
}

/// Waits for a slot and runs the guest in it, if everything that the guest asks for is granted.
pub(crate) async fn execute(
    host: HostParts<'_>,
    app: &MicroApp,
    run: &Run,
    decided: Decided,
    beside: Beside<'_>,
) -> Result<Ran, NotRun> {
    let Decided {
        mut grants,
        folders,
        overlap,
        limits: mut applied,
        decision,
        missing,
        names,
    } = decided;
    if !missing.is_empty() {
        let missing = NotGranted::new(app.identity(), app.manifest(), missing);
        let refusal = Refusal::NotGranted(Box::new(missing));
        return Err(NotRun::refused(refusal, applied, decision));
    }
    trigger::add(run.triggered_by(), &mut grants);
    check(
        &host,
        run,
        applied.limits,
        &grants,
        &folders,
        &names,
        overlap,
    )?;
    // Declared before the store, so it is dropped after the store has freed its instance.
    let (mut slot, wait) = match host.slots.acquire().await {
        Ok(acquired) => acquired,
        Err(refusal) => return Err(NotRun::refused(refusal, applied, decision)),
    };
    let code = app.code_in(slot.shard().number(), slot.shard().linker());
    let code = code.unwrap_or_else(|| {
        slot.move_to_first();
        app.first_code()
    });
    let shard = slot.shard();
    let _slot = host.kept.hold(slot);
    let started = Instant::now();
    let deadline = after(started, beside.patience(applied.limits.deadline));
    let opened = granted::open(host.file_threads, &grants.dirs, folders, deadline).await?;
    let most_held = applied.quotas.host_memory();
    let account = Account::new(most_held, deadline, Arc::clone(shard.stop()));
    let time = VirtualTime::of(run.determinism(), applied.limits.deadline);
    let granted = Granted {
        app: &code.identity,
        inputs: &grants,
        interfaces: app.asking().interfaces,
        callable: app.callable(),
        manifest: app.manifest(),
        names: &names,
        quotas: &applied.quotas,
        are_lowered: !applied.quotas.is_clone_of(host.offer.quotas()),
        account: &account,
        determinism: run.determinism(),
        virtual_time: time.as_ref(),
        folders: &opened.folders,
        files: opened.files.as_ref(),
        file_threads: host.file_threads,
        is_measured: beside.is_measured,
        run_number: beside.recording.map_or(0, Recording::run_number),
        trigger: run.triggered_by(),
        trail: beside.recording.filter(|recording| recording.is_live()),
    };
    let sessions = host.offer.begin(&granted)?.start().await?;
    let fuel = match &beside.recorder {
        Some(recorder) => recorder.fuel_for(applied.limits.fuel),
        None => applied.limits.fuel,
    };
    let handles = applied.quotas.handles();
    let state = RunState {
        app: code.identity.clone(),
        inputs: grants,
        // The meter gives them back, so that the run counts no reference to them.
        meter: Meter::new(fuel, mem::take(&mut applied.quotas), run.traces()),
        limiter: Limiter::new(applied.limits.memory_bytes),
        account,
        virtual_time: time,
        seed: run.determinism().fixed().map(|fixed| fixed.seed),
        handles: ResourceTable::with_capacity(0),
        sessions,
        recorder: beside.recorder,
    };
    let mut store = store(shard.engine(), state, fuel, handles)?;
    let stop = shard.stop();
    let is_composed = app.is_composed();
    let until = Until { deadline, stop };
    let ended = match call(&mut store, &code.pre, is_composed, until).await {
        Ok(ended) => ended,
        Err(error) => {
            let fuel = applied.limits.fuel.saturating_sub(fuel_left(&store));
            let audit = trail(&mut host.kept.end(store));
            return Err(NotRun::Failed(Failed { error, audit, fuel }));
        }
    };
    let peak_bytes = store.data().limiter.peak_bytes();
    let handles = store.max_component_handles() as u64;
    let mut state = host.kept.end(store);
    let audit = trail(&mut state);
    let wasi = state.sessions.get::<WasiSession>();
    let [stdout, stderr] = wasi.map_or_else(Default::default, |wasi| wasi.captured());
    let host_calls = state.meter.finish();
    applied.quotas = host_calls.quotas;
    let fuel_used = ended.fuel(host_calls.fuel);
    let identity = beside.recording.map(|recording| recording.identity());
    let (sessions, outcome, effects) = match settling::prepare(
        state.sessions,
        ended.outcome,
        identity,
        beside.is_measured,
        handles,
    )
    .await
    {
        Ok(prepared) => prepared,
        Err(error) => {
            let fuel = fuel_used;
            return Err(NotRun::Failed(Failed { error, audit, fuel }));
        }
    };
    let unmetered = match sessions.unmetered() {
        Ok(unmetered) => unmetered,
        Err(error) => {
            let fuel = fuel_used;
            return Err(NotRun::Failed(Failed { error, audit, fuel }));
        }
    };
    let report = Box::new(Report {
        app: Some(state.app),
        fuel: Fuel {
            budget: applied.limits.fuel,
            instantiation: ended.instantiation_fuel,
            guest: ended.guest_fuel,
            host_calls: host_calls.fuel,
            certainty: ended.certainty,
            cost_model: COST_MODEL,
        },
        outcome,
        backtrace: ended.backtrace,
        audit,
        effects,
        unmetered,
        grants: decision.used(&host_calls.calls),
        host_calls: host_calls.calls,
        trace: host_calls.trace,
        memory: Memory {
            peak_bytes,
            cap_bytes: applied.limits.memory_bytes,
        },
        stdout,
        stderr,
        durations: Durations {
            load: app.load_duration(),
            wait,
            run: started.elapsed(),
        },
        limits: applied,
    });
    Ok(Ran {
        report,
        sessions,
        recorder: state.recorder,
    })
}

/// Checks what the run brings, before it waits for a slot.
fn check(
    host: &HostParts<'_>,
    run: &Run,
    limits: Limits,
    grants: &Grants,
    folders: &[Held],
    names: &[GrantedName],
    overlap: Option<Overlap>,
) -> Result<(), HostError> {
    if limits.memory_bytes > SLOT_MEMORY_BYTES {
        return Err(HostError::MemoryOverSlot {
            requested: limits.memory_bytes,
        });
    }
    if let Some(Overlap { writable, other }) = overlap {
        return Err(HostError::GrantsOverlap { writable, other });
    }
    let of_policy = host.policy.map_or_else(Vec::new, Policy::folders);
    host.own_files
        .check_run(folders, names, &of_policy, host.offer)?;
    granted::check_paths(&grants.dirs)?;
    granted::check_variables(&grants.env)?;
    let fixed = run.determinism().fixed();
    if fixed.is_some_and(|fixed| fixed.unix_start > CLOCK_MAX) {
        return Err(HostError::ClockTooLate);
    }
    Ok(())
}

/// The entries that the guest has recorded so far.
fn trail(state: &mut RunState) -> Vec<AuditEntry> {
    let trail = state.sessions.get::<Trail>();
    trail.map_or_else(Vec::new, Trail::take_entries)
}

fn store(
    engine: &Engine,
    state: RunState,
    fuel: u64,
    handles: u64,
) -> Result<Store<RunState>, HostError> {
    let mut store = Store::new(engine, state);
    // One counts what the host holds, and the other what the guest knows. Either may reach the limit first.
    let handles = usize::try_from(handles).unwrap_or(usize::MAX);
    store.data_mut().handles.set_max_capacity(handles);
    store.set_max_component_handles(handles);
    store.set_hostcall_fuel(HOST_CALL_BYTES);
    store.limiter(|state| &mut state.limiter);
    store.set_fuel(fuel).map_err(HostError::Engine)?;
    Ok(store)
}
