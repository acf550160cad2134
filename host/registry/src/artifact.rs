//! A component with its signatures, as artifacts in a store.

use fractalaw_provenance::limits::SIGNATURES_BYTES;
use fractalaw_provenance::{Digest, Signatures, sha256};

use crate::component::Component;
use crate::config::{self, CONFIG_TYPE};
use crate::fault::Fault;
use crate::limits::CONFIG_BYTES;
use crate::manifest::{
    COMPONENT_TYPE, Descriptor, EMPTY, EMPTY_TYPE, MANIFEST_TYPE, Manifest, SIGNATURES_TYPE, TITLE,
};
use crate::reference::{Pick, Reference};
use crate::store::{Store, check_digest, verified};

/// What was found under a reference.
pub(crate) struct Found {
    pub(crate) digest: Digest,
    manifest: Manifest,
}

/// Pushes a component, and returns the digest of its manifest. The same component is always the same artifact.
pub(crate) fn push(
    store: &dyn Store,
    tag: &str,
    title: &str,
    component: &Component,
) -> Result<Digest, Fault> {
    let config = config::write(component);
    if config.len() as u64 > CONFIG_BYTES {
        let what = format!(
            "the names of its imports and exports take {} bytes, expected at most {CONFIG_BYTES}",
            config.len()
        );
        return Err(Fault::usage(what, "split it into several components"));
    }
    let layer = Descriptor::new(COMPONENT_TYPE, &component.bytes);
    store.put(&layer, &component.bytes)?;
    let config_descriptor = Descriptor::new(CONFIG_TYPE, &config);
    store.put(&config_descriptor, &config)?;
    let manifest = Manifest::new(config_descriptor, layer.with(TITLE, title)).to_json();
    store.put_manifest(tag, &manifest)?;
    Ok(sha256(&manifest))
}

/// Pushes the signatures of a component that was pushed.
pub(crate) fn push_signatures(
    store: &dyn Store,
    subject: &Digest,
    signatures: &Signatures,
) -> Result<(), Fault> {
    let Some(about) = store.manifest(Pick::Digest(subject))? else {
        return Err(Fault::failed(
            format!("{subject} is not there after it was pushed"),
            "try again",
        ));
    };
    let text = signatures.text();
    let layer = Descriptor::new(SIGNATURES_TYPE, text.as_bytes());
    let config = Descriptor::new(EMPTY_TYPE, EMPTY);
    store.put(&layer, text.as_bytes())?;
    store.put(&config, EMPTY)?;
    let about = Descriptor::new(MANIFEST_TYPE, &about);
    let manifest = Manifest::new(config, layer).about(about, SIGNATURES_TYPE);
    let manifest = manifest.to_json();
    let descriptor = Descriptor::of_artifact(SIGNATURES_TYPE, &manifest);
    store.put_referrer(subject, &descriptor, &manifest)
}

/// Finds the manifest of a component.
pub(crate) fn find(
    store: &dyn Store,
    reference: &Reference,
    pick: Pick<'_>,
) -> Result<Found, Fault> {
    let Some(bytes) = store.manifest(pick)? else {
        return Err(Fault::usage(
            format!("`{reference}` does not exist"),
            "look at its name and tag; a private registry says so too to those whom it does not know",
        ));
    };
    let digest = sha256(&bytes);
    if let Pick::Digest(expected) = pick {
        check_digest("manifest", expected, &bytes)?;
    }
    let manifest = Manifest::read(&bytes).map_err(|what| not_one(reference, &what))?;
    Ok(Found { digest, manifest })
}

fn not_one(reference: &Reference, what: &str) -> Fault {
    Fault::refused(
        format!("`{reference}` is no component: {what}"),
        "`fractalaw push` and `wkg oci push` make artifacts of one component each",
    )
}

/// Gets the component, verified by its digest.
pub(crate) fn pull(
    store: &dyn Store,
    reference: &Reference,
    found: &Found,
) -> Result<Component, Fault> {
    let not_one = |what: String| not_one(reference, &what);
    let layer = found.manifest.component().map_err(not_one)?;
    let config = verified(store, "configuration", &found.manifest.config)?;
    config::check(&config, &layer.digest)
        .map_err(|what| not_one(format!("{what}, in its configuration")))?;
    let bytes = verified(store, "component", layer)?;
    Component::of(bytes).map_err(|what| not_one(format!("its layer is none, {what}")))
}

/// Gets the signatures that are about the component. None of them is verified here.
pub(crate) fn pull_signatures(
    store: &dyn Store,
    found: &Found,
    component: &Digest,
) -> Result<Signatures, Fault> {
    let mut signatures = Signatures::default();
    for descriptor in store.referrers(&found.digest)? {
        let Some(bytes) = store.manifest(Pick::Digest(&descriptor.digest))? else {
            continue;
        };
        check_digest("manifest", &descriptor.digest, &bytes)?;
        let bad = |what: String| {
            let what = format!(
                "the signatures {} cannot be used: {what}",
                descriptor.digest
            );
            Fault::refused(
                what,
                "remove that artifact from the registry, or push the signatures again",
            )
        };
        let manifest = Manifest::read(&bytes).map_err(bad)?;
        let [layer] = &manifest.layers[..] else {
            return Err(bad(format!(
                "it has {} layers, expected one",
                manifest.layers.len()
            )));
        };
        if layer.media_type != SIGNATURES_TYPE || layer.size > SIGNATURES_BYTES {
            let (media_type, size) = (&layer.media_type, layer.size);
            return Err(bad(format!(
                "its layer is of the media type `{media_type}` and has {size} bytes"
            )));
        }
        let text = verified(store, "layer with signatures", layer)?;
        let text = String::from_utf8(text).map_err(|_| bad("not text in UTF-8".to_owned()))?;
        let read = Signatures::parse(&text).map_err(|error| bad(error.to_string()))?;
        signatures.add(read.about(component));
    }
    Ok(signatures)
}
