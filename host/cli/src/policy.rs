//! The policy of the flags, and a warning if it names other builds of a component.

use std::sync::{Arc, LazyLock};

use fractalaw_ai::Ai;
use fractalaw_data::Data;
use fractalaw_host::capability::{Capability, Offer};
use fractalaw_host::{App, Policy, Run, Section, terminal};

use crate::{flags, printing};

/// What this program's hosts offer.
static OFFER: LazyLock<Offer> = LazyLock::new(|| {
    let data: Arc<dyn Capability> = Arc::new(Data::new());
    let ai: Arc<dyn Capability> = Arc::new(Ai::new());
    Offer::with([data, ai]).expect("nothing is offered twice")
});

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
pub(crate) fn granted(run: Run, grants: &flags::Grants) -> anyhow::Result<Run> {
    let mut section = Section::parse(&grants.lines.join("\n"))?;
    section.check(offer())?;
    if let Some(data) = &grants.data {
        section = section.or(Section::parse(&lines(data))?);
    }
    Ok(run.grant(section))
}

/// What a database that the run brings grants, where no line says otherwise.
fn lines(data: &flags::DataGrant) -> String {
    // Text in JSON is text in TOML.
    let place = serde_json::Value::from(&*data.place);
    let name = if fractalaw_data::is_address(&data.place) {
        "adbc"
    } else {
        "file"
    };
    let mut lines = format!(
        "interfaces.\"fractal:app/data-query\" = true\ndata.{name} = {place}\ndata.read = true\n"
    );
    if data.writable {
        lines += "interfaces.\"fractal:app/data-mutate\" = true\ndata.write = true\n";
    }
    lines
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `xtask` does not link the host, and has this list from the crate that it shares with it.
    #[test]
    fn what_xtask_takes_for_keys_of_manifests_is_what_is_offered() {
        let known = offer().known_to_manifests();
        assert_eq!(known.keys, fractalaw_contract::standard::MANIFEST_KEYS);
    }
}
