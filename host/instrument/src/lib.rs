//! Makes the *twin* of a component: the same component, but each core function tells the host when it is entered
//! and when it is left. The host decides what to do with that, for example to make a profile of the fuel.
//!
//! The twin imports one interface, [`HOOKS`], with two functions, [`ENTER`] and [`EXIT`]. Both have the type
//! `func(id: u32)`, and `id` is an index into [`Twin::functions`]. A function calls `enter` first and `exit`
//! last, in its own frame, so recursion can go as deep as before:
//!
//! ```text
//! i32.const ID   call ENTER   block RESULTS  …the body…  end   i32.const ID   call EXIT   end
//! ```
//!
//! `i32.const ID   call EXIT` is also put before each `return` and `return_call`. A branch to the label of the
//! function becomes a branch to the block around the body and needs no change, because the block has the depth of
//! that label. So entering a function costs one `i32.const` and one `call` more, leaving it costs the same again,
//! and everything else costs what it did.
//!
//! The host calls a component's `realloc` and `post-return` functions at times when the component may not call
//! the host. These functions, and all that they call directly, are copied without hooks, and the canonical
//! options point to the copies.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod component;
mod crossing;
mod error;
mod frame;
mod module;
mod part;
mod prelude;
mod rewrite;
mod survey;
#[cfg(test)]
mod tests;
mod values;

pub use crossing::{CROSSING, Crossing, meter_crossings};
pub use error::Uninstrumentable;

use std::sync::Arc;

use wasm_encoder::reencode::ReencodeComponent;
use wasmparser::{Parser, Validator, WasmFeatures};

/// The interface that a twin imports in addition to the component's own imports.
pub const HOOKS: &str = "fractal:profile/hooks";

/// The function of [`HOOKS`] that each function calls first.
pub const ENTER: &str = "enter";

/// The function of [`HOOKS`] that each function calls last.
pub const EXIT: &str = "exit";

/// A component with hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// The bytes of the component.
    pub bytes: Vec<u8>,
    /// The functions with hooks, by the `id` that they pass.
    pub functions: Vec<Function>,
}

/// One function of one core module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The nested component that the function is in: its name or number, after the names of the components around
    /// it. `None` for the outermost component.
    pub part: Option<Arc<str>>,
    /// The core module, counted from 0 in the order of the component's bytes, including those of nested
    /// components.
    pub module: u32,
    /// The module's name, if its name section has one.
    pub module_name: Option<Arc<str>>,
    /// The function's index in the original module, with imported functions counted.
    pub index: u32,
    /// The function's name from the name section. It is mangled if the compiler mangles names.
    pub name: Option<String>,
    /// The import of another core module that this function is passed for, as `module#name`. Component encoders
    /// put functions without names between a module and its host, and this says what they are for.
    pub stands_for: Option<String>,
}

/// Makes the twin of a component.
///
/// # Errors
///
/// If the bytes are not a valid component, or if the component uses something that hides when a function is
/// entered or left, such as exceptions.
pub fn instrument(component: &[u8]) -> Result<Twin, Uninstrumentable> {
    if !Parser::is_component(component) {
        return Err(Uninstrumentable::NotAComponent);
    }
    // After this, the readers need not check that an index exists or that a body ends. The engine decides which
    // proposals may be used.
    Validator::new_with_features(WasmFeatures::all()).validate_all(component)?;
    let survey = survey::Survey::of(component)?;
    survey.check()?;
    let functions = survey.functions();
    let mut rewriter = component::Rewriter::new(survey);
    let mut twin = wasm_encoder::Component::new();
    rewriter.parse_component(&mut twin, Parser::new(0), component)?;
    Ok(Twin {
        bytes: twin.finish(),
        functions,
    })
}
