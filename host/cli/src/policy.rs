//! The policy of the flags, and a warning if it names other builds of a component.

use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};

use fractalaw_ai::Ai;
use fractalaw_data::Data;
use fractalaw_events::Events;
use fractalaw_host::capability::{Capability, Offer, Offers};
use fractalaw_host::{App, Policy, Run, Section, terminal};

use crate::{flags, printing};

/// What the program offers beside this crate's own capabilities. A process has one program.
static ADDED: OnceLock<Offers> = OnceLock::new();

/// What this program's hosts offer.
static OFFER: LazyLock<Offer> = LazyLock::new(|| {
    let data: Arc<dyn Capability> = Arc::new(Data::new());
    let ai: Arc<dyn Capability> = Arc::new(Ai::new());
    let events: Arc<dyn Capability> = Arc::new(Events::new());
    let all = [data, ai, events].into_iter().chain(added());
    Offer::with(all).expect("nothing is offered twice")
});

/// Sets what the program offers beside this crate's own capabilities. It counts once, before anything else here.
pub(crate) fn add(offers: Offers) {
    let _ = ADDED.set(offers);
}

/// What the program offers beside this crate's own capabilities, for one host.
pub(crate) fn added() -> Vec<Arc<dyn Capability>> {
    ADDED.get().map_or_else(Vec::new, |offers| offers())
}

/// What this program's hosts offer.
pub(crate) fn offer() -> &'static Offer {
    &OFFER
}

/// Reads the policy file and checks it, before anything is made for a run.
pub(crate) fn load(grants: &flags::Grants) -> anyhow::Result<Option<Policy>> {
    let policy = grants.policy.as_ref().map(Policy::load).transpose()?;
    if let Some(policy) = &policy {
        policy.check(offer())?;
    }
    Ok(policy)
}

/// The run with the lines of policy from the flags.
pub(crate) fn granted(
    run: Run,
    grants: &flags::Grants,
    answers: Option<Answers<'_>>,
) -> anyhow::Result<Run> {
    let mut section = Section::parse(&grants.lines.join("\n"))?;
    section.check(offer())?;
    if let Some(data) = &grants.data {
        // A line may say `data.file = true`, which means this database.
        let brought = Section::parse(&database(&data.place))?;
        section = brought.or(section).or(Section::parse(of_all(data))?);
    }
    let answers = answers.map_or_else(String::new, |answers| answers.line());
    Ok(run.grant(Section::parse(&answers)?.or(section)))
}

/// A file with the answers of models that servers have.
#[derive(Clone, Copy)]
pub(crate) enum Answers<'a> {
    /// Answers are added to it.
    Record(&'a Path),
    /// Answers come from it.
    Replay(&'a Path),
}

impl Answers<'_> {
    /// The line of policy.
    fn line(self) -> String {
        let (name, file) = match self {
            Answers::Record(file) => ("record", file),
            Answers::Replay(file) => ("replay", file),
        };
        // Text in JSON is text in TOML.
        format!(
            "ai.{name} = {}",
            serde_json::Value::from(file.to_string_lossy())
        )
    }
}

/// The line of policy for a database that the run brings.
fn database(place: &str) -> String {
    let name = match fractalaw_data::is_address(place) {
        true => "adbc",
        false => "file",
    };
    // Text in JSON is text in TOML.
    format!("data.{name} = {}", serde_json::Value::from(place))
}

/// What a database that the run brings grants where no line says otherwise: all tables.
fn of_all(data: &flags::DataGrant) -> &'static str {
    if data.writable {
        "interfaces.\"fractal:app/data-query\" = true\ninterfaces.\"fractal:app/data-mutate\" = true\n\
         data.read = true\ndata.write = true"
    } else {
        "interfaces.\"fractal:app/data-query\" = true\ndata.read = true"
    }
}

/// Warns if the policy names other builds of a component and not this one. What it grants to them is not granted
/// to this build, and nothing else would say so.
pub(crate) fn warn_of_other_builds(policy: Option<&Policy>, app: Option<&App>) {
    let (Some(policy), Some(app)) = (policy, app) else {
        return;
    };
    let builds = policy.other_builds(app);
    if builds.is_empty() {
        return;
    }
    let builds = builds.join("`, `");
    let path = policy.id().path.display().to_string();
    printing::warning(
        terminal::one_line(&format!(
            "the policy `{path}` names `{builds}`, and not this build of the component"
        )),
        format_args!(
            "this build has the digest {}: name it in the policy, if it is to have the same grants",
            app.digest
        ),
    );
}

/// Warns of grants that name no table, and of those that reach further than what is granted.
pub(crate) fn warn_of_data(data: &Data) {
    for warning in data.take_warnings() {
        printing::warning(
            terminal::one_line(&warning.message),
            terminal::one_line(&warning.hint),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fractalaw_contract::standard;
    use fractalaw_host::QuotaLimits;

    use super::*;

    /// `xtask` does not link the host, and has these lists from the crate that it shares with it.
    #[test]
    fn what_xtask_knows_in_manifests_is_what_is_offered() {
        let known = offer().known_to_manifests();
        assert_eq!(known.keys, standard::MANIFEST_KEYS);
        let core = QuotaLimits::standard().iter();
        let core = core.map(|quota| &*quota.quota.name);
        let quotas: BTreeSet<_> = core.chain(standard::MANIFEST_QUOTAS).collect();
        assert_eq!(BTreeSet::from_iter(known.quotas), quotas);
    }
}
