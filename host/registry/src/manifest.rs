//! Manifests and indexes of OCI, and what they must be for one component.

use std::collections::BTreeMap;

use fractalaw_provenance::Digest;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::config::CONFIG_TYPE;
use crate::limits::{COMPONENT_BYTES, CONFIG_BYTES};

pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const COMPONENT_TYPE: &str = "application/wasm";

/// The artifact that holds signatures, and its only layer.
pub(crate) const SIGNATURES_TYPE: &str = "application/vnd.fractalaw.signatures.v1+jsonl";

/// The configuration of an artifact that has none, and its contents.
pub(crate) const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
pub(crate) const EMPTY: &[u8] = b"{}";

/// The names of annotations.
pub(crate) const TITLE: &str = "org.opencontainers.image.title";
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What another text refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    /// What else others say of it, such as its `platform`, is kept.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// One artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    schema_version: u32,
    media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    /// What the artifact is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Descriptor>,
}

/// A list of artifacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    manifests: Vec<Entry>,
    /// What others have in it is kept.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// An artifact in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Entry {
    Known(Descriptor),
    /// One of another tool's, with a digest of another kind. Nothing here finds it, and it is kept as it is.
    Other(Value),
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Entry, D::Error> {
        let value = Value::deserialize(from)?;
        let digest = value.get("digest").and_then(Value::as_str);
        let is_other = digest.is_some_and(|digest| !digest.starts_with("sha256:"));
        match is_other {
            true => Ok(Entry::Other(value)),
            false => Descriptor::deserialize(value)
                .map(Entry::Known)
                .map_err(D::Error::custom),
        }
    }
}

/// What any text of OCI may say of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    media_type: Option<String>,
    manifests: Option<Vec<Value>>,
    layers: Option<Vec<Value>>,
}

impl Descriptor {
    pub(crate) fn new(media_type: &str, bytes: &[u8]) -> Descriptor {
        Descriptor {
            media_type: media_type.to_owned(),
            digest: fractalaw_provenance::sha256(bytes),
            size: bytes.len() as u64,
            artifact_type: None,
            annotations: BTreeMap::new(),
            rest: BTreeMap::new(),
        }
    }

    /// That of an artifact of this type.
    pub(crate) fn of_artifact(artifact_type: &str, manifest: &[u8]) -> Descriptor {
        Descriptor {
            artifact_type: Some(artifact_type.to_owned()),
            ..Descriptor::new(MANIFEST_TYPE, manifest)
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, annotation: &str, value: &str) -> Descriptor {
        self.annotations
            .insert(annotation.to_owned(), value.to_owned());
        self
    }
}

impl Manifest {
    pub(crate) fn new(config: Descriptor, layer: Descriptor) -> Manifest {
        Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST_TYPE.to_owned()),
            artifact_type: None,
            config,
            layers: vec![layer],
            subject: None,
        }
    }

    /// The manifest of an artifact of this type about another.
    #[must_use]
    pub(crate) fn about(mut self, subject: Descriptor, artifact_type: &str) -> Manifest {
        self.subject = Some(subject);
        self.artifact_type = Some(artifact_type.to_owned());
        self
    }

    /// Whether it is of an artifact of this type about this subject.
    pub(crate) fn is_about(&self, subject: &Digest, artifact_type: &str) -> bool {
        let about = self.subject.as_ref().map(|about| &about.digest);
        about == Some(subject) && self.artifact_type.as_deref() == Some(artifact_type)
    }

    /// Reads a manifest. The error says what it is instead.
    pub(crate) fn read(json: &[u8]) -> Result<Manifest, String> {
        let kind: Kind =
            serde_json::from_slice(json).map_err(|error| format!("no manifest: {error}"))?;
        if let Some(manifests) = kind.manifests {
            let count = manifests.len();
            return Err(format!(
                "an index of {count} manifests, expected one component"
            ));
        }
        if kind.layers.is_none() {
            return Err("no manifest: it has no `layers`".to_owned());
        }
        match kind.media_type.as_deref() {
            None | Some(MANIFEST_TYPE) => {}
            Some(other) => {
                return Err(format!(
                    "of the media type `{other}`, expected `{MANIFEST_TYPE}`"
                ));
            }
        }
        let manifest: Manifest =
            serde_json::from_slice(json).map_err(|error| format!("no manifest: {error}"))?;
        match manifest.schema_version {
            2 => Ok(manifest),
            other => Err(format!("a manifest of version {other}, expected 2")),
        }
    }

    /// The layer of the one component. The error says what the artifact has instead.
    pub(crate) fn component(&self) -> Result<&Descriptor, String> {
        let Manifest { config, layers, .. } = self;
        if config.media_type != CONFIG_TYPE {
            let found = &config.media_type;
            return Err(format!(
                "its configuration is of the media type `{found}`, expected `{CONFIG_TYPE}`"
            ));
        }
        let [layer] = &layers[..] else {
            return Err(format!(
                "it has {} layers, expected one component",
                layers.len()
            ));
        };
        if layer.media_type != COMPONENT_TYPE {
            let found = &layer.media_type;
            return Err(format!(
                "its layer is of the media type `{found}`, expected `{COMPONENT_TYPE}`"
            ));
        }
        for (what, descriptor, most) in [
            ("configuration", config, CONFIG_BYTES),
            ("component", layer, COMPONENT_BYTES),
        ] {
            if descriptor.size > most {
                let size = descriptor.size;
                return Err(format!(
                    "its {what} has {size} bytes, expected at most {most}"
                ));
            }
        }
        Ok(layer)
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts are JSON")
    }
}

