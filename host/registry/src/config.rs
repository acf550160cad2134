//! The configuration of a WebAssembly artifact, as the CNCF's group for WebAssembly describes it and `wkg` writes it.

use fractalaw_provenance::Digest;
use serde::{Deserialize, Serialize};

use crate::component::Component;

/// The media type of the configuration.
pub(crate) const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";

/// The time that stands in it: no time at all, so that the same component is always the same artifact.
const CREATED: &str = "1970-01-01T00:00:00Z";

const ARCHITECTURE: &str = "wasm";

/// Components are for WASI 0.2, and modules for 0.1.
const COMPONENT_OS: &str = "wasip2";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    created: String,
    author: Option<String>,
    architecture: String,
    os: String,
    layer_digests: Vec<String>,
    component: Option<Interfaces>,
}

#[derive(Serialize, Deserialize)]
struct Interfaces {
    exports: Vec<String>,
    imports: Vec<String>,
    target: Option<String>,
}

/// The configuration for a component.
pub(crate) fn write(component: &Component) -> Vec<u8> {
    let text = Text {
        created: CREATED.to_owned(),
        author: None,
        architecture: ARCHITECTURE.to_owned(),
        os: COMPONENT_OS.to_owned(),
        layer_digests: vec![component.digest.to_string()],
        component: Some(Interfaces {
            exports: component.exports.clone(),
            imports: component.imports.clone(),
            target: None,
        }),
    };
    serde_json::to_vec(&text).expect("texts are JSON")
}

/// Checks that a configuration is that of a component with this digest. The error says what it is instead.
pub(crate) fn check(json: &[u8], component: &Digest) -> Result<(), String> {
    let text: Text = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    if text.architecture != ARCHITECTURE {
        return Err(format!(
            "its architecture is `{}`, expected `{ARCHITECTURE}`",
            text.architecture
        ));
    }
    if text.os != COMPONENT_OS {
        return Err(format!(
            "its `os` is `{}`, expected `{COMPONENT_OS}`, a component",
            text.os
        ));
    }
    let expected = component.to_string();
    match &text.layer_digests[..] {
        [digest] if *digest == expected => Ok(()),
        _ => Err("its `layerDigests` are not the digest of the layer".to_owned()),
    }
}
