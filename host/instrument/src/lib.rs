//! Makes a component's *twin*: the same component, in which each core function tells its host when it is
//! entered and when it is left. What the host makes of that, such as a profile of fuel, is not decided here.
//!
//! The twin imports one interface, [`HOOKS`], of two functions: [`ENTER`] and [`EXIT`], each of type
//! `func(id: u32)`, where `id` is a place in [`Twin::functions`]. A function calls `enter` first of all and
//! `exit` last of all, in its own frame, so that recursion goes as deep as it did:
//!
//! ```text
//! i32.const ID   call ENTER   block RESULTS  …the body…  end   i32.const ID   call EXIT   end
//! ```
//!
//! and before each `return` and `return_call` stand `i32.const ID   call EXIT` too. A branch to the
//! function's own label becomes one to the block around the body without a change, because the block takes
//! the label's depth. So an entered function pays for one `i32.const` and one `call`, one that leaves for as
//! much, and everything else costs what it did.
//!
//! A host calls a component's `realloc` and `post-return` functions while the component may not call the
//! host. They, and what they reach by direct calls, are copied, and the canonical options point to the
//! copies, in which there are no hooks.

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

/// The interface that a twin imports beside what the component did.
pub const HOOKS: &str = "fractal:profile/hooks";

/// The function of [`HOOKS`] that is called first in each function.
pub const ENTER: &str = "enter";

/// The function of [`HOOKS`] that is called last.
pub const EXIT: &str = "exit";

/// A component with hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// The component.
    pub bytes: Vec<u8>,
    /// The functions with hooks, by the `id` that these pass.
    pub functions: Vec<Function>,
}

/// One function of one core module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The nested component that it stands in, by its name or number, behind those around it; nothing for the
    /// outermost.
    pub part: Option<Arc<str>>,
    /// The core module, counted from 0 in the order of the component's bytes, those of nested components too.
    pub module: u32,
    /// The module's name, if its name section has it.
    pub module_name: Option<Arc<str>>,
    /// The function's index in the module as it was, imported functions counted.
    pub index: u32,
    /// The function's name as the name section has it: mangled, where the compiler mangles.
    pub name: Option<String>,
    /// The import of another core module for which this function is passed, as `module#name`: what the
    /// functions are about that component encoders put between a module and its host, which have no names.
    pub stands_for: Option<String>,
}

/// Makes the twin of a component.
///
/// # Errors
///
/// When the bytes are not a valid component, and when the component has something in which entering and
/// leaving cannot be told, such as exceptions.
pub fn instrument(component: &[u8]) -> Result<Twin, Uninstrumentable> {
    if !Parser::is_component(component) {
        return Err(Uninstrumentable::NotAComponent);
    }
    // Readers past this one need not ask again whether an index exists or a body ends. Which proposals
    // may be used is for the engine to say.
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
