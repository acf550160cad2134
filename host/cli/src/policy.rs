//! The policy of the flags, and a warning if it names other builds of a component.

use fractalaw_host::capability::Offer;
use fractalaw_host::{App, Policy, Run, Section, terminal};

use crate::{flags, printing};

/// Reads the policy file and checks it, before anything is made for a run.
pub(crate) fn load(grants: &flags::Grants) -> anyhow::Result<Option<Policy>> {
    let policy = grants.policy.as_ref().map(Policy::load).transpose()?;
    if let Some(policy) = &policy {
        policy.check(Offer::standard())?;
    }
    Ok(policy)
}

/// The run with the lines of policy from the flags.
pub(crate) fn granted(run: Run, grants: &flags::Grants) -> anyhow::Result<Run> {
    let section = Section::parse(&grants.lines.join("\n"))?;
    section.check(Offer::standard())?;
    Ok(run.grant(section))
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
