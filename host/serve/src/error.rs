//! Why a supervisor does not start, or cannot do what it was asked.

use std::io;
use std::path::PathBuf;

use fractalaw_events_engine::{EngineError, EventError};
use fractalaw_host::{HostError, LedgerError};

use crate::config::ConfigError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// `fractalaw.toml`.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another supervisor serves the folder.
    #[error("`{}` is served by process {process}", folder.display())]
    Served {
        /// The folder.
        folder: PathBuf,
        /// The number of the other process, as it wrote it down.
        process: String,
    },
    /// The supervisor of the folder does not answer commands at this moment.
    #[error("`{}` is served by process {process}, which does not answer commands now", folder.display())]
    NotReady {
        /// The folder.
        folder: PathBuf,
        /// The number of the process, as it wrote it down.
        process: String,
    },
    /// A file of the supervisor cannot be used.
    #[error("could not {what} `{}`", path.display())]
    File {
        /// What was to be done.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file of apps is not what a supervisor wrote.
    #[error("`{}` cannot be read: {message}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// Events wait, and it is not known for whom.
    #[error("there are events, and `{}` is missing, which says which apps get them", path.display())]
    StateMissing {
        /// The file.
        path: PathBuf,
    },
    /// Events may have waited, and are gone.
    #[error("`{}` is missing or empty, which has the events that wait", path.display())]
    EventsMissing {
        /// The file.
        path: PathBuf,
    },
    /// The host.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The key of a new ledger.
    #[error("could not make a ledger")]
    NewLedger(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The engine of events.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine refuses what somebody asked for.
    #[error(transparent)]
    Refused(#[from] EventError),
    /// What was asked for is not there, or not possible.
    #[error("{message}")]
    Asked {
        /// Why not.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// An address cannot be listened at.
    #[error("could not listen at {place}")]
    Listen {
        /// The address or the socket.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// A variable with a token is not set.
    #[error("the variable `{name}` is not set, expected the token for `POST /emit/{event_type}`")]
    Token {
        /// The variable.
        name: String,
        /// The event type.
        event_type: String,
    },
}

impl ServeError {
    pub(crate) fn asked(message: impl Into<String>) -> ServeError {
        ServeError::Asked {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn asked_with(message: impl Into<String>, hint: impl Into<String>) -> ServeError {
        ServeError::Asked {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// What to do about it, if there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            ServeError::Served { folder, .. } => Some(format!(
                "`fractalaw status --folder {}` asks it; stop it before you start another",
                folder.display()
            )),
            ServeError::NotReady { .. } => Some(
                "it takes the first version of its apps, or stops: ask again in a moment"
                    .to_owned(),
            ),
            ServeError::StateMissing { .. } => Some(
                "restore it from a copy, or move `events.db` away with the events that wait in it; \
                 if another folder has this ledger, name another one"
                    .to_owned(),
            ),
            ServeError::EventsMissing { .. } => Some(
                "restore it from a copy; to begin without what waited in it, move \
                 `.fractalaw/apps.json` away too"
                    .to_owned(),
            ),
            ServeError::State { .. } => Some("restore it from a copy".to_owned()),
            ServeError::Host(error) => error.hint(),
            ServeError::Ledger(error) => error.hint(),
            ServeError::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => Some(
                "another program has it: choose another `listen` in `fractalaw.toml`".to_owned(),
            ),
            ServeError::Token { name, .. } => Some(format!(
                "start with `{name}=…`, or remove the line from `[serve.emit]`"
            )),
            ServeError::Asked { hint, .. } => hint.clone(),
            _ => None,
        }
    }

    /// Whether the request was wrong, and not the machine.
    pub fn is_usage(&self) -> bool {
        match self {
            ServeError::Config(_)
            | ServeError::Served { .. }
            | ServeError::NotReady { .. }
            | ServeError::Refused(_)
            | ServeError::Asked { .. }
            | ServeError::Token { .. } => true,
            ServeError::Host(error) => error.is_usage(),
            _ => false,
        }
    }
}
