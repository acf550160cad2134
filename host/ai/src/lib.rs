//! The capability `ai`: embeddings, classification and inference for micro-apps, granted by model and metered.
//!
//! [`Ai`] offers `fractal:app/ai-embeddings`, `fractal:app/ai-classify` and `fractal:app/ai-inference`, as every capability
//! offers its interfaces. One model is part of the host and exact: a table and sums of integers. Others are asked over HTTP,
//! and their answers can be recorded and replayed. `README.md` has grants, prices and error codes.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
mod canonical;
pub mod limits;
mod tables;

mod effect;
mod exact;
mod failure;

mod recording;
mod served;

mod grant;

mod session;

mod embedded;

mod ai_classify;
mod ai_embeddings;
mod ai_inference;

#[doc(hidden)]
pub mod fuzzing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use fractalaw_catalogue::Catalogue;
use fractalaw_contract::standard;
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{
    Capability, Granted, GrantedName, PricedLinker, Session, Starting, Table,
};
use fractalaw_host::{HostError, PolicyError};

use grant::{GRANT_KEY, KEY, MODELS, Model};
use limits::{CALLS, TOKENS};
use recording::Replayed;
use served::Served;
use session::AiSession;
use tables::{
    CLASSIFY, CLASSIFY_FUNCTION, EMBED_BATCH_FUNCTION, EMBED_FUNCTION, EMBEDDINGS,
    GENERATE_FUNCTION, INFERENCE,
};

static TABLE: Table = Table {
    name: "ai",
    wit: &[standard::APP_WIT],
    interfaces: &[
        standard::AI_EMBEDDINGS,
        standard::AI_CLASSIFY,
        standard::AI_INFERENCE,
    ],
    keys: &[GRANT_KEY],
    quotas: &[&CALLS, &TOKENS],
    functions: &[
        &EMBED_FUNCTION,
        &EMBED_BATCH_FUNCTION,
        &CLASSIFY_FUNCTION,
        &GENERATE_FUNCTION,
    ],
};

/// Offers models. Policies say which run gets which.
#[derive(Debug, Default)]
pub struct Ai {
    /// The lists of models that the policy names, as they were when the host started.
    lists: Mutex<BTreeMap<PathBuf, Arc<Catalogue>>>,
    /// What its runs replay.
    replayed: Arc<Mutex<Replayed>>,
}

impl Ai {
    /// Reads nothing. The table of the exact model is looked at when a run first calls for it.
    pub fn new() -> Ai {
        Ai::default()
    }

    /// The list in this file.
    fn list(&self, path: &Path) -> Result<Arc<Catalogue>, PolicyError> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        match lists.get(path) {
            Some(list) => Ok(Arc::clone(list)),
            // A line of policy that the run brings names it.
            None => read(path),
        }
    }
}

fn read(path: &Path) -> Result<Arc<Catalogue>, PolicyError> {
    let list = Catalogue::read(path).map_err(|fault| grant::error(&fault))?;
    Ok(Arc::new(list))
}

/// The lists of models that these names name.
fn lists<'n>(names: impl Iterator<Item = &'n GrantedName>) -> impl Iterator<Item = PathBuf> {
    names
        .filter(|name| name.name() == MODELS)
        .filter_map(grant::file)
}

impl Capability for Ai {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> Called<()> {
        ai_embeddings::add_to_linker(linker)?;
        ai_classify::add_to_linker(linker)?;
        ai_inference::add_to_linker(linker)
    }

    /// Reads the lists of models that the policy names. Each model that it names must be in one of them.
    fn start(&self, starting: &Starting<'_>) -> Result<(), HostError> {
        let mut found = BTreeMap::new();
        for path in lists(starting.names(KEY)) {
            found.insert(path.clone(), read(&path)?);
        }
        for name in starting.names(KEY).filter_map(grant::listed) {
            let mut lists = found.values();
            let Some(first) = lists.next() else {
                return Err(grant::no_list(name).into());
            };
            if let Err(fault) = first.model(name)
                && !lists.any(|list| list.models.contains_key(name))
            {
                return Err(grant::error(&fault).into());
            }
        }
        *self.lists.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        let names: Vec<_> = granted.names(KEY).collect();
        let list = lists(names.iter().copied()).next();
        let list = list.map(|path| self.list(&path)).transpose()?;
        let models = grant::Granted::of(&names, list.as_deref())?;
        if models.generate.is_none() && granted.asks_for(INFERENCE) {
            return Err(no_model().into());
        }
        if granted.is_deterministic()
            && let Some(served) = not_exact(granted, &models)
        {
            return Err(would_ask(&served).into());
        }
        let replayed = Arc::clone(&self.replayed);
        Ok(Box::new(AiSession::new(
            models,
            granted.threads(),
            replayed,
        )))
    }
}

/// A model that the run could ask and whose answers may differ the next time. If the run is recorded, its repetition finds what
/// is asked now.
fn not_exact(granted: &Granted<'_>, models: &grant::Granted) -> Option<Arc<Served>> {
    if models.replay.is_some() || models.record.is_some() {
        return None;
    }
    let served = |model: &Model| match model {
        Model::Served(served) => Some(Arc::clone(served)),
        Model::Exact => None,
    };
    let of_interfaces = [
        (EMBEDDINGS, served(&models.embed)),
        (CLASSIFY, served(&models.classify)),
        (INFERENCE, models.generate.clone()),
    ];
    let mut asked = of_interfaces
        .into_iter()
        .filter(|(interface, _)| granted.asks_for(interface));
    asked.find_map(|(_, served)| served)
}

fn would_ask(served: &Served) -> PolicyError {
    PolicyError::usage(
        format!(
            "a deterministic run is granted the model `{}`, expected recorded answers or the exact model `{}`",
            served.name,
            exact::NAME
        ),
        "record a real run with `--record FOLDER`, and repeat its answers with `--replay FILE`",
    )
}

fn no_model() -> PolicyError {
    PolicyError::usage(
        "inference is granted, and no model is named",
        "name one in the policy, such as `ai.generate = { model = \"NAME\", url = \"http://127.0.0.1:8080/v1\" }`",
    )
}
