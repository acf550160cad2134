//! One run: a slot, a store, instantiation, the call, and the report of it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use fractalaw_manifest::Tier;
use tokio::time::timeout_at;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::capture::Capture;
use crate::determinism::Determinism;
use crate::error::HostError;
use crate::grants::{DirGrant, Grants};
use crate::interfaces::audit_log::AuditLog;
use crate::interfaces::{RunState, wasi};
use crate::limiter::Limiter;
use crate::limits::{AppliedLimits, HANDLES, HOST_CALL_BYTES, Limits, SLOT_MEMORY_BYTES};
use crate::meter::Meter;
use crate::micro_app::MicroApp;
use crate::outcome::{Certainty, DeadlineExceeded, Outcome};
use crate::recorder::Recorder;
use crate::refusal::Refusal;
use crate::report::{Durations, Fuel, Memory, Report};
use crate::slots::Slots;
use crate::trap;

/// How to run a micro-app: limits and grants. The default is the tier of its own manifest, and
/// nothing granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    tier: Option<Tier>,
    fuel: Option<u64>,
    deadline: Option<Duration>,
    memory_bytes: Option<usize>,
    grants: Grants,
    deterministic: bool,
    trace: bool,
}

impl Run {
    /// The component's own tier, nothing granted, real clocks and randomness.
    pub fn new() -> Run {
        Run::default()
    }

    /// Another tier than the manifest's.
    pub fn tier(mut self, tier: Tier) -> Run {
        self.tier = Some(tier);
        self
    }

    /// Another fuel budget than the tier's, in units.
    pub fn fuel(mut self, units: u64) -> Run {
        self.fuel = Some(units);
        self
    }

    /// Another deadline than the tier's.
    pub fn deadline(mut self, deadline: Duration) -> Run {
        self.deadline = Some(deadline);
        self
    }

    /// Another memory cap than the tier's, in bytes.
    pub fn memory_bytes(mut self, bytes: usize) -> Run {
        self.memory_bytes = Some(bytes);
        self
    }

    /// One more argument.
    pub fn arg(mut self, arg: impl Into<String>) -> Run {
        self.grants.args.push(arg.into());
        self
    }

    /// One more environment variable.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Run {
        self.grants.env.push((name.into(), value.into()));
        self
    }

    /// Standard input.
    pub fn stdin(mut self, bytes: impl Into<Bytes>) -> Run {
        self.grants.stdin = Some(bytes.into());
        self
    }

    /// One more folder.
    pub fn dir(mut self, dir: DirGrant) -> Run {
        self.grants.dirs.push(dir);
        self
    }

    /// Clocks that stand still and seeded randomness: the same component with the same grants then
    /// gives the same report, durations apart.
    pub fn deterministic(mut self) -> Run {
        self.deterministic = true;
        self
    }

    /// The report lists each host call, the first [`TRACE_CALLS`](crate::TRACE_CALLS) of them.
    pub fn trace(mut self) -> Run {
        self.trace = true;
        self
    }

    /// What the guest is given.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The limits in force for a component of this tier.
    pub fn limits(&self, manifest: Tier) -> AppliedLimits {
        let tier = self.tier.unwrap_or(manifest);
        let default = Limits::of(tier);
        let limits = Limits {
            memory_bytes: self.memory_bytes.unwrap_or(default.memory_bytes),
            fuel: self.fuel.unwrap_or(default.fuel),
            deadline: self.deadline.unwrap_or(default.deadline),
        };
        AppliedLimits { tier, limits }
    }

    /// Whether clocks stand still and randomness is seeded.
    pub(crate) fn is_deterministic(&self) -> bool {
        self.deterministic
    }

    fn determinism(&self) -> Determinism {
        if self.deterministic {
            Determinism::Fixed
        } else {
            Determinism::Real
        }
    }
}

/// Why a guest was not started.
pub(crate) enum NotRun {
    Refused(Refusal),
    Host(HostError),
}

impl From<HostError> for NotRun {
    fn from(error: HostError) -> NotRun {
        NotRun::Host(error)
    }
}

/// Waits for a slot and runs the guest in it.
pub(crate) async fn execute(
    engine: &Engine,
    slots: &Slots,
    app: &MicroApp,
    run: &Run,
) -> Result<Report, NotRun> {
    let (report, _) = execute_recorded(engine, slots, app, run, None).await?;
    Ok(report)
}

