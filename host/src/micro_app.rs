//! A micro-app: a component that was examined, compiled or taken from the cache, and pre-linked.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fractalaw_manifest::Manifest;
use wasmtime::component::{Component, InstancePre, Linker, types};
use wasmtime::{Engine, component::Type};

use crate::bindings::MicroAppPre;
use crate::cache::CodeCache;
use crate::compiler::Compiler;
use crate::component_source::{self, Source};
use crate::error::{HostError, LoadError};
use crate::interfaces::RunState;
use crate::outline::Outline;
use crate::policy::decision::Asking;
use crate::preflight::{self, Preflight};
use crate::refusal::Refusal;

/// A component ready to be run any number of times. Cheap to clone.
#[derive(Clone)]
pub struct MicroApp(Arc<Inner>);

struct Inner {
    identity: App,
    manifest: Manifest,
    /// What its imports need of policy.
    interfaces: BTreeSet<String>,
    code: Code,
    load: Duration,
    pre: MicroAppPre<RunState>,
}

/// Which micro-app ran. Shared by all its reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The component's own name.
    pub name: Option<Arc<str>>,
    /// The component's own version.
    pub version: Option<Arc<str>>,
    /// SHA-256 of the component, in lower-case hexadecimal.
    pub digest: Arc<str>,
}

/// Where a micro-app's machine code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Compiled now.
    Compiled,
    /// Mapped from the cache.
    Cached,
}

impl MicroApp {
    pub(crate) fn load(
        source: &Source<'_>,
        linker: &Linker<RunState>,
        cache: Option<&CodeCache>,
        compiler: &Compiler,
    ) -> Result<MicroApp, LoadError> {
        let started = Instant::now();
        let engine = linker.engine();
        let found = match cache {
            Some(cache) => find(engine, cache, source)?,
            None => None,
        };
        let (compiled, code) = match found {
            Some(compiled) => (compiled, Code::Cached),
            None => (compile(engine, cache, compiler, source)?, Code::Compiled),
        };
        check_export(engine, &compiled.component)?;
        let pre = link(linker, &compiled.component)?;
        let pre = MicroAppPre::new(pre).map_err(HostError::Engine)?;
        let Compiled {
            digest, preflight, ..
        } = compiled;
        let identity = App {
            name: preflight.name.map(Into::into),
            version: preflight.version.map(Into::into),
            digest: digest.into(),
        };
        let (manifest, load) = (preflight.manifest, started.elapsed());
        Ok(MicroApp(Arc::new(Inner {
            identity,
            manifest,
            interfaces: preflight.interfaces,
            code,
            load,
            pre,
        })))
    }

    /// The same micro-app with other code in it: that of its profiled twin.
    pub(crate) fn with_code(
        &self,
        linker: &Linker<RunState>,
        component: &Component,
    ) -> Result<MicroApp, LoadError> {
        let pre = MicroAppPre::new(link(linker, component)?).map_err(HostError::Engine)?;
        Ok(MicroApp(Arc::new(Inner {
            identity: self.0.identity.clone(),
            manifest: self.0.manifest.clone(),
            interfaces: self.0.interfaces.clone(),
            code: Code::Compiled,
            load: self.0.load,
            pre,
        })))
    }

    /// The component's own name, if it carries one.
    pub fn name(&self) -> Option<&str> {
        self.0.identity.name.as_deref()
    }

    /// The component's own version, if it carries one.
    pub fn version(&self) -> Option<&str> {
        self.0.identity.version.as_deref()
    }

    /// SHA-256 of the component's bytes, in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.0.identity.digest
    }

    /// What its author declared; the default for a component that carries no manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// Whether it was compiled or came from the cache.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// How long loading took.
    pub fn load_duration(&self) -> Duration {
        self.0.load
    }

    /// The interfaces that it imports and that need a grant, sorted.
    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.0.interfaces.iter().map(String::as_str)
    }

    pub(crate) fn asking(&self) -> Asking<'_> {
        Asking {
            app: &self.0.identity,
            manifest: &self.0.manifest,
            interfaces: &self.0.interfaces,
        }
    }

    pub(crate) fn identity(&self) -> &App {
        &self.0.identity
    }

    pub(crate) fn pre(&self) -> &MicroAppPre<RunState> {
        &self.0.pre
    }
}

impl fmt::Debug for MicroApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MicroApp")
            .field("name", &self.name())
            .field("digest", &self.digest())
            .finish()
    }
}

/// A component as code, and what is known of it.
struct Compiled {
    component: Component,
    digest: String,
    preflight: Preflight,
}

fn find(
    engine: &Engine,
    cache: &CodeCache,
    source: &Source<'_>,
) -> Result<Option<Compiled>, LoadError> {
    let digest = source.digest()?;
    let found = cache.load(engine, &digest);
    Ok(found.map(|(component, preflight)| Compiled {
        component,
        digest,
        preflight,
    }))
}

fn compile(
    engine: &Engine,
    cache: Option<&CodeCache>,
    compiler: &Compiler,
    source: &Source<'_>,
) -> Result<Compiled, LoadError> {
    let bytes = source.bytes()?;
    let outline = Outline::of(&bytes);
    preflight::judge(&bytes, &outline)?;
    let preflight = outline.facts();
    // Of these bytes: a file may have changed since it was looked for.
    let digest = component_source::digest(&bytes);
    let component = compiler.compile(engine, bytes.into_owned())?;
    if let Some(cache) = cache {
        cache.store(engine, &digest, &component, &preflight);
    }
    Ok(Compiled {
        component,
        digest,
        preflight,
    })
}

/// Compares the export with the world's, so that a wrong one is refused in the contract's words.
fn check_export(engine: &Engine, component: &Component) -> Result<(), Refusal> {
    let found = match component
        .component_type()
        .get_export(engine, "run")
        .map(|export| export.ty)
    {
        None => "missing",
        Some(types::ComponentItem::ComponentFunc(function)) if is_run(&function) => return Ok(()),
        Some(types::ComponentItem::ComponentFunc(_)) => "a function of another type",
        Some(_) => "no function",
    };
    Err(Refusal::WrongExport { found })
}

fn is_run(function: &types::ComponentFunc) -> bool {
    let mut results = function.results();
    let result = results.next();
    let is_result_of_strings = matches!(&result, Some(Type::Result(result))
        if result.ok() == Some(Type::String) && result.err() == Some(Type::String));
    function.params().len() == 0
        && is_result_of_strings
        && results.next().is_none()
        && !function.async_()
}

fn link(
    linker: &Linker<RunState>,
    component: &Component,
) -> Result<InstancePre<RunState>, Refusal> {
    linker
        .instantiate_pre(component)
        .map_err(|error| Refusal::ImportMismatch {
            message: format!("{error:#}"),
        })
}
