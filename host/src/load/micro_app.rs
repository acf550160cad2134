//! A micro-app: a component that was examined, compiled or taken from the cache, and pre-linked.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fractalaw_manifest::Manifest;
use fractalaw_report::App;
use wasmtime::component::{Component, Linker};

use crate::bindings::MicroAppPre;
use crate::error::HostError;
use crate::limits::{SHARDS, SPREAD_CODE_BYTES};
use crate::load::compiled;
use crate::load::examined::Examined;
use crate::offer::state::RunState;
use crate::policy::asking::Asking;

/// A component that is ready to run any number of times. A clone is cheap.
#[derive(Clone)]
pub struct MicroApp(Arc<Inner>);

struct Inner {
    about: Arc<About>,
    /// Of each capability of its host, whether it can call any function.
    callable: Box<[bool]>,
    is_composed: bool,
    code: Code,
    load: Duration,
    first: InShard,
    /// Its code in further shards, from the second one on. It is `None` where it stays in the first.
    further: OnceLock<Box<[OnceLock<Option<InShard>>]>>,
    /// Whether it may be in further shards.
    may_spread: bool,
}

/// A micro-app in one shard of its host. Runs in different shards share nothing of it that they write to, and a reference
/// count is written to.
pub(crate) struct InShard {
    pub(crate) pre: MicroAppPre<RunState>,
    pub(crate) identity: App,
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
        callable: Box<[bool]>,
        is_composed: bool,
        code: Code,
        load: Duration,
        pre: MicroAppPre<RunState>,
    ) -> MicroApp {
        let component = pre.instance_pre().component();
        let range = component.image_range();
        let may_spread = range.end.addr() - range.start.addr() <= SPREAD_CODE_BYTES;
        let identity = about.app.clone();
        MicroApp(Arc::new(Inner {
            about,
            callable,
            is_composed,
            code,
            load,
            first: InShard { pre, identity },
            further: OnceLock::new(),
            may_spread,
        }))
    }

    /// Its code in the first shard.
    pub(crate) fn first_code(&self) -> &InShard {
        &self.0.first
    }

    /// Its code in the shard with this number and linker. It is copied there when it is first used there, and compiled only
    /// once. `None` if it only runs in the first shard.
    pub(crate) fn code_in(&self, shard: usize, linker: &Linker<RunState>) -> Option<&InShard> {
        let Some(place) = shard.checked_sub(1) else {
            return Some(&self.0.first);
        };
        if !self.0.may_spread {
            return None;
        }
        let new = || (1..SHARDS).map(|_| OnceLock::new()).collect();
        let further = self.0.further.get_or_init(new);
        let copied = further.get(place)?.get_or_init(|| self.copy(linker));
        copied.as_ref()
    }

    fn copy(&self, linker: &Linker<RunState>) -> Option<InShard> {
        let component = self.0.first.pre.instance_pre().component();
        let copied = compiled::copy(component, linker.engine())
            .map_err(HostError::Engine)
            .and_then(|component| MicroApp::link(linker, &component));
        match copied {
            Ok(pre) => Some(InShard {
                pre,
                identity: self.0.about.app.deep_clone(),
            }),
            Err(error) => {
                tracing::warn!(%error, "a micro-app stays in the host's first engine");
                None
            }
        }
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
        // A hook belongs to no capability.
        let callable = self.0.callable.clone();
        let Inner {
            is_composed, load, ..
        } = *self.0;
        let mut twin = MicroApp::new(about, callable, is_composed, Code::Compiled, load, pre);
        if let Some(inner) = Arc::get_mut(&mut twin.0) {
            // The linkers of further shards do not have its hooks.
            inner.may_spread = false;
        }
        Ok(twin)
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

    /// Of each capability of its host, whether it can call any function.
    pub(crate) fn callable(&self) -> &[bool] {
        &self.0.callable
    }

    pub(crate) fn asking(&self) -> Asking<'_> {
        self.0.about.asking()
    }

    pub(crate) fn identity(&self) -> &App {
        &self.0.about.app
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
