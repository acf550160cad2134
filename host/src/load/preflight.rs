//! Whether a component can run here, as far as its bytes show without compiling them.

use fractalaw_contract::slot_fit::SlotFit;
use fractalaw_contract::type_depth::TypeDepth;
use fractalaw_report::Refusal;
use wasmparser::{Parser, Payload};

use crate::error::LoadError;
use crate::load::compile_fit::CompileFit;
use crate::load::contract_fit;
use crate::load::facts::Imports;
use crate::load::outline::Outline;
use crate::offer::offered::Offer;

/// What is known of a component that is accepted.
pub(crate) struct Accepted {
    /// Its imports, as the component has them.
    pub(crate) imports: Imports,
    /// Whether it is composed of parts that may hand data to each other.
    pub(crate) is_composed: bool,
}

/// Reads the sections of the component and of everything nested in it, for a host with this offer.
pub(crate) fn judge(bytes: &[u8], outline: &Outline, offer: &Offer) -> Result<Accepted, LoadError> {
    match &outline.refusal {
        None => {}
        // A key that this host does not know belongs to a capability that it does not have. If an import says so
        // too, it says it better.
        Some(manifest @ Refusal::Manifest { .. }) => {
            return Err(match accepted(bytes, offer) {
                Err(LoadError::Refused(import @ Refusal::InterfaceNotOffered { .. })) => import,
                _ => manifest.clone(),
            }
            .into());
        }
        Some(refusal) => return Err(refusal.clone().into()),
    }
    let accepted = accepted(bytes, offer)?;
    // The grants of a run follow from the outline, those of a later run from what the validator found.
    debug_assert!(
        (outline.only_types.iter()).all(|import| accepted.imports.only_types.contains(import))
    );
    confirmed(outline, offer)?;
    Ok(accepted)
}

fn accepted(bytes: &[u8], offer: &Offer) -> Result<Accepted, LoadError> {
    let is_composed = fits(bytes)?;
    // This comes last: it takes longest, and its input is bounded by then.
    let imports = contract_fit::check(bytes, offer.offered()?)?;
    Ok(Accepted {
        imports,
        is_composed,
    })
}

/// Whether the bytes fit a slot and can be compiled. Returns whether the component is composed.
fn fits(bytes: &[u8]) -> Result<bool, Refusal> {
    // Nesting is checked before anything reads it by recursion.
    let mut types = TypeDepth::new(bytes);
    let (mut slot, mut compiler) = (SlotFit::default(), CompileFit::default());
    let mut is_composed = false;
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(Refusal::invalid)?;
        // This comes first: it counts the declarations, and the other checks keep something for each of them.
        compiler.visit(&payload)?;
        // This comes before what reads types by recursion.
        types.visit(&payload)?;
        slot.visit(&payload)?;
        match payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentCanonicalSection(_) if depth > 1 => is_composed = true,
            _ => {}
        }
    }
    Ok(is_composed)
}

/// If a manifest names interfaces, it must name all that are imported. The author confirms them, not the tools.
fn confirmed(outline: &Outline, offer: &Offer) -> Result<(), Refusal> {
    let manifest = outline.manifest.as_ref();
    let Some(named) = manifest.and_then(|manifest| manifest.interfaces.as_ref()) else {
        return Ok(());
    };
    let is_named = |grant: &str| {
        let mut named = named.iter();
        named.any(|name| name == grant || offer.needs_grant(name) == Some(grant))
    };
    match outline.interfaces.iter().find(|grant| !is_named(grant)) {
        Some(grant) => Err(Refusal::manifest(format!(
            "the component imports `{grant}`, which its manifest does not name"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect(bytes: &[u8]) -> Result<Outline, Refusal> {
        let offer = Offer::standard();
        let outline = Outline::of(bytes, offer);
        match judge(bytes, &outline, offer) {
            Ok(_) => Ok(outline),
            Err(LoadError::Refused(refusal)) => Err(refusal),
            Err(LoadError::Host(error)) => panic!("{error}"),
        }
    }

    use crate::limits::{FUNCTION_BYTES, SLOT_MEMORY_BYTES, TABLE_ELEMENTS};

    #[test]
    fn bytes_that_are_no_component_say_what_they_are() {
        let cases: [(&[u8], &str); 4] = [
            (b"", "an empty file"),
            (b"\0asm\x01\0\0\0", "a core module"),
            (b"\0asm\xff\0\0\0", "WebAssembly of an unknown version"),
            (b"#!/bin/sh", "not WebAssembly at all"),
        ];
        for (bytes, found) in cases {
            assert_eq!(inspect(bytes).err(), Some(Refusal::NotAComponent { found }));
        }
    }

    #[test]
    fn what_cannot_fit_a_slot_is_refused_with_its_size() {
        let cases = [
            (
                "(core module (memory 4097))",
                "a memory (bytes)",
                4097 << 16,
                SLOT_MEMORY_BYTES as u64,
            ),
            (
                "(core module (table 100001 funcref))",
                "a table (elements)",
                100_001,
                TABLE_ELEMENTS as u64,
            ),
            (
                "(component (core module (memory 5000)))",
                "a memory (bytes)",
                5000 << 16,
                SLOT_MEMORY_BYTES as u64,
            ),
        ];
        for (body, what, found, limit) in cases {
            let bytes = wat::parse_str(format!("(component {body})")).unwrap();
            assert_eq!(
                inspect(&bytes).err(),
                Some(Refusal::OverSlot { what, found, limit })
            );
        }
    }

    #[test]
    fn functions_that_a_compiler_would_choke_on_are_refused() {
        let long = "(drop (i32.const 1000000))".repeat(FUNCTION_BYTES / 4);
        let cases = [
            (format!("(func {long})"), "a function (bytes)"),
            (
                format!(
                    "(func (local {}) {})",
                    "i64 ".repeat(50_000),
                    "nop ".repeat(2_000)
                ),
                "a function (bytes × locals)",
            ),
            (
                format!("(func (result {}) unreachable)", "i64 ".repeat(9)),
                "results of a function",
            ),
        ];
        for (function, expected) in cases {
            let bytes = wat::parse_str(format!("(component (core module {function}))")).unwrap();
            let Err(Refusal::OverSlot { what, found, limit }) = inspect(&bytes) else {
                panic!("{expected}")
            };
            assert_eq!(what, expected);
            assert!(found > limit, "{expected}");
        }
    }

    #[test]
    fn every_truncation_of_a_component_is_refused_or_read_without_panic() {
        let text = include_str!("../../tests/components/bare.wat").replace("{items}", "");
        let bytes = wat::parse_str(text.replace("(component\n", "(component $named\n")).unwrap();
        assert_eq!(inspect(&bytes).unwrap().name.as_deref(), Some("named"));
        for end in 0..bytes.len() {
            let _ = inspect(&bytes[..end]);
        }
    }
}
