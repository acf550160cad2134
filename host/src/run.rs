//! One run: a slot, a store, instantiation, the call, and the report of it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use fractalaw_manifest::{Tier, guest_path};
use tokio::sync::watch;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::capture::Capture;
use crate::determinism::{Determinism, Fixed, WallClock};
use crate::error::HostError;
use crate::file_threads::FileThreads;
use crate::folder::{Held, Overlap};
use crate::granted::{self, Opened};
use crate::grants::{DirGrant, Grants};
use crate::interfaces::RunState;
use crate::interfaces::audit_log::AuditLog;
use crate::interfaces::wasi::{self, timers::Timers};
use crate::ledger::recording::Recording;
use crate::limiter::Limiter;
use crate::limits::{
    AppliedLimits, CLOCK_MAX, HOST_CALL_BYTES, Limits, PROFILE_SLOWDOWN, QuotaLimits,
    SLOT_MEMORY_BYTES,
};
use crate::meter::Meter;
use crate::micro_app::MicroApp;
use crate::outcome::{Certainty, DeadlineExceeded, NoDescriptors, Outcome, WaitedPastDeadline};
use crate::policy::Section;
use crate::policy::decision::Decided;
use crate::policy::grant::NotGranted;
use crate::recorder::Recorder;
use crate::refusal::Refusal;
use crate::report::{Durations, Fuel, Memory, Report};
use crate::slots::Slots;
use crate::trap;
use crate::until::{Until, after, in_time};

/// How to run a micro-app: limits and grants. The default is the tier of its own manifest, and
/// nothing granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    tier: Option<Tier>,
    fuel: Option<u64>,
    deadline: Option<Duration>,
    memory_bytes: Option<usize>,
    grants: Grants,
    /// Each of the grants' folders, open.
    folders: Vec<Held>,
    section: Section,
    determinism: Determinism,
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

    /// One more folder. It is opened here, once for all runs that are made of this; if it cannot be, they say so.
    pub fn dir(mut self, mut dir: DirGrant) -> Run {
        // One that is no path of a guest is an error when it is to run.
        dir.guest = guest_path(&dir.guest).unwrap_or(dir.guest);
        self.folders.push(Held::open(&dir.host, dir.writable));
        self.grants.dirs.push(dir);
        self
    }

    /// Lines of policy for this run, before what the host's policy says. Their folders are opened here.
    pub fn grant(mut self, mut section: Section) -> Run {
        section.open_folders();
        self.section = section;
        self
    }

    /// Virtual time and seeded randomness: the same component with the same grants then gives the same report,
    /// durations apart. Time begins at 2025-01-01T00:00:00Z, unless [`clock`](Run::clock) says otherwise, and moves
    /// on only where the guest waits.
    pub fn deterministic(self) -> Run {
        let fixed = self.fixed();
        self.with(fixed)
    }

    /// A deterministic run that begins at this time, counted from 1970. One later than [`CLOCK_MAX`] does not run.
    pub fn clock(self, unix_start: Duration) -> Run {
        let fixed = Fixed {
            unix_start,
            ..self.fixed()
        };
        self.with(fixed)
    }

    /// A deterministic run whose random numbers come from this seed. Default 1.
    pub fn seed(self, seed: u64) -> Run {
        let fixed = Fixed {
            seed,
            ..self.fixed()
        };
        self.with(fixed)
    }

    fn fixed(&self) -> Fixed {
        self.determinism.fixed().unwrap_or_default()
    }

    fn with(mut self, fixed: Fixed) -> Run {
        self.determinism = Determinism::Fixed(fixed);
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

    /// Its own folders, as they stand in its grants.
    pub(crate) fn folders(&self) -> &[Held] {
        &self.folders
    }

    /// The lines of policy that it brings.
    pub(crate) fn section(&self) -> &Section {
        &self.section
    }

    /// The limits in force for a component of this tier, unless a policy lowers its quotas.
    pub fn limits(&self, manifest: Tier) -> AppliedLimits {
        let tier = self.tier.unwrap_or(manifest);
        let default = Limits::of(tier);
        let limits = Limits {
            memory_bytes: self.memory_bytes.unwrap_or(default.memory_bytes),
            fuel: self.fuel.unwrap_or(default.fuel),
            deadline: self.deadline.unwrap_or(default.deadline),
        };
        AppliedLimits {
            tier,
            limits,
            quotas: QuotaLimits::HOST,
        }
    }

    /// Where its time and randomness come from.
    pub(crate) fn determinism(&self) -> Determinism {
        self.determinism
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

/// What a run shares with all others of its host.
pub(crate) struct Shared<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) file_threads: &'a FileThreads,
    pub(crate) slots: &'a Slots,
    /// Turns true when the host is to stop.
    pub(crate) stop: watch::Receiver<bool>,
}

/// What goes on beside a run.
#[derive(Default)]
pub(crate) struct Beside {
    /// Takes each entry before the guest goes on.
    pub(crate) trail: Option<Recording>,
    /// Of a profiled twin: its hooks tell it.
    pub(crate) recorder: Option<Box<Recorder>>,
}

impl Beside {
    /// How long the run may take by the machine's clock: a profiled twin is slower than the run itself.
    fn patience(&self, deadline: Duration) -> Duration {
        match self.recorder {
            Some(_) => deadline.saturating_mul(PROFILE_SLOWDOWN),
            None => deadline,
        }
    }
}

