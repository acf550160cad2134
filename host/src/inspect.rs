//! What a component is and asks for, told from its bytes: nothing is compiled. How it reads is in `inspect/`.
//! It is judged as for a run.

mod json;
mod text;

use std::path::Path;

use fractalaw_manifest::Manifest;
use fractalaw_report::{App, AppliedLimits, Decision, Item, Listed, NotGranted, Refusal};

use crate::digest::sha256;
use crate::error::LoadError;
use crate::load::crossing;
use crate::load::outline::Outline;
use crate::load::preflight;
use crate::load::reading::on_its_stack;
use crate::load::source::Source;
use crate::policy::Policy;
use crate::policy::decision::{Asking, asked, decide};
use crate::run::Run;

/// Version of the JSON that [`Inspection::json`] gives: it goes up when a field changes its meaning or goes
/// away.
pub const INSPECTION_VERSION: u32 = 1;

/// What a component is and asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What it says it is, and its digest.
    pub app: App,
    /// Its size.
    pub bytes: usize,
    /// What its author declared, if it carries a manifest that can be read.
    pub manifest: Option<Manifest>,
    /// What it says of itself in the standard sections, by their names.
    pub metadata: Listed<(String, String)>,
    /// The tools that made it: in which role, which, in which version.
    pub producers: Listed<(String, String, String)>,
    /// Its imports, in its order.
    pub imports: Listed<String>,
    /// Its exports, in its order.
    pub exports: Listed<String>,
    /// Why this host would refuse it under any policy.
    pub refusal: Option<Refusal>,
    interfaces: std::collections::BTreeSet<String>,
}

/// What a policy says about a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it is granted.
    pub decision: Decision,
    /// What it would be held to.
    pub limits: AppliedLimits,
    /// Why it would not start, if it would not.
    pub refusal: Option<Refusal>,
}

impl Inspection {
    /// Inspects the bytes of a component.
    ///
    /// # Errors
    ///
    /// When they are not a component's.
    pub fn of(bytes: &[u8]) -> Result<Inspection, LoadError> {
        on_its_stack(|| Inspection::read_from(bytes))
    }

    fn read_from(bytes: &[u8]) -> Result<Inspection, Refusal> {
        let outline = Outline::of(bytes);
        let judged = preflight::judge(bytes, &outline).and_then(|is_composed| match is_composed {
            true => crossing::metered(bytes).map(drop),
            false => Ok(()),
        });
        let refusal = match judged {
            Err(
                refusal @ (Refusal::NotAComponent { .. }
                | Refusal::TooLarge { .. }
                | Refusal::Invalid { .. }),
            ) => return Err(refusal),
            Err(refusal) => Some(refusal),
            Ok(()) => None,
        };
        Ok(Inspection {
            app: App {
                name: outline.name.map(Into::into),
                version: outline.version.map(Into::into),
                digest: sha256(bytes).into(),
            },
            bytes: bytes.len(),
            manifest: outline.manifest,
            metadata: outline.metadata,
            producers: outline.producers,
            imports: outline.imports,
            exports: outline.exports,
            refusal,
            interfaces: outline.interfaces,
        })
    }

    /// Inspects a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is not a component.
    pub fn of_file(path: &Path) -> Result<Inspection, LoadError> {
        Inspection::of(&Source::open(path)?.bytes()?)
    }

    /// What it asks for, its tier first.
    pub fn asks(&self) -> Vec<Item> {
        asked(self.asking(&self.manifest.clone().unwrap_or_default()))
    }

    pub(crate) fn asking<'a>(&'a self, manifest: &'a Manifest) -> Asking<'a> {
        Asking {
            app: &self.app,
            manifest,
            interfaces: &self.interfaces,
        }
    }

    /// What would come of running it so, under a policy.
    pub fn verdict(&self, run: &Run, policy: Option<&Policy>) -> Verdict {
        let manifest = self.manifest.clone().unwrap_or_default();
        let decided = decide(self.asking(&manifest), run, policy);
        let not_granted = (!decided.missing.is_empty()).then(|| {
            Refusal::NotGranted(NotGranted::new(&self.app, &manifest, decided.missing).into())
        });
        Verdict {
            decision: decided.decision,
            limits: decided.limits,
            refusal: self.refusal.clone().or(not_granted),
        }
    }

    /// For people.
    pub fn text(&self, verdict: &Verdict) -> String {
        text::render(self, verdict)
    }

    /// For programs: one JSON object, described in `POLICY.md`.
    pub fn json(&self, verdict: &Verdict) -> String {
        json::render(self, verdict)
    }
}
