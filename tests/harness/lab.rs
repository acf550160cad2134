//! Runs a case three times, in surroundings that differ as much as possible, and checks that the reports are the
//! same.

mod loaded;
mod slots;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use fractalaw_ai::Ai;
use fractalaw_events::Events;
use fractalaw_host::capability::Offers;
use fractalaw_host::{
    Certainty, Coverage, Decision, Durations, Host, HostBuilder, LoadError, MicroApp, Policy,
    Profile, ProfileError, ProfiledApp, Refusal, Report, Reuse, Run, Tier,
};
use tokio::runtime::Runtime;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

use crate::alike::{comes_back, same};
use crate::case::Case;
use crate::data::offered;
use crate::freshness::Guests;
use crate::inventory::Inventory;
use crate::lab::loaded::{Component, Loaded};
use crate::lab::slots::{FreshSlots, UsedSlot};
use crate::listing::Rendered;
use crate::rendering::Observed;
use crate::scenario::Scenario;
use crate::scribbler;

/// The number of other guests that run beside a case's third run.
const NEIGHBOURS: usize = 2;

/// The fuel of a case whose lines are counted, in units. Its component is not optimised. The deadline ends what never ends.
const COVERED_FUEL: u64 = 1 << 60;

/// The longest time that they go on: more than any tier's deadline allows a case.
const NEIGHBOURS_END: Duration = Duration::from_secs(180);

/// How long a component may compile here, in place of the host's own limit. The runtime of a language takes up to a
/// minute of processor time in an unoptimised host, and several cases compile theirs at once.
pub(crate) const COMPILE_TIME: Duration = Duration::from_secs(900);

/// One host for all cases, and the means to make smaller ones.
pub(crate) struct Lab {
    guests: Guests,
    cache: PathBuf,
    /// The file of the policy, which applies to every case.
    policy: PathBuf,
    offers: Offers,
    /// Whether the workspace has a hostile guest of its own.
    has_scribbler: bool,
    shared: OnceLock<Result<SharedHost, String>>,
    in_runs: AtomicU64,
    /// At most one of each for each thread that runs cases.
    fresh: Mutex<Vec<FreshSlots>>,
    used: Mutex<Vec<UsedSlot>>,
}

/// The host that all cases share, and what was loaded for them.
struct SharedHost {
    runtime: Runtime,
    host: Host,
    policy: Policy,
    hostile: Vec<u8>,
    neighbour: MicroApp,
    subjects: Loaded<Subject>,
    profiled: Loaded<ProfiledApp>,
    covered: Loaded<ProfiledApp>,
}

impl Lab {
    /// The shared host is made when the first case runs, because listing the cases needs none.
    pub(crate) fn new(inventory: &Inventory, guests: Guests, offers: Offers) -> Lab {
        Lab {
            guests,
            cache: inventory.target.join("fractalaw-cache"),
            policy: inventory.tests.join("policy.toml"),
            offers,
            has_scribbler: inventory.has_guest(scribbler::GUEST),
            shared: OnceLock::new(),
            in_runs: AtomicU64::new(0),
            fresh: Mutex::default(),
            used: Mutex::default(),
        }
    }

    /// How long the runs of all cases took, one after another. The rest is the harness's own time.
    pub(crate) fn in_runs(&self) -> Duration {
        Duration::from_nanos(self.in_runs.load(Ordering::Relaxed))
    }

    /// A host like the one that all cases share, with so many slots.
    fn host(&self, policy: &Policy, slots: u32, reuse: Reuse) -> Result<Host> {
        let host = host(&self.cache, policy, self.offers)
            .slots(slots)
            .reuse(reuse);
        // A run that waited for a slot here would wait for ever.
        Ok(host.max_waiting(0).build()?)
    }

    fn timed<T>(&self, runs: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = runs();
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.in_runs.fetch_add(nanos, Ordering::Relaxed);
        result
    }

    fn shared(&self) -> Result<&SharedHost> {
        let make = || {
            (self.hostile())
                .and_then(|hostile| {
                    SharedHost::new(hostile, &self.cache, &self.policy, self.offers)
                })
                .map_err(|error| format!("{error:#}"))
        };
        self.shared
            .get_or_init(make)
            .as_ref()
            .map_err(|message| anyhow!("{message}"))
    }

