//! How a supervisor starts: files, engine, host, apps, in this order.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use fractalaw_events::{Events, LedgerClosings, Subscriptions};
use fractalaw_events_engine::{Engine, Member};
use fractalaw_host::{Host, HostBuilder, MicroApp, Policy, Run, Section};
use tokio::sync::{Notify, watch};

use super::shared::{Inner, Stopping, Supervisor};
use crate::apps::{App, Apps, Loaded};
use crate::clock::Clock;
use crate::components;
use crate::config::Config;
use crate::desk::{Desk, FILE_OWNER, offer_held_again};
use crate::error::ServeError;
use crate::folder::Folder;
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::state;

/// What a supervisor is started with.
pub struct Setup {
    /// The folder with `fractalaw.toml`.
    pub folder: PathBuf,
    /// What the file says.
    pub config: Config,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Adds what the host offers besides events.
    pub offer: Box<dyn FnOnce(HostBuilder) -> HostBuilder + Send>,
    /// Lines of policy for all runs.
    pub lines: String,
}

impl Supervisor {
    /// Opens everything, and settles what the last process left. Nothing runs before [`run`](Supervisor::run). It blocks.
    ///
    /// # Errors
    ///
    /// If another supervisor serves the folder, if a file cannot be used, or if the policy has something that the host
    /// does not know. An app that cannot be loaded is no error: its deliveries wait, and the status says why.
    pub fn start(setup: Setup) -> Result<Supervisor, ServeError> {
        let Setup {
            folder: served,
            config,
            clock,
            offer,
            lines,
        } = setup;
        let folder = Folder::make(&served)?;
        let lock = folder.lock()?;
        let wake = Arc::new(Notify::new());
        let (desk, apps) = open(&folder, &config, Arc::clone(&clock), &wake)?;
        let engine_clock = Arc::clone(&clock);
        let events = Events::with_engine(desk.engine.clone(), move || engine_clock.now());
        let mut builder = Host::builder()
            .slots(config.serve.slots)
            .cache(folder.code())
            .open_ledger(desk.ledger.clone())
            .offer(events.clone());
        if let Some(policy) = &config.serve.policy {
            builder =
                builder.policy(Policy::load(policy).map_err(fractalaw_host::HostError::from)?);
        }
        let host = offer(builder).build()?;
        let section = Section::parse(&lines).map_err(fractalaw_host::HostError::from)?;
        let supervisor = Supervisor(Arc::new(Inner {
            folder,
            host,
            events,
            desk,
            clock,
            apps: Mutex::new(apps),
            journal: Journal::default(),
            metrics: Metrics::default(),
            overview: Mutex::default(),
            run: Run::new().grant(section),
            wake,
            ended: watch::Sender::new(0),
            running: Mutex::default(),
            is_ailing: AtomicBool::default(),
            look: Notify::new(),
            swapping: tokio::sync::Mutex::new(()),
            stop: watch::Sender::new(Stopping::No),
            _lock: lock,
            config,
        }));
        supervisor.load_known()?;
        Ok(supervisor)
    }

    /// Loads what ran before. What is in the files of the apps now is looked at later, as a swap.
    fn load_known(&self) -> Result<(), ServeError> {
        let inner = &*self.0;
        let known: BTreeMap<String, String> = {
            let apps = inner.apps();
            let names = apps.by_name.keys();
            let known = names.filter_map(|name| {
                let current = apps.standing(name)?.current.as_ref()?;
                Some((name.clone(), current.digest.clone()))
            });
            known.collect()
        };
        for (name, digest) in known {
            let loaded = components::load(&inner.host, &inner.folder, &digest);
            let standing = match &loaded {
                Ok(loaded) => Some(inner.standing(loaded)?),
                Err(_) => None,
            };
            let mut apps = inner.apps();
            let apps = &mut *apps;
            let (Some(app), Some(known)) =
                (apps.by_name.get_mut(&name), apps.state.apps.get_mut(&name))
            else {
                continue;
            };
            match loaded {
                Ok(loaded) => {
                    app.trial = known.trial;
                    app.loaded = Some(Loaded {
                        digest: digest.into(),
                        app: loaded,
                    });
                }
                Err(note) => app.note = Some(note),
            }
            // The policy may be another since the last start.
            if let Some((on, note)) = standing {
                app.note = note;
                if let Some(current) = &mut known.current {
                    current.on = on;
                }
            }
        }
        let state = inner.apps().state.clone();
        state.write(&inner.folder)?;
        // What the policy refused may be granted now.
        offer_held_again(&inner.desk.engine)?;
        inner.tell_engine()?;
        inner.finish_swaps();
        inner.desk.tasks_of_file(&inner.config)
    }
}

impl Inner {
    /// The events that start an app, and what is not granted to it.
    pub(super) fn standing(
        &self,
        app: &MicroApp,
    ) -> Result<(Subscriptions, Option<String>), fractalaw_host::HostError> {
        let judged = self.host.judge(app, &self.run)?;
        let on = Events::subscriptions(&self.host, app, &self.run)?;
        let note = judged.missing.map(|missing| {
            format!(
                "{} asks for more than it is granted: {missing}",
                app.digest()
            )
        });
        Ok((on, note))
    }
}

/// Opens the files. This settles what the last process left, with the subscriptions that counted then. `wake` is called
/// when something came from the set, if this is a node of one.
pub(crate) fn open(
    folder: &Folder,
    config: &Config,
    clock: Arc<dyn Clock>,
    wake: &Arc<Notify>,
) -> Result<(Desk, Apps), ServeError> {
    let path = &config.serve.ledger;
    let is_new = !path.exists();
    fractalaw_ledger::ensure(path).map_err(|error| ServeError::NewLedger(error.into()))?;
    let ledger = Desk::open_ledger(path)?;
    let events = path.with_file_name("events.db");
    let state = match state::State::read(folder)? {
        // SQLite would make an empty file of what is missing, and nobody would know what waited.
        Some(state) if !is_new && state.has_run() && is_missing(&events) => {
            return Err(ServeError::EventsMissing { path: events });
        }
        Some(state) => state,
        None if events.exists() => {
            return Err(ServeError::StateMissing {
                path: folder.apps(),
            });
        }
        None => {
            let state = state::State::default();
            state.write(folder)?;
            state
        }
    };
    let names = config.apps.iter();
    let apps = Apps {
        by_name: names
            .map(|(name, app)| (name.clone(), App::new(app.clone())))
            .collect(),
        state,
    };
    components::forget_others(folder, |digest| apps.state.has(digest));
    let ledger_id = ledger.identity().ledger_id.to_string();
    let subscribed = apps.for_engine(config.serve.slots);
    let (mut closings, now) = (LedgerClosings::new(path), clock.now());
    let engine = match config.serve.set {
        false => Engine::open(&events, &ledger_id, subscribed, &mut closings, now)?,
        true => {
            let wake = Arc::clone(wake);
            let member = Member {
                configuration: FILE_OWNER.to_owned(),
                wake: Box::new(move || wake.notify_one()),
            };
            Engine::open_in_set(&events, &ledger_id, subscribed, &mut closings, now, member)?
        }
    };
    let desk = Desk {
        engine,
        ledger,
        clock,
        is_in_set: config.serve.set,
        decides: Arc::default(),
    };
    Ok((desk, apps))
}

/// Whether a file is not there, or has nothing in it.
fn is_missing(path: &Path) -> bool {
    std::fs::metadata(path).map_or_else(
        |error| error.kind() == ErrorKind::NotFound,
        |file| file.len() == 0,
    )
}
