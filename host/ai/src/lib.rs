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

use fractalaw_contract::standard;
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Capability, Granted, PricedLinker, Session, Table};
use fractalaw_host::{HostError, PolicyError};

use grant::{GRANT_KEY, KEY};
use limits::{CALLS, TOKENS};
use session::AiSession;
use tables::{
    CLASSIFY_FUNCTION, EMBED_BATCH_FUNCTION, EMBED_FUNCTION, GENERATE_FUNCTION, INFERENCE,
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
pub struct Ai;

impl Ai {
    /// Reads nothing. The table of the exact model is looked at when a run first calls for it.
    pub fn new() -> Ai {
        Ai
    }
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

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        let models = grant::Granted::of(granted.names(KEY));
        if models.generate.is_none() && granted.asks_for(INFERENCE) {
            return Err(no_model().into());
        }
        Ok(Box::new(AiSession::new(models, granted.threads())))
    }
}

fn no_model() -> PolicyError {
    PolicyError {
        path: None,
        line: None,
        message: "inference is granted, and no model is named".to_owned(),
        hint: "name one in the policy, such as `ai.generate = { model = \"NAME\", url = \"http://127.0.0.1:8080/v1\" }`"
            .to_owned(),
        is_usage: true,
    }
}
