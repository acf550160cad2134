//! What one host offers: all its capabilities together. It determines the keys and quotas that policies can have, and
//! which interfaces need a grant.

use std::fmt;
use std::sync::{Arc, OnceLock};

use fractalaw_contract::{Interface, Offered, standard};
use fractalaw_manifest::{Known, Manifest};
use fractalaw_report::QuotaLimits;
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::digest::hex;
use crate::error::HostError;
use crate::offer::capability::{Capability, Granted};
use crate::offer::linker::PricedLinker;
use crate::offer::session::Sessions;
use crate::offer::starting::Starting;
use crate::offer::state::RunState;
use crate::offer::table::{GrantKey, Table};

/// What a host offers. It is cheap to clone, and clones are the same offer.
#[derive(Clone)]
pub struct Offer(Arc<Inner>);

struct Inner {
    capabilities: Vec<Arc<dyn Capability>>,
    quotas: QuotaLimits,
    /// The offered interfaces as WIT. They are read on first use, because a component with cached code does not need
    /// them.
    offered: OnceLock<Offered>,
    digest: OnceLock<String>,
}

impl Offer {
    /// What these capabilities offer together.
    ///
    /// # Errors
    ///
    /// If two of them have something with the same name.
    pub(crate) fn of(capabilities: Vec<Arc<dyn Capability>>) -> Result<Offer, HostError> {
        let tables = capabilities.iter().map(|capability| capability.table());
        check(&tables.clone().collect::<Vec<_>>())?;
        let quotas = tables.flat_map(|table| table.quotas);
        let quotas = QuotaLimits::with(quotas.map(|quota| (*quota).clone()));
        Ok(Offer(Arc::new(Inner {
            capabilities,
            quotas,
            offered: OnceLock::new(),
            digest: OnceLock::new(),
        })))
    }

