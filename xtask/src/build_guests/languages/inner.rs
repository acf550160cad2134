//! Names the components that a tool has put into a guest's component. Without names, profiles and `inspect` could only
//! count them.

use anyhow::Result;
use wasm_encoder::{Component, ComponentSectionId, RawSection};
use wasm_metadata::{AddMetadata, AddMetadataField};
use wasmparser::{Chunk, Parser, Payload};

/// Gives a component this name.
pub(super) fn named(component: &[u8], name: &str) -> Result<Vec<u8>> {
    let mut add = AddMetadata::default();
    add.name = AddMetadataField::Set(name.to_owned());
    add.to_wasm(component)
}

/// Gives the components in a component these names, in their order.
pub(super) fn with_names(component: &[u8], names: &[&str]) -> Result<Vec<u8>> {
    let mut whole = Component::new();
    let mut names = names.iter();
    let (mut parser, mut rest) = (Parser::new(0), component);
    while let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? {
        let (read, after) = rest.split_at(consumed);
        rest = after;
        let mut add = |id: u8, data: &[u8]| {
            whole.section(&RawSection { id, data });
        };
        match payload {
            Payload::ComponentSection {
                unchecked_range, ..
            } => {
                let (inner, after) = rest.split_at(unchecked_range.len());
                rest = after;
                let id = ComponentSectionId::Component.into();
                match names.next() {
                    Some(name) => add(id, &named(inner, name)?),
                    None => add(id, inner),
                }
            }
            Payload::ModuleSection {
                unchecked_range, ..
            } => {
                let (module, after) = rest.split_at(unchecked_range.len());
                rest = after;
                add(ComponentSectionId::CoreModule.into(), module);
            }
            Payload::End(_) => break,
            other => {
                if let Some((id, range)) = other.as_section() {
                    add(id, &read[read.len() - range.len()..]);
                }
            }
        }
    }
    Ok(whole.finish())
}
