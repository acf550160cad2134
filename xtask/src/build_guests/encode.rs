//! From core module to component: encodes it, adds metadata and manifest, and validates it.

mod memory_first;

use anyhow::{Context, Result};
use fractalaw_contract::type_depth;
use fractalaw_manifest::{Manifest, SECTION};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as PREVIEW1_ADAPTER,
};
use wasm_encoder::{ComponentSection, CustomSection};
use wasm_metadata::{AddMetadata, AddMetadataField, Producers};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};
use wit_component::ComponentEncoder;
use wit_parser::decoding::decode_world;

use super::languages::Made;
use crate::digest;
use crate::fault::guest as fault;
use crate::guest::Guest;

/// The first part of the names of sections that describe worlds.
const DESCRIPTION: &str = "component-type";

/// The standard field of producers for the languages of the source.
const LANGUAGE: &str = "language";

/// What to do about a description that is too large.
const NARROWER: &str =
    "generate the bindings from this repository's `wit` folder, with types of fewer levels";

/// Makes a component that says what it is and what it asks for.
pub(crate) fn component(guest: &Guest, made: &Made) -> Result<Vec<u8>> {
    match made {
        Made::Module(module) => described(guest, &guest.manifest, made, &encoded(module)?),
        Made::Component(component) => described(guest, &guest.manifest, made, component),
    }
}

/// Encodes a core module as a component.
fn encoded(module: &[u8]) -> Result<Vec<u8>> {
    check_descriptions(module)?;
    let mut encoder = ComponentEncoder::default()
        .module(module)
        .context("cannot read the core module")?;
    // Crates for WASI 0.1 import it by this name. The toolchain's linker gives only them the same adapter,
    // because it is 50 KB.
    if imports(module, PREVIEW1)? {
        encoder = encoder
            .adapter(PREVIEW1, PREVIEW1_ADAPTER)
            .context("cannot read the adapter of WASI 0.1")?;
    }
    let component = encoder
        .encode()
        .context("cannot encode the core module as a component")?;
    Ok(memory_first::reshaped(&component)?.unwrap_or(component))
}

/// Adds what a component says of itself, and validates it. `made` is what it was made of.
pub(crate) fn described(
    guest: &Guest,
    manifest: &Manifest,
    made: &Made,
    bare: &[u8],
) -> Result<Vec<u8>> {
    let mut component = metadata(guest, made, bare).context("cannot add the metadata")?;
    section(&mut component, SECTION, &manifest.encode());
    Validator::new_with_features(WasmFeatures::default() | WasmFeatures::COMPONENT_MODEL)
        .validate_all(&component)
        .context("the encoded component is not valid")?;
    Ok(component)
}

/// Identifies the tools that encode. The smallest component that they make names the encoder, and the adapter is
/// added to that.
pub(crate) fn tools() -> Result<String> {
    let least = ComponentEncoder::default()
        .module(b"\0asm\x01\0\0\0")?
        .encode()
        .context("cannot encode a module without content")?;
    Ok([least.as_slice(), PREVIEW1_ADAPTER]
        .map(digest::bytes)
        .join(" "))
}

/// The sections that describe worlds are components, and the encoder reads them by recursion.
fn check_descriptions(module: &[u8]) -> Result<()> {
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CustomSection(section) = payload.context("cannot read the core module")?
        else {
            continue;
        };
        if section.name().starts_with(DESCRIPTION) {
            type_depth::check(section.data())
                .map_err(|error| fault(error.to_string()).hint(NARROWER))
                .with_context(|| format!("cannot read the section `{}`", section.name()))?;
        }
    }
    Ok(())
}

/// Whether a core module imports anything from the module with this name.
fn imports(module: &[u8], name: &str) -> Result<bool> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(imports) = payload.context("cannot read the core module")? {
            for import in imports.into_imports() {
                if import.context("cannot read the core module")?.module == name {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// The standard metadata: name, version, description, the language, and the tools that made the component.
fn metadata(guest: &Guest, made: &Made, component: &[u8]) -> Result<Vec<u8>> {
    let mut add = AddMetadata::default();
    add.name = AddMetadataField::Set(guest.name.clone());
    let mut component = add.to_wasm(component)?;
    let made_by = match made {
        Made::Module(module) => tools_of(module, &component)?,
        // Its tools have named themselves already.
        Made::Component(_) => Producers::empty(),
    };
    let made_by = match &guest.other {
        None => made_by,
        Some(other) => {
            let mut first = Producers::empty();
            let (language, version) = other.spoken();
            first.add(LANGUAGE, language, version);
            first.merge(&made_by);
            first
        }
    };
    component = made_by.add_to_wasm(&component)?;
    describe(guest, &mut component);
    Ok(component)
}

/// The tools that a core module names, and then those that its component names. They are repeated outside of the core
/// module, where programs look first. The encoder's own entry comes last, because the bindings generator also names the
/// encoder that it used.
fn tools_of(module: &[u8], component: &[u8]) -> Result<Producers> {
    let mut made_by = Producers::from_wasm(module)?.unwrap_or_default();
    for producers in [generator(module)?, Producers::from_wasm(component)?] {
        made_by.merge(&producers.unwrap_or_default());
    }
    Ok(made_by)
}

fn describe(guest: &Guest, component: &mut Vec<u8>) {
    for (name, text) in [
        ("version", &guest.version),
        ("description", &guest.description),
    ] {
        if let Some(text) = text {
            section(component, name, text.as_bytes());
        }
    }
}

/// What the guest's own bindings generator says of itself: in the description of the world that exports
/// something. The standard library also has descriptions, without exports and from older generators.
fn generator(module: &[u8]) -> Result<Option<Producers>> {
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CustomSection(section) = payload? else {
            continue;
        };
        if !section.name().starts_with(DESCRIPTION) {
            continue;
        }
        let (resolve, world) = decode_world(section.data())
            .with_context(|| format!("cannot read the section `{}`", section.name()))?;
        if !resolve.worlds[world].exports.is_empty() {
            return Producers::from_wasm(section.data());
        }
    }
    Ok(None)
}

/// Appends a custom section at the top level.
fn section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    CustomSection {
        name: name.into(),
        data: data.into(),
    }
    .append_to_component(component);
}