/// Waits for a slot and runs the guest in it, if it is granted all that it asks for.
pub(crate) async fn execute(
    shared: Shared<'_>,
    app: &MicroApp,
    run: &Run,
    decided: Decided<'_>,
    beside: Beside,
) -> Result<(Report, Option<Box<Recorder>>), NotRun> {
    let Decided {
        grants,
        folders,
        overlap,
        limits: applied,
        decision,
        missing,
    } = decided;
    if !missing.is_empty() {
        let refused = NotGranted::new(app.identity(), missing);
        return Err(NotRun::Refused(Refusal::NotGranted(Box::new(refused))));
    }
    if applied.limits.memory_bytes > SLOT_MEMORY_BYTES {
        return Err(HostError::MemoryOverSlot {
            requested: applied.limits.memory_bytes,
        }
        .into());
    }
    if let Some(Overlap { writable, other }) = overlap {
        return Err(HostError::GrantsOverlap { writable, other }.into());
    }
    granted::check_paths(&grants.dirs)?;
    if let Some(fixed) = run.determinism.fixed()
        && fixed.unix_start > CLOCK_MAX
    {
        return Err(HostError::ClockTooLate.into());
    }
    let queued = Instant::now();
    // Declared before the store, so that it is given back after the store has freed its instance.
    let _slot = shared.slots.acquire().await.map_err(NotRun::Refused)?;
    let started = Instant::now();
    let (stdout, stderr) = (Capture::default(), Capture::default());
    let until = Until {
        deadline: after(started, beside.patience(applied.limits.deadline)),
        stop: shared.stop,
    };
    let opened = granted::open(shared.file_threads, &grants.dirs, folders, until.deadline).await?;
    let mut store = store(
        shared.engine,
        (app.program_name(), run),
        (&grants, opened, &applied, until.deadline),
        (&stdout, &stderr),
        beside,
    )?;
    let metered = call(&mut store, app, until).await?;
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
        grants: decision.used(&host_calls.calls),
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

fn store(
    engine: &Engine,
    (name, run): (&str, &Run),
    (grants, opened, AppliedLimits { limits, quotas, .. }, deadline): (
        &Grants,
        Opened,
        &AppliedLimits,
        Instant,
    ),
    (stdout, stderr): (&Capture, &Capture),
    Beside { trail, recorder }: Beside,
) -> Result<Store<RunState>, HostError> {
    let time = run.determinism.virtual_time(limits.deadline);
    let fuel = match &recorder {
        Some(recorder) => recorder.fuel_for(limits.fuel),
        None => limits.fuel,
    };
    let state = RunState {
        meter: Meter::new(fuel, *quotas, run.trace),
        audit: AuditLog::new(WallClock(time.clone()), quotas),
        limiter: Limiter::new(limits.memory_bytes),
        wasi: wasi::context(
            (name, grants),
            (run.determinism, time.as_ref()),
            stdout,
            stderr,
        ),
        virtual_time: time,
        deadline,
        handles: ResourceTable::with_capacity(0),
        timers: Timers::default(),
        preopens: opened.preopens,
        files: opened.files,
        trail,
        recorder,
    };
    let mut store = Store::new(engine, state);
    // Two counts, of what the host holds and of what the guest knows, which reach the bound together or one before.
    let handles = usize::try_from(quotas.handles).unwrap_or(usize::MAX);
    store.data_mut().handles.set_max_capacity(handles);
    store.set_max_component_handles(handles);
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

async fn call(
    store: &mut Store<RunState>,
    app: &MicroApp,
    mut until: Until,
) -> Result<Metered, HostError> {
    let deadline = until.deadline;
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
    let ended = match in_time(&mut until, app.pre().instantiate_async(&mut *store)).await {
        Ok(instance) => {
            let left = fuel_left(store);
            after_instantiation = Some((left, store.data().meter.fuel()));
            if let Some(recorder) = &mut store.data_mut().recorder {
                recorder.begin_run(left);
            }
            in_time(&mut until, instance.call_run(&mut *store)).await
        }
        Err(error) => Err(error),
    };
    let handles = store.max_component_handles() as u64;
    let waited = matches!(&ended, Err(error) if error.is::<WaitedPastDeadline>());
    let (outcome, backtrace) = match ended {
        Ok(Ok(text)) => (Outcome::Completed(text), Vec::new()),
        Ok(Err(message)) => (Outcome::GuestError(message), Vec::new()),
        Err(error) => match error.downcast::<NoDescriptors>() {
            Ok(NoDescriptors(source)) => return Err(HostError::OpenForGuest { source }),
            Err(error) => (
                Outcome::from_error(&error, handles),
                trap::backtrace(&error),
            ),
        },
    };
    let mut left = fuel_left(store);
    if let Some(recorder) = &mut store.data_mut().recorder {
        left = recorder.end(left, &outcome);
    }
    let (outcome, mut certainty) = outcome.with_fuel_left(left);
    if waited {
        certainty = Certainty::Exact;
    }
    let host_calls = store.data().meter.fuel();
    let (after_instantiation, called_by_instantiation) =
        after_instantiation.unwrap_or((left, host_calls));
    Ok(Metered {
        outcome,
        backtrace,
        certainty,
        instantiation_fuel: budget - after_instantiation - called_by_instantiation,
        guest_fuel: after_instantiation - left - (host_calls - called_by_instantiation),
    })
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