    fn hostile(&self) -> Result<Vec<u8>> {
        match self.has_scribbler {
            true => self.guests.component(scribbler::GUEST),
            false => scribbler::component(),
        }
    }

    /// Runs the case and returns what is the same each time.
    pub(crate) fn run(&self, case: &Case) -> Result<Observed> {
        let component = Component::of(case.component(&self.guests)?);
        let shared = self.shared()?;
        let SharedHost {
            runtime,
            host,
            policy,
            hostile,
            ..
        } = shared;
        let once = |host: &Host, subject: &Subject| {
            let granted = case.granted()?;
            let run = case.run(&granted)?;
            let report = self.timed(|| runtime.block_on(subject.run(host, &run)))?;
            let changes = granted.changes()?;
            anyhow::Ok(Observed { report, changes })
        };
        let fresh = {
            let mut slots = self.fresh_slots(policy)?;
            let subject = slots.load(&component)?;
            let observed = once(&slots.host, &subject)?;
            slots.runs_left -= 1;
            slots.held_bytes += observed.report.memory.peak_bytes;
            lock(&self.fresh).push(slots);
            observed
        };
        let used = {
            let slot = self.used_slot(policy, hostile)?;
            let subject = slot.load(&component)?;
            let scribble = Run::new().deterministic();
            self.timed(|| runtime.block_on(slot.hostile.run(&slot.host, &scribble)))?;
            let observed = once(&slot.host, &subject)?;
            lock(&self.used).push(slot);
            observed
        };
        let subject = shared.subject(&component)?;
        let (beside, neighbours) = shared.beside_others(|| once(host, &subject));
        let (beside, ()) = (beside?, self.timed(|| shared.join(neighbours))?);
        same("a slot just used by a hostile guest", &fresh, &used)?;
        same("a slot beside others", &fresh, &beside)?;
        comes_back(&fresh.report)?;
        Ok(fresh)
    }
}

