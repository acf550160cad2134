//! The apps in memory: what runs of each, how many runs go on, and what a new version must still show.

use std::collections::BTreeMap;
use std::sync::Arc;

use fractalaw_events_engine as engine;
use fractalaw_host::MicroApp;
use serde::{Deserialize, Serialize};

use crate::components::Looks;
use crate::config;
use crate::state::{Standing, State};
use crate::trial::{Judgement, Trial};

/// All apps of the file.
#[derive(Debug, Default)]
pub(crate) struct Apps {
    pub(crate) by_name: BTreeMap<String, App>,
    /// The state as it is on disk, with apps that the file no longer has.
    pub(crate) state: State,
}

/// One app.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: config::App,
    /// What new runs get.
    pub(crate) loaded: Option<Loaded>,
    /// Runs that go on, by the digest of their component.
    pub(crate) running: BTreeMap<Arc<str>, u32>,
    /// The runs of a new version that decide whether it stays.
    pub(crate) trial: Option<Trial>,
    /// The digest of a version that is bad, if the one before could not be put back yet.
    pub(crate) bad: Option<String>,
    /// Whether no run may begin, because a new version waits for the old one to end.
    pub(crate) drains: bool,
    /// Why its file is not what runs.
    pub(crate) note: Option<String>,
    /// What the file looked like when it was last read.
    pub(crate) looks: Option<Looks>,
}

/// A component that is ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) digest: Arc<str>,
    pub(crate) app: MicroApp,
}

/// An app as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// The digest of what runs.
    pub digest: Option<String>,
    /// The version that its component states.
    pub version: Option<String>,
    /// The digest of what ran before.
    pub previous: Option<String>,
    /// Digests that are not taken by themselves.
    pub bad: Vec<String>,
    /// Whether no other version is taken by itself.
    pub pinned: bool,
    /// The types of events that start it.
    pub on: Vec<String>,
    /// The most runs at the same time.
    pub concurrency: Option<u32>,
    /// Runs that go on, by digest.
    pub in_flight: BTreeMap<String, u32>,
    /// Why its file is not what runs.
    pub note: Option<String>,
}

impl App {
    pub(crate) fn new(config: config::App) -> App {
        App {
            config,
            loaded: None,
            running: BTreeMap::new(),
            trial: None,
            bad: None,
            drains: false,
            note: None,
            looks: None,
        }
    }

    /// A run of this version has ended.
    pub(crate) fn ended(&mut self, digest: &str, outcome: &str) -> Judgement {
        if let Some(runs) = self.running.get_mut(digest) {
            *runs -= 1;
            if *runs == 0 {
                self.running.remove(digest);
            }
        }
        let is_current = self
            .loaded
            .as_ref()
            .is_some_and(|loaded| *loaded.digest == *digest);
        let Some(trial) = self.trial.as_mut().filter(|_| is_current) else {
            return Judgement::GoesOn;
        };
        let judgement = trial.ran(outcome);
        if judgement == Judgement::Bad || trial.is_over() {
            self.trial = None;
        }
        judgement
    }

    /// Runs of other versions than this one.
    pub(crate) fn others_running(&self, digest: &str) -> u32 {
        let others = self.running.iter().filter(|(other, _)| ***other != *digest);
        others.map(|(_, runs)| runs).sum()
    }
}

impl Apps {
    /// What the engine has to know of them.
    pub(crate) fn for_engine(&self, slots: u32) -> engine::Apps {
        let apps = self.by_name.iter().map(|(name, app)| {
            let current = self.standing(name).and_then(|known| known.current.as_ref());
            let may_run = app.loaded.is_some() && !app.drains;
            let concurrency = app.config.concurrency.unwrap_or(slots);
            let app = engine::App {
                on: current.map_or_else(BTreeMap::new, |current| current.on.clone()),
                concurrency: if may_run { concurrency } else { 0 },
                attempts: app.config.retry,
            };
            (name.clone(), app)
        });
        engine::Apps(apps.collect())
    }

    pub(crate) fn standing(&self, name: &str) -> Option<&Standing> {
        self.state.apps.get(name)
    }

    /// The apps as people see them.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let apps = self.by_name.iter().map(|(name, app)| {
            let standing = self.standing(name).cloned().unwrap_or_default();
            let (digest, version, on) = match standing.current {
                Some(known) => {
                    let on = known.on.into_keys().collect();
                    (Some(known.digest), known.version, on)
                }
                None => (None, None, Vec::new()),
            };
            let running = app.running.iter();
            Shown {
                name: name.clone(),
                digest,
                version,
                previous: standing.previous,
                bad: standing.bad.into_iter().collect(),
                pinned: standing.pinned,
                on,
                concurrency: app.config.concurrency,
                in_flight: running
                    .map(|(digest, runs)| (digest.to_string(), *runs))
                    .collect(),
                note: app.note.clone(),
            }
        });
        apps.collect()
    }
}
