//! From a component's bytes to a micro-app, in two steps. First bounded code reads only the digest and what the
//! outermost sections say. A host with a ledger records the opening of a run from that. Then the component is
//! judged, compiled or taken from the cache, and linked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fractalaw_report::App;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::error::LoadError;
use crate::load::cache::CodeCache;
use crate::load::compiler::Compiler;
use crate::load::examined::Examined;
use crate::load::facts::Facts;
use crate::load::micro_app::{About, Code, MicroApp};
use crate::load::source::Source;
use crate::offer::offered::Offer;
use crate::offer::state::RunState;

/// What loading needs of a host.
pub(crate) struct Loader {
    pub(crate) offer: Offer,
    pub(crate) linker: Linker<RunState>,
    pub(crate) cache: Option<CodeCache>,
    pub(crate) compiler: Compiler,
}

/// A component that was read but not judged.
pub(crate) struct Candidate<'a> {
    about: Arc<About>,
    form: Form<'a>,
    took: Duration,
}

enum Form<'a> {
    /// The code of a component that was judged by exactly this offer, and whether it is composed.
    Accepted(Component, bool),
    /// A component that must be judged, and its code if it is known.
    Read(Box<Examined<'a>>, Option<Box<Known>>),
}

/// What the cache has of a component.
struct Known {
    component: Component,
    facts: Facts,
}

impl Candidate<'_> {
    /// What the component says of itself.
    pub(crate) fn about(&self) -> Arc<About> {
        Arc::clone(&self.about)
    }
}

impl Loader {
    pub(crate) fn engine(&self) -> &Engine {
        self.linker.engine()
    }

    /// Reads a component, or finds its code in the cache.
    pub(crate) fn read<'a>(&self, mut source: Source<'a>) -> Result<Candidate<'a>, LoadError> {
        let started = Instant::now();
        let mut known = None;
        if let Some(cache) = &self.cache {
            let digest = source.digest()?;
            if let Some((component, facts)) = cache.load(self.engine(), &digest) {
                if facts.is_accepted_by(&self.offer) {
                    return Ok(self.accepted(component, facts, digest, started));
                }
                known = Some((digest, Box::new(Known { component, facts })));
            }
        }
        let examined = Examined::read(source, &self.offer)?;
        let about = About {
            app: examined.app(),
            manifest: examined.outline.manifest.clone().unwrap_or_default(),
            interfaces: examined.outline.interfaces.clone(),
        };
        // The file may have changed since the cache was searched.
        let known = known.filter(|(digest, _)| digest == examined.digest());
        Ok(Candidate {
            about: Arc::new(about),
            form: Form::Read(Box::new(examined), known.map(|(_, known)| known)),
            took: started.elapsed(),
        })
    }

    fn accepted(
        &self,
        component: Component,
        facts: Facts,
        digest: String,
        started: Instant,
    ) -> Candidate<'static> {
        let about = About {
            interfaces: facts.interfaces(&self.offer),
            app: App {
                name: facts.name.map(Into::into),
                version: facts.version.map(Into::into),
                digest: digest.into(),
            },
            manifest: facts.manifest,
        };
        Candidate {
            about: Arc::new(about),
            form: Form::Accepted(component, facts.is_composed),
            took: started.elapsed(),
        }
    }

    /// Makes it ready to run.
    pub(crate) fn load(&self, candidate: Candidate<'_>) -> Result<MicroApp, LoadError> {
        let started = Instant::now();
        let Candidate { about, form, took } = candidate;
        let (component, is_composed, code) = match form {
            Form::Accepted(component, is_composed) => (component, is_composed, Code::Cached),
            Form::Read(examined, known) => self.judge(&examined, known)?,
        };
        let linked = MicroApp::link(&self.linker, &component)?;
        let load = took + started.elapsed();
        Ok(MicroApp::new(about, is_composed, code, load, linked))
    }

    /// Its code, whether it is composed, and where its code came from.
    fn judge(
        &self,
        examined: &Examined<'_>,
        known: Option<Box<Known>>,
    ) -> Result<(Component, bool, Code), LoadError> {
        let facts = examined.judge(&self.offer)?;
        let is_composed = facts.is_composed;
        let (component, facts, code) = match known {
            Some(known) => {
                let facts = facts.with_judges_of(&known.facts);
                (known.component, facts, Code::Cached)
            }
            None => {
                let bytes = examined.metered(is_composed)?.into_owned();
                let component = self.compiler.compile(self.engine(), bytes)?;
                (component, facts, Code::Compiled)
            }
        };
        if let Some(cache) = &self.cache {
            cache.store(self.engine(), examined.digest(), &component, &facts);
        }
        Ok((component, is_composed, code))
    }
}