impl Index {
    pub(crate) fn new() -> Index {
        Index {
            schema_version: 2,
            media_type: Some(INDEX_TYPE.to_owned()),
            manifests: Vec::new(),
            rest: BTreeMap::new(),
        }
    }

    /// The artifacts that it lists.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.iter().filter_map(|entry| match entry {
            Entry::Known(descriptor) => Some(descriptor),
            Entry::Other(_) => None,
        })
    }

    /// Lists an artifact, if it is not listed yet.
    pub(crate) fn add(&mut self, descriptor: Descriptor) {
        let listed = |other: &Descriptor| other.digest == descriptor.digest;
        if !self.manifests().any(listed) {
            self.manifests.push(Entry::Known(descriptor));
        }
    }

    /// Lists an artifact under a tag, in place of the one that had it.
    pub(crate) fn tag(&mut self, descriptor: Descriptor, tag: &str) {
        let has_tag = |value: &str| value == tag;
        self.manifests.retain(|entry| match entry {
            Entry::Known(other) => !other
                .annotations
                .get(REF_NAME)
                .is_some_and(|name| has_tag(name)),
            Entry::Other(other) => !other["annotations"][REF_NAME].as_str().is_some_and(has_tag),
        });
        self.manifests
            .push(Entry::Known(descriptor.with(REF_NAME, tag)));
    }

    /// Lists an artifact as it is described here.
    pub(crate) fn describe(&mut self, descriptor: &Descriptor) {
        if !self.manifests().any(|other| other == descriptor) {
            self.manifests.push(Entry::Known(descriptor.clone()));
        }
    }

    pub(crate) fn read(json: &[u8]) -> Result<Index, String> {
        serde_json::from_slice(json).map_err(|error| format!("no index: {error}"))
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts are JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::new(
            Descriptor::new(CONFIG_TYPE, b"{}"),
            Descriptor::new(COMPONENT_TYPE, b"component"),
        )
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let json = manifest().to_json();
        let read = Manifest::read(&json).unwrap();
        assert_eq!(read, manifest());
        assert_eq!(read.component().unwrap(), &read.layers[0]);
    }

    #[test]
    fn what_is_no_manifest_says_what_it_is() {
        let text = String::from_utf8(manifest().to_json()).unwrap();
        for (json, what) in [
            (
                "",
                "no manifest: EOF while parsing a value at line 1 column 0",
            ),
            (
                "[]",
                "no manifest: invalid length 0, expected struct Kind with 3 elements at line 1 column 2",
            ),
            ("{}", "no manifest: it has no `layers`"),
            (
                r#"{"manifests":[{},{}]}"#,
                "an index of 2 manifests, expected one component",
            ),
            (
                &text.replace(MANIFEST_TYPE, "application/x"),
                &format!("of the media type `application/x`, expected `{MANIFEST_TYPE}`"),
            ),
            (
                &text.replace(r#"schemaVersion":2"#, r#"schemaVersion":1"#),
                "a manifest of version 1, expected 2",
            ),
        ] {
            assert_eq!(Manifest::read(json.as_bytes()).unwrap_err(), what);
        }
        let traversal = text.replacen("sha256:", "sha256:../../", 1);
        let error = Manifest::read(traversal.as_bytes()).unwrap_err();
        assert!(
            error.starts_with("no manifest: expected `sha256:` and 64 digits"),
            "{error}"
        );
    }

    #[test]
    fn an_artifact_that_is_no_component_says_what_it_has() {
        let change = |change: fn(&mut Manifest)| {
            let mut manifest = manifest();
            change(&mut manifest);
            manifest.component().unwrap_err()
        };
        assert_eq!(
            change(|manifest| manifest.config.media_type = EMPTY_TYPE.to_owned()),
            format!(
                "its configuration is of the media type `{EMPTY_TYPE}`, expected `{CONFIG_TYPE}`"
            )
        );
        assert_eq!(
            change(|manifest| manifest.layers.clear()),
            "it has 0 layers, expected one component"
        );
        assert_eq!(
            change(|manifest| manifest.layers.push(manifest.layers[0].clone())),
            "it has 2 layers, expected one component"
        );
        assert_eq!(
            change(|manifest| manifest.layers[0].media_type = "text/plain".to_owned()),
            "its layer is of the media type `text/plain`, expected `application/wasm`"
        );
        assert_eq!(
            change(|manifest| manifest.layers[0].size = u64::MAX),
            "its component has 18446744073709551615 bytes, expected at most 67108864"
        );
        assert_eq!(
            change(|manifest| manifest.config.size = 1 << 21),
            "its configuration has 2097152 bytes, expected at most 1048576"
        );
    }
}
