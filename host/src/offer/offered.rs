//! What one host offers: all its capabilities together. It determines the keys and quotas that policies can have, and
//! which interfaces need a grant.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use fractalaw_contract::{Interface, Offered, standard};
use fractalaw_manifest::{Known, Manifest};
use fractalaw_report::{Quota, QuotaLimits};
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::cost::host_calls::Function;
use crate::digest::hex;
use crate::error::HostError;
use crate::offer::capability::{Capability, Granted};
use crate::offer::linker::PricedLinker;
use crate::offer::session::Sessions;
use crate::offer::starting::Starting;
use crate::offer::state::RunState;
use crate::offer::table::{GrantKey, Table};
use crate::panics;

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
        self.check_functions(&offered)?;
        Ok(self.0.offered.get_or_init(|| offered))
    }

    /// Checks that the tables have the functions of the WIT, and no others. The linker has what the tables have, so that a
    /// component that is judged by the WIT can be linked.
    fn check_functions(&self, offered: &Offered) -> Result<(), HostError> {
        let bad = |message| Err(HostError::BadOffer { message });
        let mut known = BTreeSet::new();
        for table in self.tables() {
            for Function {
                interface, name, ..
            } in table.functions
            {
                if offered.item(interface, name).is_none() {
                    let table = table.name;
                    return bad(format!(
                        "`{name}` of `{interface}` is in the table of `{table}`, expected it in its WIT too"
                    ));
                }
                known.insert((offered.interface(interface), *name));
            }
        }
        for import in offered.interfaces() {
            let id = offered.interface(&import);
            for name in offered.functions(&import) {
                if !known.contains(&(id, &*name)) {
                    return bad(format!(
                        "`{name}` of `{import}` is in the WIT, expected it in a table of functions too"
                    ));
                }
            }
        }
        Ok(())
    }

    /// The BLAKE3 digest of everything that the judgement of a component depends on. A start from the cache computes it, and
    /// SHA-256 of the WIT takes longer than finding the component's code.
    pub(crate) fn digest(&self) -> &str {
        self.0.digest.get_or_init(|| {
            let mut hasher = blake3::Hasher::new_derive_key("fractalaw-host offer v1");
            let mut add = |text: &str| {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            };
            for wit in self.wit() {
                add("wit");
                add(wit.text);
            }
            for interface in self.interfaces() {
                add(match interface.needs_grant {
                    // A manifest that names interfaces must name this one.
                    true => "granted interface",
                    false => "interface",
                });
                add(interface.path);
            }
            let Known { keys, quotas } = self.known_to_manifests();
            for (what, names) in [("key", keys), ("quota", quotas)] {
                for name in names {
                    add(what);
                    add(name);
                }
            }
            hex(hasher.finalize().as_bytes())
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

    /// Of each capability, whether a component can call any of its functions: one with these imports, some of which ask for
    /// interfaces that need a grant.
    pub(crate) fn callable(&self, imports: &[&str], asked: &BTreeSet<String>) -> Box<[bool]> {
        let is_callable = |interface: &Interface| {
            (!interface.needs_grant || asked.contains(interface.path))
                && imports.iter().any(|import| interface.is_of(import))
        };
        self.tables()
            .map(|table| table.interfaces.is_empty() || table.interfaces.iter().any(is_callable))
            .collect()
    }

    /// Begins a session of each capability that the run needs. The others cost nothing.
    pub(crate) fn begin(&self, granted: &Granted<'_>) -> Result<Sessions, HostError> {
        let mut sessions = Sessions::with_capacity(self.0.capabilities.len());
        for (capability, can_call) in self.0.capabilities.iter().zip(granted.callable) {
            if !can_call && !capability.attends(granted) {
                continue;
            }
            let name = capability.table().name;
            let session = panics::of_capability(name, || capability.begin(granted)).flatten();
            sessions.add(name, session?)?;
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

/// Checks that no two capabilities have something with the same name, that no capability uses a name that belongs to
/// every host, and that names can be in policies and reports as they are.
fn check(tables: &[&'static Table]) -> Result<(), HostError> {
    let keys = Manifest::KEYS.into_iter().chain(["apps"]);
    let mut seen: Vec<_> = keys.map(|key| ("key", key)).collect();
    let quotas = QuotaLimits::with([]);
    let bounds = [
        Quota::AUDIT_ENTRY_BYTES,
        Quota::HOST_CALL_BYTES,
        Quota::CROSSING_BYTES,
    ];
    seen.extend(quotas.iter().map(|of| ("quota", &*of.quota.name)));
    seen.extend(bounds.iter().map(|quota| ("quota", &*quota.name)));
    let mut interfaces: Vec<&Interface> = Vec::new();
    for table in tables {
        for interface in table.interfaces {
            // A package has all its interfaces.
            let mut others = interfaces.iter();
            if others.any(|other| interface.is_of(other.path) || other.is_of(interface.path)) {
                return Err(twice("interface", interface.path));
            }
            interfaces.push(interface);
        }
        let interfaces = table.interfaces.iter().map(|of| ("interface", of.path));
        let keys = table.keys.iter().map(|key| ("key", key.name));
        let quotas = table.quotas.iter().map(|of| ("quota", &*of.quota.name));
        let names = std::iter::once(("capability", table.name));
        for named in names.chain(interfaces).chain(keys).chain(quotas) {
            let (what, name) = named;
            if seen.contains(&named) {
                return Err(twice(what, name));
            }
            if matches!(what, "key" | "quota") && !is_kebab_case(name) {
                let message =
                    format!("the {what} `{name}` is not in kebab case, expected it to be");
                return Err(HostError::BadOffer { message });
            }
            seen.push(named);
        }
    }
    Ok(())
}

fn twice(what: &str, name: &str) -> HostError {
    let message = format!("the {what} `{name}` is offered twice, expected once");
    HostError::BadOffer { message }
}

/// Words of lower-case letters and digits with `-` between them: a bare key of TOML, and one key of a report's JSON.
fn is_kebab_case(name: &str) -> bool {
    let is_word = |word: &str| {
        let mut chars = word.chars();
        !word.is_empty() && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    name.split('-').all(is_word)
}
