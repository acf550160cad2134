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

// From the ground up.
mod blocks;
mod function;
mod hooks;

mod error;

mod module;
mod prelude;

mod frame;
mod part;
mod rewrite;
mod survey;
mod values;

mod component;
mod crossing;
#[cfg(test)]
mod tests;

pub use blocks::Block;
pub use crossing::{CROSSING, Crossing, PART, meter_crossings};
pub use error::Uninstrumentable;
pub use function::Function;
pub use hooks::{ENTER, EXIT, HOOKS};

use std::ops::Range;

use wasm_encoder::reencode::ReencodeComponent;
use wasmparser::{Parser, Validator, WasmFeatures};

/// A component with hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// The bytes of the component.
    pub bytes: Vec<u8>,
    /// The functions with hooks, by the `id` that they pass.
    pub functions: Vec<Function>,
    /// The blocks with hooks. The `id` of the first one is the number of functions, and each calls [`ENTER`] only.
    pub blocks: Vec<Block>,
    /// Of each core module, by [`Block::module`]: where the contents of its code section stand in the component.
    pub code: Vec<Range<usize>>,
}

/// Makes the twin of a component.
///
/// # Errors
///
/// If the bytes are not a valid component, or if the component uses something that hides when a function is
/// entered or left, such as exceptions.
pub fn instrument(component: &[u8]) -> Result<Twin, Uninstrumentable> {
    twin(component, false)
}

/// Makes a twin that also tells the host when a block of instructions begins.
///
/// # Errors
///
/// Those of [`instrument`].
pub fn instrument_blocks(component: &[u8]) -> Result<Twin, Uninstrumentable> {
    twin(component, true)
}

fn twin(component: &[u8], with_blocks: bool) -> Result<Twin, Uninstrumentable> {
    if !Parser::is_component(component) {
        return Err(Uninstrumentable::NotAComponent);
    }
    // After this, the readers need not check that an index exists or that a body ends. The engine decides which
    // proposals may be used.
    Validator::new_with_features(WasmFeatures::all()).validate_all(component)?;
    let survey = survey::Survey::of(component)?;
    survey.check()?;
    let functions = survey.functions();
    let modules = survey.modules.iter();
    let code = modules.map(|module| module.at + module.code.start..module.at + module.code.end);
    let code = code.collect();
    let blocks = with_blocks.then(|| blocks::Blocks {
        first_id: functions.len() as u32,
        found: Vec::new(),
    });
    let mut rewriter = component::Rewriter::new(survey, blocks);
    let mut twin = wasm_encoder::Component::new();
    rewriter.parse_component(&mut twin, Parser::new(0), component)?;
    Ok(Twin {
        bytes: twin.finish(),
        functions,
        blocks: rewriter.blocks.map_or_else(Vec::new, |blocks| blocks.found),
        code,
    })
}
