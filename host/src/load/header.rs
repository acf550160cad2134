//! Whether bytes can be a component at all, judged from their number and the first of them.

use fractalaw_report::Refusal;
use wasmparser::Parser;

use crate::limits::COMPONENT_BYTES;

/// Checks the size alone, so that a file can be refused before it is read.
pub(crate) fn check_size(bytes: u64) -> Result<(), Refusal> {
    if bytes > COMPONENT_BYTES as u64 {
        return Err(Refusal::TooLarge { bytes });
    }
    Ok(())
}

/// Checks the first bytes alone.
pub(crate) fn check_header(bytes: &[u8]) -> Result<(), Refusal> {
    let found = if bytes.is_empty() {
        "an empty file"
    } else if Parser::is_component(bytes) {
        return Ok(());
    } else if Parser::is_core_wasm(bytes) {
        "a core module"
    } else if bytes.starts_with(b"\0asm") {
        "WebAssembly of an unknown version"
    } else {
        "not WebAssembly at all"
    };
    Err(Refusal::NotAComponent { found })
}
