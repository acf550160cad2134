//! `fractalaw inspect`: what a component is, what it asks for, and what a policy says of it.

use std::io::{self, Write};
use std::process::ExitCode;

use fractalaw_host::{HostError, Inspection, LoadError, Run, terminal};

use crate::flags;
use crate::run::{REFUSED, fail, granted, policy, print};

/// The command. A component that would not start is no failure: it was asked what would come of it.
pub(crate) fn run(flags: &flags::Inspect) -> ExitCode {
    let (policy, run) = match policy(&flags.grants)
        .and_then(|policy| Ok((policy, granted(Run::new(), &flags.grants)?)))
    {
        Ok(read) => read,
        Err(error) => return fail(&error),
    };
    let inspection = match Inspection::of_file(&flags.component) {
        Ok(inspection) => inspection,
        Err(LoadError::Refused(refusal)) => {
            let _ = writeln!(
                io::stderr(),
                "error: {}\nhint: {}",
                terminal::lines(&refusal.to_string()),
                refusal.hint()
            );
            return ExitCode::from(REFUSED);
        }
        Err(LoadError::Host(error)) => return fail(&HostError::into(error)),
    };
    let verdict = inspection.verdict(&run, policy.as_ref());
    let text = if flags.json {
        inspection.json(&verdict) + "\n"
    } else {
        inspection.text(&verdict)
    };
    match print(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}
