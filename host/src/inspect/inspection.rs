//! What a component is and asks for, and what a policy says about it.

use std::collections::BTreeSet;
use std::path::Path;

use fractalaw_manifest::Manifest;
use fractalaw_report::{App, AppliedLimits, Decision, Item, Listed, NotGranted, Refusal};

use super::parts::{Part, parts};
use crate::error::{HostError, LoadError, PolicyError};
use crate::limits::LISTED_BYTES;
use crate::load::examined::Examined;
use crate::load::papers::{self, Papers};
use crate::load::reading::on_its_stack;
use crate::load::source::Source;
use crate::offer::offered::Offer;
use crate::policy::Policy;
use crate::policy::asking::{Asking, asked};
use crate::policy::decision::decide;
use crate::run::Run;

/// What a component is and asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Its name and version as it states them, and its digest.
    pub app: App,
    /// Its size in bytes.
    pub bytes: usize,
    /// What its author declared, if it carries a readable manifest.
    pub manifest: Option<Manifest>,
    /// The standard metadata sections, by name.
    pub metadata: Listed<(String, String)>,
    /// The tools that made it: role, name, version.
    pub producers: Listed<(String, String, String)>,
    /// Its imports, in its own order.
    pub imports: Listed<String>,
    /// Its exports, in its own order.
    pub exports: Listed<String>,
    /// The parts that it is composed of. A component that was not composed has none.
    pub parts: Listed<Part>,
    /// Why this host would refuse it under any policy.
    pub refusal: Option<Refusal>,
    only_types: BTreeSet<String>,
    interfaces: BTreeSet<String>,
    offer: Offer,
    papers: Papers,
}

/// What a policy says about a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it would be granted.
    pub decision: Decision,
    /// The limits that it would have.
    pub limits: AppliedLimits,
    /// Why it would not start, if it would not.
    pub refusal: Option<Refusal>,
}

impl Inspection {
    /// Inspects the bytes of a component.
    ///
    /// # Errors
    ///
    /// If the bytes are not a component.
    pub fn of(bytes: &[u8]) -> Result<Inspection, LoadError> {
        let source = Source::Bytes(bytes, Papers::Nowhere);
        on_its_stack(|| Inspection::read(source, Offer::standard()))
    }

    /// Inspects a component from any source, by what a host offers.
    pub(crate) fn read(source: Source<'_>, offer: &Offer) -> Result<Inspection, LoadError> {
        let papers = source.papers();
        let pin = papers.pin().map_err(HostError::from)?;
        let examined = Examined::read(source, offer)?;
        let pinned = papers::is_pinned(&examined.app(), pin.as_ref());
        let judged = examined.judge(offer);
        let judged = judged.and_then(|facts| Ok(examined.metered(facts.is_composed).map(drop)?));
        let refusal = match judged {
            Err(LoadError::Refused(
                refusal @ (Refusal::NotAComponent { .. }
                | Refusal::TooLarge { .. }
                | Refusal::Invalid { .. }),
            )) => return Err(refusal.into()),
            Err(LoadError::Refused(refusal)) => Some(refusal),
            Err(LoadError::Host(error)) => return Err(error.into()),
            Ok(()) => None,
        };
        let refusal = pinned.err().or(refusal);
        let parts = parts(&examined.bytes);
        let (app, bytes, outline) = (examined.app(), examined.bytes.len(), examined.outline);
        Ok(Inspection {
            app,
            bytes,
            manifest: outline.manifest,
            metadata: outline.metadata,
            producers: outline.producers,
            imports: outline.imports,
            exports: outline.exports,
            parts,
            refusal,
            only_types: outline.only_types,
            interfaces: outline.interfaces,
            offer: offer.clone(),
            papers,
        })
    }

    /// Inspects a file, as a host does that offers this.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not a component.
    pub fn of_file(path: &Path, offer: &Offer) -> Result<Inspection, LoadError> {
        on_its_stack(|| Inspection::read(Source::open(path)?, offer))
    }

    /// What it asks for, with its tier first.
    pub fn asks(&self) -> Vec<Item> {
        let manifest = self.manifest.clone().unwrap_or_default();
        asked(self.asking(&manifest), &self.offer)
    }

    /// The grant that one of its imports needs, if it needs one. An import that has only types does not.
    pub fn needs_grant(&self, import: &str) -> Option<&'static str> {
        let grant = self.offer.needs_grant(import)?;
        (!self.only_types.contains(import)).then_some(grant)
    }

    /// The parts that want each of the component's imports, in the order of the imports: those that import an interface of
    /// this name in any version, and have no part that does. Of all names together, 128 KiB are kept, and the others are
    /// counted.
    pub fn wanted(&self) -> (Vec<Vec<&str>>, u64) {
        let (mut kept, mut omitted) = (0, 0);
        let mut keep = |part: &&str| {
            kept += part.len();
            omitted += u64::from(kept > LISTED_BYTES);
            kept <= LISTED_BYTES
        };
        let wanted = self.imports.iter().map(|import| {
            let parts = self.wanted_by(import);
            parts.into_iter().filter(&mut keep).collect()
        });
        let wanted = wanted.collect();
        (wanted, omitted)
    }

    /// The same of one import, however many parts it is.
    pub fn wanted_by(&self, import: &str) -> Vec<&str> {
        let unversioned = |name: &str| name.split('@').next() == import.split('@').next();
        let wants = |part: &&Part| part.imports.iter().any(|name| unversioned(name));
        let parts: Vec<&str> = self
            .parts
            .iter()
            .filter(wants)
            .map(|part| &*part.name)
            .collect();
        let is_inside = |part: &str, outer: &str| {
            let rest = part.strip_prefix(outer);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        // The parts inside of a part come after it, before any others.
        let is_innermost = |(place, outer): &(usize, &str)| {
            let next = parts.get(place + 1);
            !next.is_some_and(|part| is_inside(part, outer))
        };
        let innermost = parts.iter().copied().enumerate().filter(is_innermost);
        innermost.map(|(_, part)| part).collect()
    }

    fn asking<'a>(&'a self, manifest: &'a Manifest) -> Asking<'a> {
        Asking {
            app: &self.app,
            manifest,
            interfaces: &self.interfaces,
        }
    }

    /// Decides what would happen if it ran this way, under a policy.
    ///
    /// # Errors
    ///
    /// If the policy, or a line of policy that the run brings, has something that the host does not know.
    pub fn verdict(&self, run: &Run, policy: Option<&Policy>) -> Result<Verdict, PolicyError> {
        let manifest = self.manifest.clone().unwrap_or_default();
        let brought = run.brought(manifest.tier, &self.offer);
        policy.map_or(Ok(()), |policy| policy.check(&self.offer))?;
        brought.section.check(&self.offer)?;
        let decided = decide(self.asking(&manifest), brought, policy, &self.offer);
        let not_granted = (!decided.missing.is_empty()).then(|| {
            Refusal::NotGranted(NotGranted::new(&self.app, &manifest, decided.missing).into())
        });
        let not_signed = self.papers.check(&self.app, policy).err();
        Ok(Verdict {
            decision: decided.decision,
            limits: decided.limits,
            refusal: match &self.refusal {
                Some(refusal @ Refusal::NotAsLocked { .. }) => Some(refusal.clone()),
                other => not_signed.or(other.clone()).or(not_granted),
            },
        })
    }
}
