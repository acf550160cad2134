//! Runs a case three times, in surroundings that differ as much as possible, and checks that the reports are the
//! same.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail, ensure};
use fractalaw_ai::Ai;
use fractalaw_events::Events;
use fractalaw_host::{
    Certainty, Coverage, Decision, Durations, Host, LoadError, MicroApp, Policy, Profile,
    ProfileError, ProfiledApp, Refusal, Report, Run, Tier,
};
use tokio::runtime::Runtime;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

use crate::case::Case;
use crate::data::offered;
use crate::freshness::Guests;
use crate::inventory::Inventory;
use crate::listing::Rendered;
use crate::rendering::Observed;
use crate::scenario::Scenario;
use crate::whole;

/// The guest that fills memory and stack with a pattern before a case's second run.
const HOSTILE: &str = "slot-scribbler";

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
    shared: OnceLock<Result<SharedHost, String>>,
    in_runs: AtomicU64,
    /// At most one for each thread that runs cases.
    used: Mutex<Vec<UsedSlot>>,
}

/// A host with a single slot. Only a hostile guest and the cases of one component run in it, in turn.
struct UsedSlot {
    host: Host,
    hostile: Subject,
    component: Vec<u8>,
    subject: Subject,
}

/// The host that all cases share, and what was loaded for them.
struct SharedHost {
    runtime: Runtime,
    host: Host,
    policy: Policy,
    hostile: Vec<u8>,
    neighbour: MicroApp,
    /// What this host has loaded, by the component's bytes, because many cases use the same guest.
    subjects: Mutex<HashMap<Vec<u8>, Subject>>,
    /// The same for components that were profiled.
    profiled: Mutex<HashMap<Vec<u8>, ProfiledApp>>,
}

impl Lab {
    /// The shared host is made when the first case runs, because listing the cases needs none.
    pub(crate) fn new(inventory: &Inventory, guests: Guests) -> Lab {
        Lab {
            guests,
            cache: inventory.target.join("fractalaw-cache"),
            policy: inventory.tests.join("policy.toml"),
            shared: OnceLock::new(),
            in_runs: AtomicU64::new(0),
            used: Mutex::default(),
        }
    }

    /// How long the runs of all cases took, one after another. The rest is the harness's own time.
    pub(crate) fn in_runs(&self) -> Duration {
        Duration::from_nanos(self.in_runs.load(Ordering::Relaxed))
    }

    /// A host with a single slot in which nothing has run.
    fn single(&self, policy: &Policy) -> Result<Host> {
        let host = Host::builder().slots(1).cache(&self.cache);
        let host = host.compile_time(COMPILE_TIME);
        let host = host.offer(offered()).offer(Ai::new());
        let host = host.offer(Events::new());
        Ok(host.policy(policy.clone()).build()?)
    }

    /// A slot for this component: kept from the case before, or new.
    fn used_slot(&self, policy: &Policy, component: &[u8], hostile: &[u8]) -> Result<UsedSlot> {
        if let Some(slot) = self.used().pop().filter(|slot| slot.component == component) {
            return Ok(slot);
        }
        let host = self.single(policy)?;
        Ok(UsedSlot {
            subject: Subject::load(&host, component)?,
            hostile: Subject::load(&host, hostile)?,
            component: component.to_vec(),
            host,
        })
    }

    fn give_back(&self, slot: UsedSlot) {
        self.used().push(slot);
    }

    fn used(&self) -> MutexGuard<'_, Vec<UsedSlot>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
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
            (self.guests.component(HOSTILE))
                .and_then(|hostile| SharedHost::new(hostile, &self.cache, &self.policy))
                .map_err(|error| format!("{error:#}"))
        };
        self.shared
            .get_or_init(make)
            .as_ref()
            .map_err(|message| anyhow!("{message}"))
    }

    /// Runs the case and returns what is the same each time.
    pub(crate) fn run(&self, case: &Case) -> Result<Observed> {
        let component = case.component(&self.guests)?;
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
            let unused = self.single(policy)?;
            let subject = Subject::load(&unused, &component)?;
            once(&unused, &subject)?
        };
        let used = {
            let slot = self.used_slot(policy, &component, hostile)?;
            let hostile = &slot.hostile;
            let scribble = Run::new().deterministic();
            self.timed(|| runtime.block_on(hostile.run(&slot.host, &scribble)))?;
            let observed = once(&slot.host, &slot.subject)?;
            self.give_back(slot);
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

impl Lab {
    /// Plays a scenario, and returns its story.
    pub(crate) fn play(&self, scenario: &Scenario) -> Result<Rendered> {
        scenario.play(&self.guests, &self.policy, &self.cache)
    }

    /// Runs the case once, for commands that only show its cost.
    pub(crate) fn run_once(&self, case: &Case) -> Result<Observed> {
        let component = case.component(&self.guests)?;
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
        let mut profiled = shared
            .profiled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let app = match profiled.get(&component) {
            Some(app) => app.clone(),
            None => match shared.host.load_profiled(&component) {
                Ok(app) => {
                    profiled.insert(component, app.clone());
                    app
                }
                Err(error) => return Ok(Err(error)),
            },
        };
        drop(profiled);
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
        let app = match shared.host.load_covered(&component) {
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
    fn new(hostile: Vec<u8>, cache: &Path, policy: &Path) -> Result<SharedHost> {
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
        let host = Host::builder()
            .cache(cache)
            .compile_time(COMPILE_TIME)
            .policy(policy.clone())
            .offer(offered())
            .offer(Ai::new())
            .offer(Events::new())
            .build()?;
        let neighbour = host.load(&hostile)?;
        Ok(SharedHost {
            runtime,
            host,
            policy,
            hostile,
            neighbour,
            subjects: Mutex::default(),
            profiled: Mutex::default(),
        })
    }

    /// The component as this host has loaded it.
    fn subject(&self, component: &[u8]) -> Result<Subject> {
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(subject) = subjects.get(component) {
            return Ok(subject.clone());
        }
        let subject = Subject::load(&self.host, component)?;
        subjects.insert(component.to_vec(), subject.clone());
        Ok(subject)
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

/// Checks that the report's JSON contains what the run gave.
fn comes_back(report: &Report) -> Result<()> {
    let json = report.json();
    let read = Report::from_json(&json)?;
    ensure!(
        read.json() == json && read.text() == report.text(),
        "what is read from the report's JSON is another report\n{}",
        whole::diff(("written", &json), ("read", &read.json()))
    );
    Ok(())
}

fn same(place: &str, fresh: &Observed, other: &Observed) -> Result<()> {
    if fresh != other {
        bail!(
            "what a run gives differs between a fresh slot and {place}; a run must not notice\n{}",
            whole::diff(
                ("fresh", &format!("{fresh:#?}\n")),
                ("other", &format!("{other:#?}\n"))
            )
        );
    }
    Ok(())
}