/// What all hosts of the lab have in common.
fn host(cache: &Path, policy: &Policy, offers: Offers) -> HostBuilder {
    Host::builder()
        .cache(cache)
        .compile_time(COMPILE_TIME)
        .policy(policy.clone())
        .offer(offered())
        .offer(Ai::new())
        .offer(Events::new())
        .offer_all(offers())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lab {
    /// Plays a scenario, and returns its story.
    pub(crate) fn play(&self, scenario: &Scenario) -> Result<Rendered> {
        scenario.play(&self.guests, &self.policy, &self.cache, self.offers)
    }

    /// Runs the case once, for commands that only show its cost.
    pub(crate) fn run_once(&self, case: &Case) -> Result<Observed> {
        let component = Component::of(case.component(&self.guests)?);
        let shared = self.shared()?;
        let subject = shared.subject(&component)?;
        let granted = case.granted()?;
        let run = case.run(&granted)?;
        let report = shared.runtime.block_on(subject.run(&shared.host, &run))?;
        let changes = granted.changes()?;
        Ok(Observed { report, changes })
    }

    /// Profiles the case: how much each of its functions used.
    ///
    /// # Errors
    ///
    /// If the lab itself cannot work. If a case has no profile, the inner result says why.
    pub(crate) fn profile(&self, case: &Case) -> Result<Result<Profile, ProfileError>> {
        let shared = self.shared()?;
        let component = case.component(&self.guests)?;
        let load = |component: &[u8]| shared.host.load_profiled(component);
        let app = match shared.profiled.get(&Component::of(component), load) {
            Ok(app) => app,
            Err(error) => return Ok(Err(error)),
        };
        let granted = case.granted()?;
        let run = case.run(&granted)?;
        Ok(shared.runtime.block_on(shared.host.profile(&app, &run)))
    }

    /// Says which instructions the case ran.
    ///
    /// # Errors
    ///
    /// If the lab itself cannot work. If it cannot be said of this case, the inner result says why.
    pub(crate) fn coverage(&self, case: &Case) -> Result<Result<Coverage, ProfileError>> {
        let shared = self.shared()?;
        let component = case.component(&self.guests)?;
        let load = |component: &[u8]| shared.host.load_covered(component);
        let app = match shared.covered.get(&Component::of(component), load) {
            Ok(app) => app,
            Err(error) => return Ok(Err(error)),
        };
        // The guest runs twice, and may write to its folders.
        let granted = [case.granted()?, case.granted()?];
        let run = |granted| anyhow::Ok(case.run(granted)?.fuel(COVERED_FUEL));
        let [run, again] = [run(&granted[0])?, run(&granted[1])?];
        let covered = shared.host.coverage(&app, &run, &again);
        Ok(shared.runtime.block_on(covered))
    }
}

impl SharedHost {
    fn new(hostile: Vec<u8>, cache: &Path, policy: &Path, offers: Offers) -> Result<SharedHost> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_time()
            .build()?;
        // Without the file, only what a case brings is granted.
        let policy = match policy.is_file() {
            true => {
                Policy::load(policy).map_err(|error| anyhow!("{error}\nhint: {}", error.hint))?
            }
            false => Policy::default(),
        };
        let host = host(cache, &policy, offers).build()?;
        let neighbour = host.load(&hostile)?;
        Ok(SharedHost {
            runtime,
            host,
            policy,
            hostile,
            neighbour,
            subjects: Loaded::default(),
            profiled: Loaded::default(),
            covered: Loaded::default(),
        })
    }

    /// The component as this host has loaded it.
    fn subject(&self, component: &Component) -> Result<Subject> {
        let load = |component: &[u8]| Subject::load(&self.host, component);
        self.subjects.get(component, load)
    }

    /// Does the work while other guests run on the same host. They run without a pause from before the work
    /// begins until after it has ended.
    fn beside_others<T>(&self, work: impl FnOnce() -> T) -> (T, Neighbours) {
        let done = Arc::new(AtomicBool::new(false));
        let begin = Arc::new(Barrier::new(NEIGHBOURS + 1));
        let neighbours = (0..NEIGHBOURS)
            .map(|_| {
                let (host, app) = (self.host.clone(), self.neighbour.clone());
                let (done, begin) = (Arc::clone(&done), Arc::clone(&begin));
                self.runtime.spawn(async move {
                    let end = Instant::now() + NEIGHBOURS_END;
                    begin.wait().await;
                    while !done.load(Ordering::Relaxed) && Instant::now() < end {
                        host.run(&app, &Run::new()).await?;
                        // A short run never waits. Without this, the timers of other runs would stand still.
                        tokio::task::yield_now().await;
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        self.runtime.block_on(begin.wait());
        let worked = work();
        done.store(true, Ordering::Relaxed);
        (worked, neighbours)
    }

    /// Waits until the neighbours' last runs have ended.
    fn join(&self, neighbours: Neighbours) -> Result<()> {
        for neighbour in neighbours {
            self.runtime.block_on(neighbour)??;
        }
        Ok(())
    }
}

/// The guests that run beside another.
type Neighbours = Vec<JoinHandle<Result<()>>>;

/// A component that a host accepted or refused. Either way its runs have reports.
#[derive(Clone)]
struct Subject(Result<MicroApp, Refusal>);

impl Subject {
    fn load(host: &Host, component: &[u8]) -> Result<Subject> {
        match host.load(component) {
            Ok(app) => Ok(Subject(Ok(app))),
            Err(LoadError::Refused(refusal)) => Ok(Subject(Err(refusal))),
            Err(LoadError::Host(error)) => Err(error.into()),
        }
    }

    /// Runs, and removes from the report what differs from run to run.
    async fn run(&self, host: &Host, run: &Run) -> Result<Report> {
        let mut report = match &self.0 {
            Ok(app) => host.run(app, run).await?,
            Err(refusal) => {
                let limits = run.limits(Tier::default());
                Report::refused(refusal.clone(), None, limits, Decision::default())
            }
        };
        report.durations = Durations::default();
        if report.fuel.certainty == Certainty::Unrepeatable {
            let fuel = &mut report.fuel;
            (fuel.instantiation, fuel.guest, fuel.host_calls) = (0, 0, 0);
            report.host_calls.clear();
            report.trace = None;
            for entry in &mut report.audit {
                entry.fuel = 0;
            }
            report.backtrace.clear();
        }
        Ok(report)
    }
}
