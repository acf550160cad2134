//! The capability `ai`: embeddings and classification for micro-apps, granted by model, metered, exact.
//!
//! [`Ai`] offers `fractal:app/ai-embeddings` and `fractal:app/ai-classify`, as every capability offers its interfaces.
//! The exact model is part of the host: a table and sums of integers. `README.md` has grants, prices and error codes.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
mod canonical;
pub mod limits;
mod tables;

mod effect;
mod exact;
mod failure;

mod grant;

mod session;

mod ai_classify;
mod ai_embeddings;

use fractalaw_contract::standard;
use fractalaw_host::HostError;
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Capability, Granted, PricedLinker, Session, Table};

use effect::Effects;
use grant::{GRANT_KEY, KEY};
use limits::{CALLS, TOKENS};
use session::AiSession;
use tables::{CLASSIFY_FUNCTION, EMBED_BATCH_FUNCTION, EMBED_FUNCTION};

static TABLE: Table = Table {
    name: "ai",
    wit: &[standard::APP_WIT],
    interfaces: &[standard::AI_EMBEDDINGS, standard::AI_CLASSIFY],
    keys: &[GRANT_KEY],
    quotas: &[&CALLS, &TOKENS],
    functions: &[&EMBED_FUNCTION, &EMBED_BATCH_FUNCTION, &CLASSIFY_FUNCTION],
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
        ai_classify::add_to_linker(linker)
    }

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        let granted = grant::Granted::of(granted.names(KEY));
        let effects = Effects::shows(granted.shows_texts);
        Ok(Box::new(AiSession { granted, effects }))
    }
}
