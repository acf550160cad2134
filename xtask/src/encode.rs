//! Core module to component: encoded, given its metadata and manifest, and validated.

use anyhow::{Context, Result};
use fractalaw_manifest::SECTION;
use wasm_encoder::{ComponentSection, CustomSection};
use wasm_metadata::{AddMetadata, AddMetadataField, Producers};
use wasmparser::{Validator, WasmFeatures};
use wit_component::ComponentEncoder;

use crate::guest::Guest;

/// Encodes a core module as a component that says what it is and what it asks for.
pub(crate) fn component(guest: &Guest, module: &[u8]) -> Result<Vec<u8>> {
    let bare = ComponentEncoder::default()
        .module(module)
        .context("cannot read the core module")?
        .encode()
        .context("cannot encode the core module as a component")?;
    let mut component = metadata(guest, module, &bare).context("cannot add the metadata")?;
    section(&mut component, SECTION, &guest.manifest.encode());
    Validator::new_with_features(WasmFeatures::default() | WasmFeatures::COMPONENT_MODEL)
        .validate_all(&component)
        .context("the encoded component is not valid")?;
    Ok(component)
}

/// The standard metadata: name, version, description, and the tools that made it.
fn metadata(guest: &Guest, module: &[u8], component: &[u8]) -> Result<Vec<u8>> {
    let mut add = AddMetadata::default();
    add.name = AddMetadataField::Set(guest.name.clone());
    let mut component = add.to_wasm(component)?;
    // The compiler and the bindings generator sign the core module, the latter inside the description
    // of its world: repeat both outside, where tools look first.
    let (_, bindings) = wit_component::metadata::decode(module)?;
    for producers in [Producers::from_wasm(module)?, bindings.producers]
        .into_iter()
        .flatten()
    {
        component = producers.add_to_wasm(&component)?;
    }
    for (name, text) in [
        ("version", &guest.version),
        ("description", &guest.description),
    ] {
        if let Some(text) = text {
            section(&mut component, name, text.as_bytes());
        }
    }
    Ok(component)
}

/// Appends a custom section at the top level.
fn section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    CustomSection {
        name: name.into(),
        data: data.into(),
    }
    .append_to_component(component);
}
