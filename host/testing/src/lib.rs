//! What the tests of the host's crates share. It knows nothing of the host itself, so the host's own tests can
//! use it too.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod components;
mod lab;
mod places;

mod adbc;
mod models;
mod postgresql;
mod registry;
mod xtask;

use std::sync::LazyLock;

use tokio::runtime::Runtime;

pub use adbc::{
    Duckdb, adbc_driver, adbc_driver_is_beside, adbc_program, adbc_program_path, no_duckdb,
};
pub use components::{
    component, greedy, slow_to_compile, text_of_component, with_manifest, with_section,
};
pub use lab::{DURABILITIES, Lab};
pub use models::{ModelServer, models_program, tiny_writers};
pub use places::{cache, guest, guest_bytes, guest_bytes_or_skip, workspace};
pub use postgresql::{PASSWORD, Postgresql};
pub use registry::registry_program;
pub use xtask::xtask_program;

/// One async runtime for all tests of a program.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()
        .expect("a runtime starts")
});
