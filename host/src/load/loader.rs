//! From a component's bytes to a micro-app, in two steps. What is read first is little, and bounded code reads it:
//! the digest, and what the outermost sections say. A host with a ledger records a run by that. Only then is the
//! component judged, compiled or taken from the cache, and linked.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fractalaw_report::App;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::digest::sha256;
use crate::error::LoadError;
use crate::load::cache::CodeCache;
use crate::load::compiler::Compiler;
use crate::load::crossing;
use crate::load::micro_app::{About, Code, MicroApp};
use crate::load::outline::Outline;
use crate::load::preflight::{self, Preflight};
use crate::load::source::Source;
use crate::offer::state::RunState;
use crate::profile::{ProfileError, ProfiledApp};

/// What loading needs of a host.
pub(crate) struct Loader {
    pub(crate) linker: Linker<RunState>,
    pub(crate) cache: Option<CodeCache>,
    pub(crate) compiler: Compiler,
}

/// A component of which is known what can be told without judging it.
pub(crate) struct Candidate<'a> {
    about: Arc<About>,
    form: Form<'a>,
    took: Duration,
}

enum Form<'a> {
    /// Of the cache, and whether it is composed of parts.
    Code(Component, bool),
    Bytes(Cow<'a, [u8]>, Box<Outline>),
}

impl Candidate<'_> {
    /// What it says of itself.
    pub(crate) fn about(&self) -> Arc<About> {
        Arc::clone(&self.about)
    }
}

impl Loader {
    pub(crate) fn engine(&self) -> &Engine {
        self.linker.engine()
    }

    /// Reads a component, or finds its code.
    pub(crate) fn read<'a>(&self, mut source: Source<'a>) -> Result<Candidate<'a>, LoadError> {
        let started = Instant::now();
        if let Some(cache) = &self.cache {
            let digest = source.digest()?;
            if let Some((component, facts)) = cache.load(self.engine(), &digest) {
                let form = Form::Code(component, facts.is_composed);
                return Ok(candidate(facts, digest, form, started));
            }
        }
        let bytes = source.bytes()?;
        // Of these bytes: a file may have changed since it was looked for.
        let digest = sha256(&bytes);
        let outline = Box::new(Outline::of(&bytes));
        let facts = outline.facts(false);
        let form = Form::Bytes(bytes, outline);
        Ok(candidate(facts, digest, form, started))
    }

    /// Makes it ready to be run.
    pub(crate) fn load(&self, candidate: Candidate<'_>) -> Result<MicroApp, LoadError> {
        let started = Instant::now();
        let Candidate { about, form, took } = candidate;
        let (component, is_composed, code) = match form {
            Form::Code(component, is_composed) => (component, is_composed, Code::Cached),
            Form::Bytes(bytes, outline) => {
                let (component, is_composed) = self.compile(&about, bytes, &outline)?;
                (component, is_composed, Code::Compiled)
            }
        };
        let linked = MicroApp::link(&self.linker, &component)?;
        let load = took + started.elapsed();
        Ok(MicroApp::new(about, is_composed, code, load, linked))
    }

    /// Its code, and whether it is composed of parts.
    fn compile(
        &self,
        about: &About,
        bytes: Cow<'_, [u8]>,
        outline: &Outline,
    ) -> Result<(Component, bool), LoadError> {
        let is_composed = preflight::judge(&bytes, outline)?;
        let bytes = match is_composed {
            true => crossing::metered(&bytes)?,
            false => bytes.into_owned(),
        };
        let component = self.compiler.compile(self.engine(), bytes)?;
        if let Some(cache) = &self.cache {
            let digest = &about.app.digest;
            cache.store(
                self.engine(),
                digest,
                &component,
                &outline.facts(is_composed),
            );
        }
        Ok((component, is_composed))
    }

    /// Loads a component and its twin with hooks.
    pub(crate) fn load_profiled(&self, source: Source<'_>) -> Result<ProfiledApp, ProfileError> {
        let bytes = source.bytes()?;
        let app = self.load(self.read(Source::Bytes(&bytes))?)?;
        let (cache, compiler) = (self.cache.as_ref(), &self.compiler);
        ProfiledApp::load(app, &bytes, &self.linker, cache, compiler)
    }
}

fn candidate(facts: Preflight, digest: String, form: Form<'_>, started: Instant) -> Candidate<'_> {
    let about = About {
        app: App {
            name: facts.name.map(Into::into),
            version: facts.version.map(Into::into),
            digest: digest.into(),
        },
        manifest: facts.manifest,
        interfaces: facts.interfaces,
    };
    Candidate {
        about: Arc::new(about),
        form,
        took: started.elapsed(),
    }
}
