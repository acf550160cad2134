//! Where artifacts are, seen from what is done with them.

use fractalaw_provenance::{Digest, sha256};

use crate::fault::{Fault, Kind};
use crate::manifest::Descriptor;
use crate::reference::Pick;

/// A registry's repository, or a layout folder.
pub(crate) trait Store {
    /// The bytes of a manifest, at most the largest; `None` if there is none.
    fn manifest(&self, pick: Pick<'_>) -> Result<Option<Vec<u8>>, Fault>;

    /// The contents that a descriptor names, at most of its size; `None` if they are missing. Nobody has verified them.
    fn contents(&self, descriptor: &Descriptor) -> Result<Option<Vec<u8>>, Fault>;

    /// Stores contents.
    fn put(&self, descriptor: &Descriptor, bytes: &[u8]) -> Result<(), Fault>;

    /// Stores a manifest whose contents are stored, and gives it a tag.
    fn put_manifest(&self, tag: &str, manifest: &[u8]) -> Result<(), Fault>;

    /// The artifacts that are about this manifest.
    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Fault>;

    /// Stores the manifest of an artifact that is about another, and lists it there. The descriptor is that of the manifest.
    fn put_referrer(
        &self,
        subject: &Digest,
        descriptor: &Descriptor,
        manifest: &[u8],
    ) -> Result<(), Fault>;
}

/// The contents that a descriptor names, verified.
pub(crate) fn verified(
    store: &dyn Store,
    what: &str,
    descriptor: &Descriptor,
) -> Result<Vec<u8>, Fault> {
    let Descriptor { digest, size, .. } = descriptor;
    let Some(bytes) = store.contents(descriptor)? else {
        let what = format!("the {what} {digest} is missing");
        return Err(Fault::new(Kind::Refused, what).hint(INCOMPLETE));
    };
    let found = bytes.len() as u64;
    if found != *size {
        let what = format!("the {what} {digest} has {found} bytes, expected {size}");
        return Err(Fault::refused(what, DAMAGED));
    }
    check_digest(what, digest, &bytes)?;
    Ok(bytes)
}

/// Checks that bytes are what they are named.
pub(crate) fn check_digest(what: &str, expected: &Digest, bytes: &[u8]) -> Result<(), Fault> {
    let found = sha256(bytes);
    match found == *expected {
        true => Ok(()),
        false => Err(Fault::refused(
            format!("the {what} has the digest {found}, expected {expected}"),
            DAMAGED,
        )),
    }
}

const INCOMPLETE: &str = "the artifact is not whole there: push it again";
const DAMAGED: &str = "use nothing of it: what is stored there was damaged or exchanged; push it again, or pull it from elsewhere";
