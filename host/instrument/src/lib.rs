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

use module::CoreModule;

/// A component with hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// The bytes of the component.
    pub bytes: Vec<u8>,
    /// The functions with hooks, by the `id` that they pass.
    pub functions: Vec<Function>,
    /// The blocks with hooks. The `id` of the first one is the number of functions, and each calls [`ENTER`] only.
    pub blocks: Vec<Block>,
    /// If blocks have hooks: of each core module, by [`Block::module`], where the contents of its code section stand in the
    /// component that was given.
    pub code: Vec<Range<usize>>,
}

/// Makes the twin of a component.
///
/// # Errors
///
/// If the bytes are not a valid component, or if the component uses something that hides when a function is
/// entered or left, such as exceptions.
pub fn instrument(component: &[u8]) -> Result<Twin, Uninstrumentable> {
    twin(component, None)
}

/// Makes a twin that also tells the host when a block of instructions begins. With a price, the parts of the twin pay for
/// the data that they hand to each other, as after [`meter_crossings`]. The functions that pay have no blocks, and blocks
/// stand where they do in the component that was given.
///
/// # Errors
///
/// Those of [`instrument`], and with a price those of [`meter_crossings`].
pub fn instrument_blocks(
    component: &[u8],
    price: Option<&Crossing>,
) -> Result<Twin, Uninstrumentable> {
    match price {
        Some(price) => twin(&meter_crossings(component, price)?, Some(component)),
        None => twin(component, Some(component)),
    }
}

/// `built` is the component before its parts were made to pay, if blocks have hooks.
fn twin(component: &[u8], built: Option<&[u8]>) -> Result<Twin, Uninstrumentable> {
    if !Parser::is_component(component) {
        return Err(Uninstrumentable::NotAComponent);
    }
    // After this, the readers need not check that an index exists or that a body ends. The engine decides which
    // proposals may be used.
    Validator::new_with_features(WasmFeatures::all()).validate_all(component)?;
    let survey = survey::Survey::of(component)?;
    survey.check()?;
    let functions = survey.functions();
    let built = match built {
        Some(built) => survey::Survey::without_copies(built)?.modules,
        None => Vec::new(),
    };
    let blocks = built.first().map(|_| blocks::Blocks {
        first_id: functions.len() as u32,
        found: Vec::new(),
        built: built.iter().map(CoreModule::body_starts).collect(),
    });
    let mut rewriter = component::Rewriter::new(survey, blocks);
    let mut twin = wasm_encoder::Component::new();
    rewriter.parse_component(&mut twin, Parser::new(0), component)?;
    let code = built
        .iter()
        .map(|module| module.at + module.code.start..module.at + module.code.end);
    Ok(Twin {
        bytes: twin.finish(),
        functions,
        blocks: rewriter.blocks.map_or_else(Vec::new, |blocks| blocks.found),
        code: code.collect(),
    })
}
