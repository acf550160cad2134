//! A host in memory, for tests of a micro-app's logic with `cargo test`.
//!
//! ```
//! use micro_app::testing::Host;
//! use micro_app::{emit, record};
//!
//! fn report(kilograms: u32) -> Result<String, String> {
//!     record("weighed", "scale-1", format!("{kilograms} kg"));
//!     if kilograms > 40_000 {
//!         emit("overweight", kilograms.to_string())?;
//!     }
//!     Ok(format!("{kilograms} kg"))
//! }
//!
//! let mut host = Host::new();
//! assert_eq!(host.run(|| report(41_500)), Ok("41500 kg".to_owned()));
//! assert_eq!(host.trail(), ["[weighed] scale-1 — 41500 kg"]);
//! assert_eq!(host.emitted(), [("overweight", &b"41500"[..])]);
//! ```
//!
//! A run is all or nothing, as on a real host: what it changes and emits takes effect if it returns `Ok`, and the trail stays
//! in any case. Tables and models are what the test gives: see [`Tables`] and [`Models`]. There are no grants, no limits and no
//! fuel. The cases of a guest test these, and also what a guest reads by itself from arguments, standard input and files.

mod run;
mod staged;

use std::collections::BTreeMap;

use super::contract::fractal::app::ai_classify::Classification;
use super::contract::fractal::app::ai_embeddings::AiError;
use super::contract::fractal::app::ai_inference::{GenerateRequest, GenerateResponse};
use super::contract::fractal::app::data_mutate::MutateError;
use super::contract::fractal::app::data_query::QueryError;
use super::contract::fractal::app::events_schedule::{ScheduledTask, TaskId};

pub(crate) use run::{host, models, tables};
use staged::Staged;

/// What answers a micro-app's SQL. The crate `fractalaw-native-host` has the engine of the real host.
pub trait Tables {
    /// The rows of a statement, as an Arrow stream: see [`to_stream`](crate::to_stream).
    fn query(&mut self, sql: &str) -> Result<Vec<u8>, QueryError>;

    /// Runs a statement that changes rows.
    fn execute(&mut self, sql: &str) -> Result<u64, MutateError>;

    /// Adds the rows of an Arrow stream: see [`Rows::from_stream`](crate::Rows::from_stream).
    fn insert(&mut self, table: &str, stream: &[u8]) -> Result<u64, MutateError>;

    /// The run is over. What it changed takes effect if it completed.
    fn settle(&mut self, completed: bool);
}

/// What answers a micro-app's questions to models. The crate `fractalaw-native-host` has one with recorded answers. A test
/// implements what its micro-app asks.
pub trait Models {
    /// The vectors of texts.
    fn embed(&mut self, _texts: &[String]) -> Result<Vec<Vec<f32>>, AiError> {
        panic!("the models of this test make no vectors: `Models::embed` is not implemented");
    }

    /// The categories of a text, best first.
    fn classify(
        &mut self,
        _text: &str,
        _categories: &[String],
    ) -> Result<Vec<Classification>, AiError> {
        panic!("the models of this test do not classify: `Models::classify` is not implemented");
    }

    /// A text.
    fn generate(&mut self, _request: &GenerateRequest) -> Result<GenerateResponse, AiError> {
        panic!("the models of this test write nothing: `Models::generate` is not implemented");
    }
}

/// A host in memory, and what came of its runs.
#[derive(Default)]
pub struct Host(State);

/// What the functions of the contract work on while a run goes on.
#[derive(Default)]
pub(crate) struct State {
    name: Option<String>,
    trigger: BTreeMap<String, String>,
    tables: Option<Box<dyn Tables>>,
    models: Option<Box<dyn Models>>,
    trail: Vec<String>,
    /// What took effect.
    done: Staged,
    /// What the run that goes on has staged.
    staged: Staged,
    /// The number of the last event or task.
    last: u64,
}

impl Host {
    /// A host without tables and models.
    pub fn new() -> Host {
        Host::default()
    }

    /// The micro-app's name. Without this it is the name of the package under test.
    pub fn named(mut self, name: &str) -> Host {
        self.0.name = Some(name.to_owned());
        self
    }

    /// Why the runs begin: `("EVENT_TYPE", "permit-expired")` is what [`trigger`](crate::trigger) finds.
    pub fn trigger(mut self, name: &str, value: &str) -> Host {
        self.0.trigger.insert(name.to_owned(), value.to_owned());
        self
    }

    /// What answers SQL.
    pub fn tables(mut self, tables: impl Tables + 'static) -> Host {
        self.0.tables = Some(Box::new(tables));
        self
    }

    /// What answers questions to models.
    pub fn models(mut self, models: impl Models + 'static) -> Host {
        self.0.models = Some(Box::new(models));
        self
    }

    /// A run: lets a function call the contract. It can be called again, as a host starts a micro-app again.
    pub fn run<T, E>(&mut self, run: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        run::run(&mut self.0, run)
    }

    /// The audit entries of all runs, as a report shows them: `[TYPE] RESOURCE — DETAIL`.
    pub fn trail(&self) -> &[String] {
        &self.0.trail
    }

    /// The events that completed runs have emitted: type and payload.
    pub fn emitted(&self) -> Vec<(&str, &[u8])> {
        let events = self.0.done.events.iter();
        events
            .map(|event| (&*event.event_type, &*event.payload))
            .collect()
    }

    /// The tasks that completed runs have scheduled and not cancelled, with their ids.
    pub fn scheduled(&self) -> &[(TaskId, ScheduledTask)] {
        &self.0.done.tasks
    }
}
