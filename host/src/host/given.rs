//! What a run is given, before it begins: for whoever records the run so that it can be repeated.

use std::path::Path;

use fractalaw_ledger::Trigger;
use fractalaw_report::{App, AppliedLimits, Item};

use super::Host;
use crate::error::{HostError, LoadError};
use crate::inputs::Grants;
use crate::load::reading::on_its_stack;
use crate::load::source::Source;
use crate::offer::starting::GrantedName;
use crate::run::Run;

/// What a run is given: what it brings, and what the policy adds.
#[derive(Clone, Debug)]
pub struct Given {
    /// The component.
    pub app: App,
    /// Arguments, variables, standard input and folders.
    pub grants: Grants,
    /// The names under the keys of capabilities, such as `data.read`.
    pub names: Vec<GrantedName>,
    /// The interfaces, or packages of interfaces.
    pub interfaces: Vec<String>,
    /// The limits.
    pub limits: AppliedLimits,
    /// What starts it.
    pub trigger: Option<Trigger>,
}

impl Host {
    /// What a run of this file would be given now. Nothing is opened or begun for it, and the ledger records nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Host::load_file`], except for those of compiling, and if the policy or the run says what this host does
    /// not offer.
    pub fn given(&self, path: impl AsRef<Path>, run: &Run) -> Result<Given, LoadError> {
        let loader = &*self.0.loader;
        let path = path.as_ref();
        let candidate = on_its_stack(|| loader.read(Source::open(path)?))?;
        let about = candidate.about();
        let decided = self.decide(about.asking(), run).map_err(HostError::from)?;
        let granted = decided.decision.granted.iter();
        let interfaces = granted.filter_map(|granted| match &granted.item {
            Item::Interface(name) => Some(name.clone()),
            _ => None,
        });
        Ok(Given {
            app: about.app.clone(),
            interfaces: interfaces.collect(),
            grants: (*decided.grants).clone(),
            names: decided.names,
            limits: decided.limits,
            trigger: run.triggered_by().cloned(),
        })
    }
}
