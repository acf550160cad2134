//! From a component's bytes to a micro-app, in two steps. First bounded code reads only the digest and what the
//! outermost sections say, and checks who vouches for it. A host with a ledger records the opening of a run from that. Then
//! the component is judged, compiled or taken from the cache, and linked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fractalaw_provenance::Locked;
use fractalaw_report::{App, Refusal};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::bindings::MicroAppPre;
use crate::error::{HostError, LoadError};
use crate::limits::AT_HAND_BYTES;
use crate::load::cache::CodeCache;
use crate::load::compiler::Compiler;
use crate::load::content;
use crate::load::examined::Examined;
use crate::load::facts::Facts;
use crate::load::micro_app::{About, Code, MicroApp};
use crate::load::papers::{self, Papers};
use crate::load::source::Source;
use crate::offer::offered::Offer;
use crate::offer::state::RunState;
use crate::policy::Policy;

/// What loading needs of a host.
pub(crate) struct Loader {
    pub(crate) offer: Offer,
    /// Of the host's first engine.
    pub(crate) linker: Arc<Linker<RunState>>,
    pub(crate) cache: Option<CodeCache>,
    pub(crate) compiler: Compiler,
    /// Whose signatures are required.
    pub(crate) policy: Option<Arc<Policy>>,
}

/// A component that was read but not judged.
pub(crate) struct Candidate<'a> {
    about: Arc<About>,
    form: Form<'a>,
    took: Duration,
}

enum Form<'a> {
    /// It is another component than the one that is pinned, or nobody vouches for it whom the policy names.
    Barred(Refusal),
    /// The linked code of a component that was judged by exactly this offer, and whether it is composed.
    Linked(MicroAppPre<RunState>, bool),
    /// A component that must be judged, and its code if it is known.
    Read(Box<Examined<'a>>, Option<Box<Known>>),
}

/// What the cache has of a component.
struct Known {
    component: Component,
    facts: Facts,
}

/// What the cache had of a component when it was searched. It is not searched twice, because a damaged entry is a warning.
pub(crate) struct Searched(Option<Box<Known>>);

impl Candidate<'_> {
    /// What the component says of itself.
    pub(crate) fn about(&self) -> Arc<About> {
        Arc::clone(&self.about)
    }

    /// Whether nothing is left to do that takes time, so that it can be loaded on any thread.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.form, Form::Barred(_) | Form::Linked(..))
    }
}

impl Loader {
    pub(crate) fn engine(&self) -> &Engine {
        self.linker.engine()
    }

