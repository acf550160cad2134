//! The contract as on WebAssembly, with functions that ask the test's host. Types, the trait and the macro are those of
//! `wit-bindgen`. Its functions end the process on this target, so each of them is replaced.

#[expect(missing_docs, reason = "wit-bindgen writes no documentation")]
mod generated {
    bindings!();
}

pub use generated::*;

/// The package `fractal:app`.
pub mod fractal {
    /// Its interfaces. What stands here takes the place of what `wit-bindgen` generated.
    pub mod app {
        /// The audit trail.
        pub mod audit_log {
            pub use super::super::super::generated::fractal::app::audit_log::*;
            use crate::testing::host;

            /// Adds an entry.
            pub fn record_event(entry: &AuditEntry) {
                host(|host| host.record(entry));
            }
        }

        /// Queries.
        pub mod data_query {
            pub use super::super::super::generated::fractal::app::data_query::*;
            use crate::testing::tables;

            /// The rows of a statement, as an Arrow stream.
            pub fn query(sql: &str) -> Result<Vec<u8>, QueryError> {
                tables("query", |tables| tables.query(sql))
            }
        }

        /// Changes of data.
        pub mod data_mutate {
            pub use super::super::super::generated::fractal::app::data_mutate::*;
            use crate::testing::tables;

            /// Adds the rows of an Arrow stream.
            pub fn insert(table: &str, data: &[u8]) -> Result<u64, MutateError> {
                tables("insert", |tables| tables.insert(table, data))
            }

            /// Runs a statement that changes rows.
            pub fn execute(sql: &str) -> Result<u64, MutateError> {
                tables("execute", |tables| tables.execute(sql))
            }
        }

        /// Vectors of texts.
        pub mod ai_embeddings {
            pub use super::super::super::generated::fractal::app::ai_embeddings::*;
            use crate::testing::models;

            /// The vector of a text.
            pub fn embed(text: &str) -> Result<Vec<f32>, AiError> {
                let texts = [text.to_owned()];
                let mut vectors = models("embed", |models| models.embed(&texts))?;
                Ok(vectors.pop().unwrap_or_default())
            }

            /// The vectors of several texts.
            pub fn embed_batch(texts: &[String]) -> Result<Vec<Vec<f32>>, AiError> {
                models("embed-batch", |models| models.embed(texts))
            }
        }

        /// Classification of texts.
        pub mod ai_classify {
            pub use super::super::super::generated::fractal::app::ai_classify::*;
            use crate::testing::models;

            /// The categories of a text, best first.
            pub fn classify(
                text: &str,
                categories: &[String],
            ) -> Result<Vec<Classification>, AiError> {
                models("classify", |models| models.classify(text, categories))
            }
        }

        /// Texts that a model writes.
        pub mod ai_inference {
            pub use super::super::super::generated::fractal::app::ai_inference::*;
            use crate::testing::models;

            /// A text.
            pub fn generate(request: &GenerateRequest) -> Result<GenerateResponse, AiError> {
                models("generate", |models| models.generate(request))
            }
        }

        /// Events.
        pub mod events_emit {
            pub use super::super::super::generated::fractal::app::events_emit::*;
            use crate::testing::host;

            /// Emits an event.
            pub fn emit(event: &DomainEvent) -> Result<EventId, EventError> {
                host(|host| host.emit(event))
            }
        }

        /// Tasks.
        pub mod events_schedule {
            pub use super::super::super::generated::fractal::app::events_schedule::*;
            use crate::testing::host;

            /// Schedules a task.
            pub fn schedule(task: &ScheduledTask) -> Result<TaskId, EventError> {
                host(|host| host.schedule(task))
            }

            /// Removes a task.
            pub fn cancel(id: TaskId) -> Result<(), EventError> {
                host(|host| host.cancel(id))
            }
        }
    }
}
