//! Runs a case three times, in surroundings that differ as much as possible, and checks that the reports are the
//! same.

mod loaded;
mod slots;
mod subject;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use fractalaw_ai::Ai;
use fractalaw_events::Events;
use fractalaw_host::capability::Offers;
use fractalaw_host::{
    Coverage, Host, HostBuilder, MicroApp, Policy, Profile, ProfileError, ProfiledApp, Reuse, Run,
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
use crate::lab::subject::Subject;
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
    /// The components of guests, by their names.
    components: Mutex<HashMap<String, Arc<Component>>>,
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
            components: Mutex::default(),
            fresh: Mutex::default(),
            used: Mutex::default(),
        }
    }

    /// How long the runs of all cases took, one after another: four of each case, the last with its neighbours from their
    /// beginning to their end. The rest is the harness's own time.
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
        self.add(start.elapsed());
        result
    }

    fn add(&self, in_a_run: Duration) {
        let nanos = u64::try_from(in_a_run.as_nanos()).unwrap_or(u64::MAX);
        self.in_runs.fetch_add(nanos, Ordering::Relaxed);
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

    /// Runs the case and returns what is the same each time. Meanwhile it does the work with what the first run gave, and
    /// returns its result too.
    pub(crate) fn run<T>(
        &self,
        case: &Case,
        work: impl FnOnce(&Observed) -> T,
    ) -> Result<(Observed, T)> {
        let component = self.component(case)?;
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
            let mut slots = self.fresh_slots(runtime, policy)?;
            let subject = slots.load(&component)?;
            let observed = once(&slots.host, &subject)?;
            slots.runs_left -= 1;
            slots.held_bytes += observed.report.memory.peak_bytes;
            lock(&self.fresh).push(slots);
            observed
        };
        let (used, (back, worked)) = {
            let slot = self.used_slot(policy, hostile)?;
            let subject = slot.load(&component)?;
            // The hostile guest does not need this thread.
            let work = || (comes_back(&fresh.report), work(&fresh));
            let done = self.while_scribbling(runtime, &slot, work)?;
            let observed = once(&slot.host, &subject)?;
            lock(&self.used).push(slot);
            (observed, done)
        };
        let beside = {
            let subject = shared.subject(&component)?;
            let granted = case.granted()?;
            let run = case.run(&granted)?;
            let report = self.timed(|| {
                let run = || runtime.block_on(subject.run(host, &run));
                let (report, neighbours) = shared.beside_others(run);
                let report = report?;
                shared.join(neighbours).map(|()| report)
            })?;
            let changes = granted.changes()?;
            Observed { report, changes }
        };
        same("a slot just used by a hostile guest", &fresh, &used)?;
        same("a slot beside others", &fresh, &beside)?;
        back?;
        Ok((fresh, worked))
    }

    /// Does the work while the hostile guest runs in a slot, and returns when both have ended.
    fn while_scribbling<T>(
        &self,
        runtime: &Runtime,
        slot: &UsedSlot,
        work: impl FnOnce() -> T,
    ) -> Result<T> {
        let (host, hostile) = (slot.host.clone(), slot.hostile.clone());
        let scribbling = runtime.spawn(async move {
            let start = Instant::now();
            let report = hostile.run(&host, &Run::new().deterministic()).await;
            report.map(|_| start.elapsed())
        });
        let worked = work();
        self.add(runtime.block_on(scribbling)??);
        Ok(worked)
    }

    /// The component of a case. A guest's is read once for all of its cases.
    fn component(&self, case: &Case) -> Result<Arc<Component>> {
        let read = || Ok::<_, anyhow::Error>(Component::of(case.component(&self.guests)?));
        if case.is_fixture() {
            return read().map(Arc::new);
        }
        if let Some(known) = lock(&self.components).get(&case.name.subject) {
            return Ok(Arc::clone(known));
        }
        let component = Arc::new(read()?);
        lock(&self.components).insert(case.name.subject.clone(), Arc::clone(&component));
        Ok(component)
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
        let component = self.component(case)?;
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
        let component = self.component(case)?;
        let load = |component: &[u8]| shared.host.load_profiled(component);
        let app = match shared.profiled.get(&component, load) {
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