    /// Reads a component, or finds its code in the cache.
    pub(crate) fn read<'a>(&self, source: Source<'a>) -> Result<Candidate<'a>, LoadError> {
        self.read_after(source, None)
    }

    /// The same, if the cache may have been searched already.
    pub(crate) fn read_after<'a>(
        &self,
        source: Source<'a>,
        searched: Option<Searched>,
    ) -> Result<Candidate<'a>, LoadError> {
        let started = Instant::now();
        let papers = source.papers();
        let pin = papers.pin().map_err(HostError::from)?;
        if pin.is_some() || self.requires_signatures() {
            return self.vouched(source, &papers, pin.as_ref(), started);
        }
        let Searched(known) = searched.map_or_else(|| self.search(&source), Ok)?;
        let known = match known {
            Some(known) if known.facts.is_accepted_by(&self.offer) => {
                return self.accepted(*known, started);
            }
            known => known,
        };
        let examined = Examined::read(source, &self.offer)?;
        // The file may have changed since the cache was searched.
        let known = known.filter(|known| known.facts.digest == examined.digest());
        Ok(Candidate {
            about: Arc::new(About::of(&examined)),
            form: Form::Read(Box::new(examined), known),
            took: started.elapsed(),
        })
    }

    /// A small component whose code is in the cache and for which nobody must vouch. Finding it takes less time than to start
    /// the thread on which other components are read. The error is what the cache has, if it was searched.
    pub(crate) fn at_hand(
        &self,
        source: &Source<'_>,
    ) -> Result<Candidate<'static>, Option<Searched>> {
        let started = Instant::now();
        let is_free = matches!(source.papers().pin(), Ok(None)) && !self.requires_signatures();
        if !is_free || !source.is_at_most(AT_HAND_BYTES) {
            return Err(None);
        }
        match self.search(source) {
            Ok(Searched(Some(known))) if known.facts.is_accepted_by(&self.offer) => {
                self.accepted(*known, started).map_err(|_| None)
            }
            Ok(searched) => Err(Some(searched)),
            // Whoever reads it finds the same fault, and says so.
            Err(_) => Err(None),
        }
    }

    fn requires_signatures(&self) -> bool {
        let policy = self.policy.as_deref();
        policy.is_some_and(Policy::requires_signatures)
    }

    fn search(&self, source: &Source<'_>) -> Result<Searched, LoadError> {
        let Some(cache) = &self.cache else {
            return Ok(Searched(None));
        };
        let found = cache.load(self.engine(), &source.content()?);
        let known = found.map(|(component, facts)| Box::new(Known { component, facts }));
        Ok(Searched(known))
    }

    /// Reads a component for which somebody must vouch. Its bytes are read first, because who must vouch depends on its
    /// name. The cache is not searched before somebody does.
    fn vouched<'a>(
        &self,
        source: Source<'a>,
        papers: &Papers,
        pin: Option<&Locked>,
        started: Instant,
    ) -> Result<Candidate<'a>, LoadError> {
        let examined = Examined::read(source, &self.offer)?;
        let app = examined.app();
        let checked = papers::is_pinned(&app, pin);
        let checked = checked.and_then(|()| papers.check(&app, self.policy.as_deref()));
        let about = Arc::new(About::of(&examined));
        let form = match checked {
            Err(refusal) => Form::Barred(refusal),
            Ok(()) => {
                let cache = self.cache.as_ref();
                let known = cache.and_then(|cache| {
                    let content = content::of_bytes(&examined.bytes);
                    cache.load(self.engine(), &content)
                });
                match known {
                    Some((component, facts)) if facts.is_accepted_by(&self.offer) => {
                        Form::Linked(self.link(&component)?, facts.is_composed)
                    }
                    known => {
                        let known = known.map(|(component, facts)| Known { component, facts });
                        Form::Read(Box::new(examined), known.map(Box::new))
                    }
                }
            }
        };
        Ok(Candidate {
            about,
            form,
            took: started.elapsed(),
        })
    }

    fn link(&self, component: &Component) -> Result<MicroAppPre<RunState>, HostError> {
        MicroApp::link(&self.linker, component)
    }

    /// Of each capability, whether the component can call any of its functions.
    fn callable(&self, about: &About, linked: &MicroAppPre<RunState>) -> Box<[bool]> {
        let ty = linked.instance_pre().component().component_type();
        let imports = ty.imports(self.engine()).map(|(name, _)| name);
        self.offer
            .callable(&imports.collect::<Vec<_>>(), &about.interfaces)
    }

    /// A component that is linked at once, because that takes less time than to start another thread for it.
    fn accepted(&self, known: Known, started: Instant) -> Result<Candidate<'static>, LoadError> {
        let Known { component, facts } = known;
        let linked = self.link(&component)?;
        let about = About {
            interfaces: facts.interfaces(&self.offer),
            app: App {
                name: facts.name.map(Into::into),
                version: facts.version.map(Into::into),
                digest: facts.digest.into(),
            },
            manifest: facts.manifest,
        };
        Ok(Candidate {
            about: Arc::new(about),
            form: Form::Linked(linked, facts.is_composed),
            took: started.elapsed(),
        })
    }

    /// Makes it ready to run.
    pub(crate) fn load(&self, candidate: Candidate<'_>) -> Result<MicroApp, LoadError> {
        let started = Instant::now();
        let Candidate { about, form, took } = candidate;
        let (linked, is_composed, code) = match form {
            Form::Barred(refusal) => return Err(refusal.into()),
            Form::Linked(linked, is_composed) => (linked, is_composed, Code::Cached),
            Form::Read(examined, known) => {
                let (component, is_composed, code) = self.judge(&examined, known)?;
                (self.link(&component)?, is_composed, code)
            }
        };
        let load = took + started.elapsed();
        let callable = self.callable(&about, &linked);
        Ok(MicroApp::new(
            about,
            callable,
            is_composed,
            code,
            load,
            linked,
        ))
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
            let content = content::of_bytes(&examined.bytes);
            cache.store(self.engine(), &content, &component, &facts);
        }
        Ok((component, is_composed, code))
    }
}