    /// The tables of its capabilities.
    pub fn tables(&self) -> impl Iterator<Item = &'static Table> + Clone {
        let capabilities = self.0.capabilities.iter();
        capabilities.map(|capability| capability.table())
    }

    /// All quotas, each with the host's own limit.
    pub fn quotas(&self) -> &QuotaLimits {
        &self.0.quotas
    }

    /// The offered interfaces, as WIT.
    ///
    /// # Errors
    ///
    /// If a capability's WIT cannot be read, or lacks an interface of the capability's table.
    pub fn offered(&self) -> Result<&Offered, HostError> {
        if self.is_standard() {
            return Ok(standard::offered());
        }
        if let Some(offered) = self.0.offered.get() {
            return Ok(offered);
        }
        let (wit, interfaces) = (self.wit(), self.interfaces());
        let offered = Offered::of(&wit, &interfaces);
        let offered = offered.map_err(|error| HostError::BadOffer {
            message: error.to_string(),
        })?;
        Ok(self.0.offered.get_or_init(|| offered))
    }

    /// The SHA-256 of everything that the judgement of a component depends on.
    pub(crate) fn digest(&self) -> &str {
        self.0.digest.get_or_init(|| {
            let mut hasher = Sha256::new();
            let mut add = |text: &str| {
                hasher.update((text.len() as u64).to_le_bytes());
                hasher.update(text);
            };
            for wit in self.wit() {
                add(wit.text);
            }
            for interface in self.interfaces() {
                add(interface.path);
            }
            let Known { keys, quotas } = self.known_to_manifests();
            keys.into_iter().chain(quotas).for_each(&mut add);
            hex(&hasher.finalize())
        })
    }

    /// Whether an import with this name is offered, in any version.
    pub(crate) fn has(&self, import: &str) -> bool {
        let mut offered = self.tables().flat_map(|table| table.interfaces);
        offered.any(|interface| interface.is_of(import))
    }

    /// The grant that an import with this name needs, if it needs one. The grants of `fractal:app` are known even if
    /// the interface is not offered.
    pub fn needs_grant(&self, import: &str) -> Option<&'static str> {
        let found = self.known().find(|interface| interface.is_of(import))?;
        found.needs_grant.then_some(found.path)
    }

    /// All grants of interfaces, sorted.
    pub fn grants(&self) -> Vec<&'static str> {
        let known = self.known().filter(|interface| interface.needs_grant);
        let mut grants: Vec<_> = known.map(|interface| interface.path).collect();
        grants.sort_unstable();
        grants.dedup();
        grants
    }

    /// The keys of all capabilities, each with the table that it belongs to.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&'static Table, &'static GrantKey)> {
        self.tables()
            .flat_map(|table| table.keys.iter().map(move |key| (table, key)))
    }

    /// What manifests may ask this host for.
    pub fn known_to_manifests(&self) -> Known<'_> {
        Known {
            keys: self.keys().map(|(_, key)| key.name).collect(),
            quotas: self.0.quotas.iter().map(|of| &*of.quota.name).collect(),
        }
    }

    /// A linker with the functions of all capabilities.
    pub(crate) fn linker(&self, engine: &Engine) -> wasmtime::Result<Linker<RunState>> {
        let mut linker = Linker::new(engine);
        for capability in &self.0.capabilities {
            let mut priced = PricedLinker::new(&mut linker, capability.table());
            capability.add_to_linker(&mut priced)?;
            priced.finish()?;
        }
        Ok(linker)
    }

    /// Tells each capability that the host starts.
    pub(crate) fn start(&self, starting: &Starting<'_>) -> Result<(), HostError> {
        let mut capabilities = self.0.capabilities.iter();
        capabilities.try_for_each(|capability| capability.start(starting))
    }

    /// Begins a session of each capability.
    pub(crate) fn begin(&self, granted: &Granted<'_>) -> Result<Sessions, HostError> {
        let mut sessions = Sessions::with_capacity(self.0.capabilities.len());
        for capability in &self.0.capabilities {
            sessions.add(capability.begin(granted)?);
        }
        Ok(sessions)
    }

    fn known(&self) -> impl Iterator<Item = &'static Interface> {
        let offered = self.tables().flat_map(|table| table.interfaces);
        offered.chain(&standard::APP)
    }

    fn wit(&self) -> Vec<fractalaw_contract::Wit> {
        self.tables().flat_map(|table| table.wit).copied().collect()
    }

    fn interfaces(&self) -> Vec<Interface> {
        let interfaces = self.tables().flat_map(|table| table.interfaces);
        interfaces.copied().collect()
    }

    /// Whether nothing was added to what every host offers.
    fn is_standard(&self) -> bool {
        let standard = std::iter::once(&standard::AUDIT_LOG).chain(&standard::WASI);
        let offered = self.tables().flat_map(|table| table.interfaces);
        offered.eq(standard)
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.tables().map(|table| table.name);
        f.debug_list().entries(names).finish()
    }
}

/// Two offers are equal if they have the same tables.
impl PartialEq for Offer {
    fn eq(&self, other: &Offer) -> bool {
        let (ours, theirs) = (self.tables(), other.tables());
        ours.map(std::ptr::from_ref)
            .eq(theirs.map(std::ptr::from_ref))
    }
}

impl Eq for Offer {}

/// Checks that no two capabilities have something with the same name, and that no capability uses a name that belongs to
/// every host.
fn check(tables: &[&'static Table]) -> Result<(), HostError> {
    let keys = Manifest::KEYS.into_iter().chain(["apps"]);
    let mut seen: Vec<_> = keys.map(|key| ("key", key)).collect();
    let quotas = QuotaLimits::with([]);
    seen.extend(quotas.iter().map(|of| ("quota", &*of.quota.name)));
    for table in tables {
        let interfaces = table.interfaces.iter().map(|of| ("interface", of.path));
        let keys = table.keys.iter().map(|key| ("key", key.name));
        let quotas = table.quotas.iter().map(|of| ("quota", &*of.quota.name));
        let names = std::iter::once(("capability", table.name));
        for named in names.chain(interfaces).chain(keys).chain(quotas) {
            if seen.contains(&named) {
                let (what, name) = named;
                let message = format!("the {what} `{name}` is offered twice, expected once");
                return Err(HostError::BadOffer { message });
            }
            seen.push(named);
        }
    }
    Ok(())
}
