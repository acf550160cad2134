//! What a component is and asks for, told from its bytes: nothing is compiled. How it reads is in `inspect/`.
//!
//! Whether its imports and its export have the types of the contract is only seen when it is loaded.

mod json;
mod text;

use std::path::Path;

use fractalaw_manifest::Manifest;
use wasmparser::{KnownCustom, Parser, Payload};

use crate::component_source::{self, Source};
use crate::error::LoadError;
use crate::interfaces;
use crate::limits::AppliedLimits;
use crate::micro_app::App;
use crate::policy::Policy;
use crate::policy::decision::{Asking, asked, decide};
use crate::policy::grant::{Decision, Item, NotGranted};
use crate::preflight;
use crate::reading::on_its_stack;
use crate::refusal::Refusal;
use crate::run::Run;

/// Version of the JSON that [`Inspection::json`] gives: it goes up when a field changes its meaning or goes
/// away.
pub const INSPECTION_VERSION: u32 = 1;

/// The standard sections of text about a component.
const METADATA: [&str; 7] = [
    "authors",
    "description",
    "homepage",
    "licenses",
    "revision",
    "source",
    "version",
];

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
    pub metadata: Vec<(String, String)>,
    /// The tools that made it: in which role, which, in which version.
    pub producers: Vec<(String, String, String)>,
    /// Its imports, in its order.
    pub imports: Vec<String>,
    /// Its exports, in its order.
    pub exports: Vec<String>,
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
        let examined = preflight::inspect(bytes);
        if let Err(
            refusal @ (Refusal::NotAComponent { .. }
            | Refusal::TooLarge { .. }
            | Refusal::Invalid { .. }),
        ) = examined
        {
            return Err(refusal);
        }
        let mut inspection = Inspection {
            app: App {
                name: None,
                version: None,
                digest: component_source::digest(bytes).into(),
            },
            bytes: bytes.len(),
            manifest: None,
            metadata: Vec::new(),
            producers: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
            refusal: examined.err(),
            interfaces: Default::default(),
        };
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(Refusal::invalid)?;
            match payload {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                payload if depth == 1 => inspection.read(payload).map_err(Refusal::invalid)?,
                _ => {}
            }
        }
        if inspection.refusal.is_none() && !inspection.exports.iter().any(|name| name == "run") {
            inspection.refusal = Some(Refusal::WrongExport { found: "missing" });
        }
        Ok(inspection)
    }

    /// Inspects a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is not a component.
    pub fn of_file(path: &Path) -> Result<Inspection, LoadError> {
        Inspection::of(&Source::File(path).bytes()?)
    }

    fn read(&mut self, payload: Payload<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let name = import?.name.name;
                    let grant = interfaces::needs_grant(name);
                    self.interfaces.extend(grant.map(str::to_owned));
                    self.imports.push(name.to_owned());
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    self.exports.push(export?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) => self.custom(&section),
            _ => {}
        }
        Ok(())
    }

    /// These sections are for people: what cannot be read of them is passed over.
    fn custom(&mut self, section: &wasmparser::CustomSectionReader<'_>) {
        let name = section.name();
        if name == fractalaw_manifest::SECTION {
            self.manifest = Manifest::decode(section.data()).ok();
            return;
        }
        if METADATA.contains(&name) {
            let Ok(text) = std::str::from_utf8(section.data()) else {
                return;
            };
            if name == "version" {
                self.app.version = Some(text.into());
            }
            self.metadata.push((name.to_owned(), text.to_owned()));
            return;
        }
        match section.as_known() {
            KnownCustom::ComponentName(names) => {
                for name in names.into_iter().flatten() {
                    if let wasmparser::ComponentName::Component { name, .. } = name {
                        self.app.name = Some(name.into());
                    }
                }
            }
            KnownCustom::Producers(producers) => {
                for field in producers.into_iter().flatten() {
                    for value in field.values.into_iter().flatten() {
                        self.producers.push((
                            field.name.to_owned(),
                            value.name.to_owned(),
                            value.version.to_owned(),
                        ));
                    }
                }
            }
            _ => {}
        }
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
        let not_granted = (!decided.missing.is_empty())
            .then(|| Refusal::NotGranted(NotGranted::new(&self.app, decided.missing).into()));
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
