//! What micro-apps share: SQL with rows as structs, and events and audit entries in one line.
//!
//! ```no_run
//! use micro_app::{query_as, record, sql};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Permit {
//!     number: String,
//!     holder: String,
//!     expires: Option<String>,
//! }
//!
//! fn run() -> Result<String, String> {
//!     let today = "2026-02-28";
//!     let expired = query_as::<Permit>(sql!("SELECT number, holder, expires FROM permit WHERE expires < ?", today))?;
//!     for permit in &expired {
//!         record("permit-expired", &permit.number, format!("held by {}", permit.holder));
//!     }
//!     Ok(format!("{} permits expired", expired.len()))
//! }
//!
//! micro_app::main!(run);
//! # fn main() {}
//! ```
//!
//! In reading order: `data` for the calls, `sql` for their text, `rows` for what comes and goes, `arrow` for the format of it,
//! `audit`, `events`, and `error` for what a call of data can answer. `native` has what takes the host's place in tests on the
//! machine's own target.

#![deny(missing_docs)]
#![deny(unsafe_code)]

mod arrow;
mod audit;
mod data;
mod error;
mod events;
mod rows;
mod sql;

/// The bindings of the world with `run`, which [`main!`] exports.
#[cfg(feature = "run")]
macro_rules! bindings {
    () => {
        wit_bindgen::generate!({
            path: "wit",
            world: "micro-app",
            pub_export_macro: true,
            default_bindings_module: "micro_app::contract",
        });
    };
}

/// The bindings of what the contract imports, for parts: they export no `run`, and [`main!`] cannot be used.
#[cfg(not(feature = "run"))]
macro_rules! bindings {
    () => {
        wit_bindgen::generate!({
            path: "wit",
            inline: "package fractal:part;
                world imports {
                    import fractal:app/audit-log@0.1.0;
                    import fractal:app/data-query@0.1.0;
                    import fractal:app/data-mutate@0.1.0;
                    import fractal:app/ai-embeddings@0.1.0;
                    import fractal:app/ai-classify@0.1.0;
                    import fractal:app/ai-inference@0.1.0;
                    import fractal:app/events-emit@0.1.0;
                    import fractal:app/events-schedule@0.1.0;
                }",
            world: "fractal:part/imports",
            generate_all,
        });
    };
}

/// The whole contract as `wit-bindgen` gives it, for what this library has no words of its own for.
#[cfg(target_family = "wasm")]
#[expect(missing_docs, reason = "wit-bindgen writes no documentation")]
pub mod contract {
    bindings!();
}

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(not(target_family = "wasm"))]
pub use native::{contract, testing};

pub use audit::record;
pub use data::{execute, insert, query, query_as, query_one};
pub use error::{Code, Error};
pub use events::{EventError, When, cancel, emit, emit_as, own_name, schedule, trigger};
pub use rows::{Iter, Rows, to_stream};
pub use sql::{Blob, Identifier, Quote, Sql, Vector};

#[doc(hidden)]
pub use sql::pieces;

/// Makes a function what the host runs: `micro_app::main!(run)`, where `run` takes nothing and gives a
/// `Result<String, String>`.
#[macro_export]
macro_rules! main {
    ($run:path) => {
        struct MicroApp;

        impl $crate::contract::Guest for MicroApp {
            fn run() -> ::core::result::Result<::std::string::String, ::std::string::String> {
                $run()
            }
        }

        $crate::contract::export!(MicroApp with_types_in $crate::contract);
    };
}
