//! The host of a scenario: its files in one folder, its clock, and its micro-apps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use fractalaw_data::Data;
use fractalaw_events::{Events, LedgerClosings, Subscriptions};
use fractalaw_events_engine::{App, Apps, Engine, Time};
use fractalaw_host::capability::Offers;
use fractalaw_host::{Durability, Hash, Host, MicroApp, Policy, Run, Section};
use fractalaw_ledger::{LedgerKey, Reader, create};
use tempfile::TempDir;

use super::probe::{self, After, Before, Probe};
use super::spec::{AppSpec, Spec};
use crate::freshness::Guests;
use crate::lab::COMPILE_TIME;

/// What all hosts of a scenario share on disk.
pub(crate) struct Place {
    /// Where paths of seeds start.
    pub(crate) seeds: PathBuf,
    pub(crate) policy: PathBuf,
    pub(crate) cache: PathBuf,
    pub(crate) offers: Offers,
}

/// The clock of a scenario. Clones are the same clock.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn at(time: Time) -> Clock {
        Clock(Arc::new(AtomicI64::new(time.unix_ms())))
    }

    pub(crate) fn now(&self) -> Time {
        Time::from_unix_ms(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn set(&self, time: Time) {
        self.0.store(time.unix_ms(), Ordering::Relaxed);
    }
}

/// A host that runs, until it crashes.
pub(crate) struct World {
    pub(crate) host: Host,
    pub(crate) events: Events,
    pub(crate) engine: Engine,
    pub(crate) probe: Probe,
    pub(crate) clock: Clock,
    pub(crate) apps: BTreeMap<String, (AppSpec, MicroApp)>,
    files: TempDir,
}

/// An empty folder with a new ledger and a new database.
pub(crate) fn new_files(spec: &Spec, place: &Place) -> Result<TempDir> {
    let files = tempfile::tempdir().context("no place for a scenario")?;
    let key = LedgerKey::from_seed(&[7; 32]);
    create(&ledger(files.path()), "node-1", &key.public_key(), 0)?;
    if let Some(seed) = &spec.seed {
        seed.fill(&place.seeds, &database(files.path()))?;
    }
    Ok(files)
}

fn ledger(files: &Path) -> PathBuf {
    files.join("audit.ledger")
}

fn database(files: &Path) -> PathBuf {
    files.join("scenario.db")
}

impl World {
    /// Starts a host over these files.
    pub(crate) fn start(
        files: TempDir,
        apps: &BTreeMap<String, AppSpec>,
        guests: &Guests,
        place: &Place,
        clock: Clock,
        probe: Probe,
    ) -> Result<World> {
        let ledger = ledger(files.path());
        let id = Reader::open(&ledger)?.identity().ledger_id.to_string();
        let policy = Policy::load(&place.policy)
            .map_err(|error| anyhow!("{error}\nhint: {}", error.hint))?;
        let builder = |events: Events| {
            Host::builder()
                .slots(2)
                .cache(&place.cache)
                .compile_time(COMPILE_TIME)
                .policy(policy.clone())
                .offer(Before(probe.clone()))
                .offer(Data::new())
                .offer(events)
                .offer_all((place.offers)())
                .offer(After(probe.clone()))
        };
        // What an app is subscribed to follows from its manifest and the policy, so a host says it.
        let judge = builder(Events::new()).build()?;
        let mut on = BTreeMap::new();
        for (name, app) in apps {
            let loaded = judge.load(&guests.component(app.guest.as_deref().unwrap_or(name))?)?;
            let run = brought(app, &database(files.path()))?;
            on.insert(name.clone(), Events::subscriptions(&judge, &loaded, &run)?);
        }
        drop(judge);
        let mut closings = LedgerClosings::new(&ledger);
        let path = files.path().join("events.db");
        let engine = Engine::open(&path, &id, subscribed(apps, on), &mut closings, clock.now())?;
        let events = {
            let clock = clock.clone();
            Events::with_engine(engine.clone(), move || clock.now())
        };
        let host = builder(events.clone())
            .ledger(&ledger, Durability::Run)
            .build()?;
        let mut loaded = BTreeMap::new();
        for (name, app) in apps {
            let component = guests.component(app.guest.as_deref().unwrap_or(name))?;
            loaded.insert(name.clone(), (app.clone(), host.load(&component)?));
        }
        Ok(World {
            host,
            events,
            engine,
            probe,
            clock,
            apps: loaded,
            files,
        })
    }

    /// A run of this micro-app now, with what the scenario grants it.
    pub(crate) fn run(&self, name: &str) -> Result<(&MicroApp, Run)> {
        let (spec, app) = self
            .apps
            .get(name)
            .with_context(|| format!("the scenario has no micro-app `{name}`"))?;
        let since_1970 = Duration::from_millis(self.clock.now().unix_ms().max(0).unsigned_abs());
        let run = brought(spec, &database(self.files.path()))?;
        Ok((app, run.deterministic().clock(since_1970)))
    }

    /// Gives an app the component of another guest, and subscribes all as their manifests and the policy say. Returns the
    /// digests of the component before and of the one from now on.
    pub(crate) fn swap(
        &mut self,
        apps: &BTreeMap<String, AppSpec>,
        name: &str,
        component: &[u8],
    ) -> Result<[Hash; 2]> {
        let app = self.host.load(component)?;
        let (spec, loaded) = self.apps.get_mut(name).context("the micro-app runs")?;
        spec.clone_from(&apps[name]);
        let before = std::mem::replace(loaded, app);
        let digests =
            [before.digest(), loaded.digest()].map(|digest| Hash::try_from(digest.to_owned()));
        let [from, to] = digests;
        let mut on = BTreeMap::new();
        for (name, (spec, app)) in &self.apps {
            let run = brought(spec, &database(self.files.path()))?;
            on.insert(name.clone(), Events::subscriptions(&self.host, app, &run)?);
        }
        self.engine.set_apps(subscribed(apps, on))?;
        Ok([from, to].map(|digest| digest.expect("a digest has 64 digits")))
    }

    /// The files as a process would leave them that ended now.
    pub(crate) fn copy(&self) -> Result<TempDir> {
        Ok(probe::copy(self.files.path())?)
    }

    /// The ledger's file.
    pub(crate) fn ledger(&self) -> PathBuf {
        ledger(self.files.path())
    }

    /// The database's file.
    pub(crate) fn database(&self) -> PathBuf {
        database(self.files.path())
    }

    /// Ends the host, and gives back its files.
    pub(crate) fn end(self) -> TempDir {
        self.files
    }
}

fn subscribed(apps: &BTreeMap<String, AppSpec>, on: BTreeMap<String, Subscriptions>) -> Apps {
    let apps = apps.iter().zip(on.into_values()).map(|((name, app), on)| {
        let app = App {
            on,
            concurrency: app.concurrency,
            attempts: app.attempts,
        };
        (name.clone(), app)
    });
    Apps(apps.collect())
}

/// What the scenario grants to a micro-app in addition to the policy.
fn brought(app: &AppSpec, database: &Path) -> Result<Run> {
    let mut run = Run::new();
    for arg in &app.args {
        run = run.arg(arg);
    }
    if let Some(fuel) = app.fuel {
        run = run.fuel(fuel);
    }
    if app.read.is_empty() && app.write.is_empty() {
        return Ok(run);
    }
    let file = toml::Value::from(database.to_string_lossy().as_ref());
    let [read, write] = [&app.read, &app.write].map(|list| toml::Value::from(list.clone()));
    let lines = format!(
        "interfaces.\"fractal:app/data-query\" = true\ninterfaces.\"fractal:app/data-mutate\" = true\n\
         data.file = {file}\ndata.read = {read}\ndata.write = {write}\n"
    );
    Ok(run.grant(Section::parse(&lines)?))
}
