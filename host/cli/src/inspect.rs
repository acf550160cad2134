//! `fractalaw inspect`: what a component is, what it asks for, and what a policy says of it.

use std::process::ExitCode;

use fractalaw_host::{HostError, Inspection, LoadError, Run, terminal};

use crate::exit::{self, Exit, fail};
use crate::{flags, policy, printing};

/// Runs the command. A component that would not start is not a failure, because the command asks whether it
/// would.
pub(crate) fn run(flags: &flags::Inspect) -> ExitCode {
    let (policy, run) = match policy::load(&flags.grants)
        .and_then(|policy| Ok((policy, policy::granted(Run::new(), &flags.grants, None)?)))
    {
        Ok(read) => read,
        Err(error) => return fail(&error),
    };
    let inspection = match Inspection::of_file(&flags.component, policy::offer()) {
        Ok(inspection) => inspection,
        Err(LoadError::Refused(refusal)) => {
            let said = terminal::lines(&refusal.to_string());
            printing::error(said, Some(&refusal.hint()));
            return Exit::Refused.into();
        }
        Err(LoadError::Host(error)) => return fail(&HostError::into(error)),
    };
    policy::warn_of_other_builds(policy.as_ref(), Some(&inspection.app));
    let verdict = match inspection.verdict(&run, policy.as_ref()) {
        Ok(verdict) => verdict,
        Err(error) => return fail(&error.into()),
    };
    let text = if flags.json {
        inspection.json(&verdict) + "\n"
    } else {
        inspection.text(&verdict)
    };
    exit::printed(printing::print(&text))
}
