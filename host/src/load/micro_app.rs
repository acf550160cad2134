//! A micro-app: a component that was examined, compiled or taken from the cache, and pre-linked.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fractalaw_manifest::Manifest;
use fractalaw_report::App;
use wasmtime::component::{Component, Linker};

use crate::bindings::MicroAppPre;
use crate::error::HostError;
use crate::load::examined::Examined;
use crate::offer::state::RunState;
use crate::policy::asking::Asking;

/// A component that is ready to run any number of times. A clone is cheap.
#[derive(Clone)]
pub struct MicroApp(Arc<Inner>);

struct Inner {
    about: Arc<About>,
    is_composed: bool,
    code: Code,
    load: Duration,
    pre: MicroAppPre<RunState>,
}

/// What a component says of itself, known before it is judged.
pub(crate) struct About {
    pub(crate) app: App,
    pub(crate) manifest: Manifest,
    /// The grants that its imports need.
    pub(crate) interfaces: BTreeSet<String>,
}

impl About {
    /// What a component that was read says of itself.
    pub(crate) fn of(examined: &Examined<'_>) -> About {
        About {
            app: examined.app(),
            manifest: examined.outline.manifest.clone().unwrap_or_default(),
            interfaces: examined.outline.interfaces.clone(),
        }
    }

    /// What it asks for.
    pub(crate) fn asking(&self) -> Asking<'_> {
        Asking {
            app: &self.app,
            manifest: &self.manifest,
            interfaces: &self.interfaces,
        }
    }
}

/// Where a micro-app's machine code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// It was compiled now.
    Compiled,
    /// It was mapped from the cache.
    Cached,
}

impl MicroApp {
    pub(crate) fn new(
        about: Arc<About>,
        is_composed: bool,
        code: Code,
        load: Duration,
        pre: MicroAppPre<RunState>,
    ) -> MicroApp {
        MicroApp(Arc::new(Inner {
            about,
            is_composed,
            code,
            load,
            pre,
        }))
    }

    /// Links its code. The component was judged by the list of what the linker has before it was compiled, so an
    /// error here is the host's fault.
    pub(crate) fn link(
        linker: &Linker<RunState>,
        component: &Component,
    ) -> Result<MicroAppPre<RunState>, HostError> {
        let pre = linker.instantiate_pre(component);
        pre.and_then(MicroAppPre::new).map_err(HostError::Engine)
    }

    /// The same micro-app with the code of its profiled twin.
    pub(crate) fn with_code(
        &self,
        linker: &Linker<RunState>,
        component: &Component,
    ) -> Result<MicroApp, HostError> {
        let pre = MicroApp::link(linker, component)?;
        let about = Arc::clone(&self.0.about);
        let Inner {
            is_composed, load, ..
        } = *self.0;
        Ok(MicroApp::new(about, is_composed, Code::Compiled, load, pre))
    }

    /// The name that the component gives itself, if any.
    pub fn name(&self) -> Option<&str> {
        self.0.about.app.name.as_deref()
    }

    /// The version that the component gives itself, if any.
    pub fn version(&self) -> Option<&str> {
        self.0.about.app.version.as_deref()
    }

    /// The SHA-256 of the component's bytes, in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.0.about.app.digest
    }

    /// What its author declared; the default if the component carries no manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.0.about.manifest
    }

    /// Whether its code was compiled or came from the cache.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// How long loading took.
    pub fn load_duration(&self) -> Duration {
        self.0.load
    }

    /// The interfaces that it imports and that need a grant, sorted.
    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.0.about.interfaces.iter().map(String::as_str)
    }

    /// Whether it is composed of parts that pay for what they hand to each other.
    pub(crate) fn is_composed(&self) -> bool {
        self.0.is_composed
    }

    pub(crate) fn asking(&self) -> Asking<'_> {
        self.0.about.asking()
    }

    pub(crate) fn identity(&self) -> &App {
        &self.0.about.app
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
