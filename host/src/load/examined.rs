//! A component that was read. It is read once, for every purpose, also if it is refused.

use std::borrow::Cow;

use fractalaw_report::{App, Refusal};

use crate::digest::sha256;
use crate::error::LoadError;
use crate::load::crossing;
use crate::load::facts::Facts;
use crate::load::outline::Outline;
use crate::load::preflight;
use crate::load::source::Source;
use crate::offer::offered::Offer;

/// The bytes of the component, and what their outermost sections say.
pub(crate) struct Examined<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    digest: String,
    pub(crate) outline: Outline,
}

impl<'a> Examined<'a> {
    /// Reads it, for a host with this offer.
    pub(crate) fn read(source: Source<'a>, offer: &Offer) -> Result<Examined<'a>, LoadError> {
        let bytes = source.bytes()?;
        Ok(Examined {
            // The digest of these bytes: the file may have changed since the cache was searched.
            digest: sha256(&bytes),
            outline: Outline::of(&bytes, offer),
            bytes,
        })
    }

    /// The SHA-256 of the bytes, in lower-case hexadecimal.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// What it says of itself, and its digest.
    pub(crate) fn app(&self) -> App {
        App {
            name: self.outline.name.as_deref().map(Into::into),
            version: self.outline.version.as_deref().map(Into::into),
            digest: self.digest.as_str().into(),
        }
    }

    /// What must be kept of it, if a host with this offer accepts it.
    pub(crate) fn judge(&self, offer: &Offer) -> Result<Facts, LoadError> {
        let accepted = preflight::judge(&self.bytes, &self.outline, offer)?;
        let facts = Facts {
            digest: self.digest.clone(),
            ..self.outline.facts(accepted.is_composed)
        };
        Ok(facts.accepted(accepted.imports, offer))
    }

    /// The bytes to compile. The parts of a composed component pay for what they hand to each other.
    pub(crate) fn metered(&self, is_composed: bool) -> Result<Cow<'_, [u8]>, Refusal> {
        Ok(match is_composed {
            true => Cow::Owned(crossing::metered(&self.bytes)?),
            false => Cow::Borrowed(&self.bytes),
        })
    }
}