/// The same, of a profiled twin: its hooks tell the recorder.
pub(crate) async fn execute_recorded(
    engine: &Engine,
    slots: &Slots,
    app: &MicroApp,
    run: &Run,
    recorder: Option<Box<Recorder>>,
) -> Result<(Report, Option<Box<Recorder>>), NotRun> {
    let applied = run.limits(app.manifest().tier);
    if applied.limits.memory_bytes > SLOT_MEMORY_BYTES {
        return Err(HostError::MemoryOverSlot {
            requested: applied.limits.memory_bytes,
        }
        .into());
    }
    let queued = Instant::now();
    // Declared before the store, so that it is given back after the store has freed its instance.
    let _slot = slots.acquire().await.map_err(NotRun::Refused)?;
    let started = Instant::now();
    let (stdout, stderr) = (Capture::default(), Capture::default());
    let mut store = store(engine, run, &applied.limits, (&stdout, &stderr), recorder)?;
    let metered = call(&mut store, app, after(started, applied.limits.deadline)).await;
    let peak_bytes = store.data().limiter.peak_bytes();
    let state = store.into_data();
    let host_calls = state.meter.finish();
    let report = Report {
        app: Some(app.identity().clone()),
        fuel: Fuel {
            budget: applied.limits.fuel,
            instantiation: metered.instantiation_fuel,
            guest: metered.guest_fuel,
            host_calls: host_calls.fuel,
            certainty: metered.certainty,
        },
        outcome: metered.outcome,
        backtrace: metered.backtrace,
        audit: state.audit.into_entries(),
        host_calls: host_calls.calls,
        trace: host_calls.trace,
        memory: Memory {
            peak_bytes,
            cap_bytes: applied.limits.memory_bytes,
        },
        stdout: stdout.take(),
        stderr: stderr.take(),
        durations: Durations {
            load: app.load_duration(),
            wait: started - queued,
            run: started.elapsed(),
        },
        limits: applied,
    };
    Ok((report, state.recorder))
}

/// A deadline past what the clock can express is as good as a century.
fn after(start: Instant, deadline: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    start + deadline.min(CENTURY)
}

fn store(
    engine: &Engine,
    run: &Run,
    limits: &Limits,
    (stdout, stderr): (&Capture, &Capture),
    recorder: Option<Box<Recorder>>,
) -> Result<Store<RunState>, HostError> {
    let determinism = run.determinism();
    let fuel = match &recorder {
        Some(recorder) => recorder.fuel_for(limits.fuel),
        None => limits.fuel,
    };
    let state = RunState {
        meter: Meter::new(fuel, run.trace),
        audit: AuditLog::new(determinism.wall_clock()),
        determinism,
        limiter: Limiter::new(limits.memory_bytes),
        wasi: wasi::context(&run.grants, determinism, stdout, stderr)?,
        handles: ResourceTable::with_capacity(0),
        recorder,
    };
    let mut store = Store::new(engine, state);
    store.data_mut().handles.set_max_capacity(HANDLES);
    // Past what the table holds, so that the table, whose error can be told apart, is full first.
    store.set_max_component_handles(2 * HANDLES);
    store.set_hostcall_fuel(HOST_CALL_BYTES);
    store.limiter(|state| &mut state.limiter);
    store.set_fuel(fuel).map_err(HostError::Engine)?;
    Ok(store)
}

/// What came of instantiation and call.
struct Metered {
    outcome: Outcome,
    backtrace: Vec<String>,
    certainty: Certainty,
    instantiation_fuel: u64,
    guest_fuel: u64,
}

async fn call(store: &mut Store<RunState>, app: &MicroApp, deadline: Instant) -> Metered {
    // At each tick the guest gives way to others on its thread, unless its time is up.
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        if Instant::now() >= deadline {
            return Err(DeadlineExceeded.into());
        }
        Ok(UpdateDeadline::Yield(1))
    });
    let budget = fuel_left(store);
    if let Some(recorder) = &mut store.data_mut().recorder {
        recorder.begin(budget);
    }
    let mut after_instantiation = None;
    let ended = match in_time(deadline, app.pre().instantiate_async(&mut *store)).await {
        Ok(instance) => {
            let left = fuel_left(store);
            after_instantiation = Some((left, store.data().meter.fuel()));
            if let Some(recorder) = &mut store.data_mut().recorder {
                recorder.begin_run(left);
            }
            in_time(deadline, instance.call_run(&mut *store)).await
        }
        Err(error) => Err(error),
    };
    let (outcome, backtrace) = match ended {
        Ok(Ok(text)) => (Outcome::Completed(text), Vec::new()),
        Ok(Err(message)) => (Outcome::GuestError(message), Vec::new()),
        Err(error) => (Outcome::from_error(&error), trap::backtrace(&error)),
    };
    let mut left = fuel_left(store);
    if let Some(recorder) = &mut store.data_mut().recorder {
        left = recorder.end(left, &outcome);
    }
    let (outcome, certainty) = outcome.with_fuel_left(left);
    let host_calls = store.data().meter.fuel();
    let (after_instantiation, called_by_instantiation) =
        after_instantiation.unwrap_or((left, host_calls));
    Metered {
        outcome,
        backtrace,
        certainty,
        instantiation_fuel: budget - after_instantiation - called_by_instantiation,
        guest_fuel: after_instantiation - left - (host_calls - called_by_instantiation),
    }
}

/// The epoch interrupts a guest that computes; this one that waits in a host call.
async fn in_time<T>(
    deadline: Instant,
    guest: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    if Instant::now() >= deadline {
        return Err(DeadlineExceeded.into());
    }
    timeout_at(deadline.into(), guest)
        .await
        .unwrap_or_else(|_| Err(DeadlineExceeded.into()))
}

fn fuel_left(store: &Store<RunState>) -> u64 {
    let counted = store
        .get_fuel()
        .expect("the engine is configured to count fuel");
    match &store.data().recorder {
        Some(recorder) => recorder.left_of(counted),
        None => counted,
    }
}
