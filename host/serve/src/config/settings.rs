//! What the file says, as data.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::limits::{GRACE, LISTEN, SLOTS};

/// The name of the file in its folder.
pub const FILE: &str = "fractalaw.toml";

/// The whole file. Relative paths in it start at its own folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The supervisor itself.
    pub serve: Serve,
    /// The apps by name.
    pub apps: BTreeMap<String, App>,
    /// Data for all apps.
    pub data: Data,
    /// Models for all apps.
    pub models: Models,
}

/// `[serve]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serve {
    /// The ledger. The file of events stands beside it.
    pub ledger: PathBuf,
    /// What is granted to the apps.
    pub policy: Option<PathBuf>,
    /// How many runs go on at the same time.
    pub slots: u32,
    /// Where HTTP listens, if it does.
    pub listen: Option<SocketAddr>,
    /// How long runs may go on after the supervisor was told to stop.
    pub grace: Duration,
    /// Whether this is a node of a set, which `fractalaw-nats` connects. Then events go to the set.
    pub set: bool,
    /// The types of events that are taken over HTTP, and for each the variable with its token.
    pub emit: BTreeMap<String, String>,
}

/// `[apps.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The component.
    pub source: PathBuf,
    /// The most runs at the same time. `None` for as many as there are slots.
    pub concurrency: Option<u32>,
    /// How often a delivery is tried.
    pub retry: Option<u32>,
    /// How a new version takes the place of the old one.
    pub swap: Swap,
    /// A run that a new version must complete first.
    pub check: Option<Check>,
    /// Its tasks.
    pub cron: Vec<Cron>,
}

/// How a new version takes the place of the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Swap {
    /// New runs have the new version at once, while runs of the old one end.
    #[default]
    AtOnce,
    /// No run has the new version before the last of the old one has ended.
    Drain,
}

/// `[apps.NAME.check]`: the input of a run that a new version must complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// The file with the payload. Without one, the payload is empty.
    pub payload: Option<PathBuf>,
    /// The type of the event that the run is told about.
    pub event_type: Option<String>,
}

/// `[[apps.NAME.cron]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    /// A name for people. An app has each name once.
    pub name: String,
    /// The expression.
    pub schedule: String,
    /// The input of the runs.
    pub payload: String,
}

/// `[data]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// The program that loads ADBC drivers, if it does not stand beside this one.
    pub adbc_program: Option<PathBuf>,
}

/// `[models]`: recorded answers of served models, as `fractalaw run` has them as flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Models {
    /// Where answers are added.
    pub record: Option<PathBuf>,
    /// Where answers are taken from.
    pub replay: Option<PathBuf>,
}

impl Default for Serve {
    fn default() -> Serve {
        Serve {
            ledger: PathBuf::from("audit.ledger"),
            policy: None,
            slots: SLOTS,
            listen: Some(LISTEN),
            grace: GRACE,
            set: false,
            emit: BTreeMap::new(),
        }
    }
}
