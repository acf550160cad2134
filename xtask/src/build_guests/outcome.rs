//! What came of building guests: those that are built, and those that are not, with the reasons.

use std::mem;

use anyhow::Result;

use super::summary::{Built, Status};
use crate::fault::{Fault, GUEST_BUILD, list};
use crate::project::Project;

/// The result of building guests.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(super) built: Vec<Built>,
    /// The name and message of each guest that failed.
    pub(super) failures: Vec<(String, String)>,
    /// The guests among them whose tools cannot be had on this machine.
    pub(super) without_tools: Vec<String>,
}

impl Outcome {
    /// Removes guests that were fresh at first, but whose files changed while others were built.
    pub(super) fn lose_what_was_changed(&mut self, project: &Project) {
        let stands = |built: &Built| project.record(&built.summary.name).exists();
        let (built, lost) = mem::take(&mut self.built).into_iter().partition(stands);
        self.built = built;
        self.failures.extend(lost.into_iter().map(|lost: Built| {
            let name = lost.summary.name;
            let message =
                format!("`{name}` was changed while another guest was built\nhint: build it anew");
            (name, message)
        }));
    }

    /// Takes out the guests whose tools cannot be had, with why.
    pub(crate) fn take_those_without_tools(&mut self) -> Vec<(String, String)> {
        let without_tools = mem::take(&mut self.without_tools);
        let (taken, failures) = (mem::take(&mut self.failures).into_iter())
            .partition(|(name, _)| without_tools.contains(name));
        self.failures = failures;
        taken
    }

    /// The guests that were built now.
    pub(crate) fn rebuilt(&self) -> impl Iterator<Item = &str> {
        let rebuilt = |built: &&Built| built.status == Status::Rebuilt;
        let built = self.built.iter().filter(rebuilt);
        built.map(|built| &*built.summary.name)
    }

    /// The guests that could not be built.
    pub(crate) fn failed(&self) -> impl Iterator<Item = &str> {
        self.failures.iter().map(|(name, _)| name.as_str())
    }

    /// Returns an error if a guest failed. It repeats each failure, because the compiler's output comes before
    /// it.
    pub(crate) fn check(&self) -> Result<()> {
        if self.failures.is_empty() {
            return Ok(());
        }
        for (_, message) in &self.failures {
            eprintln!("error: {message}");
        }
        let count = self.failures.len();
        let all = count + self.built.len();
        let names = list(self.failed());
        let plural = if all == 1 { "" } else { "s" };
        Err(Fault::new(
            GUEST_BUILD,
            format!("{count} of {all} guest{plural} failed to build: {names}"),
        )
        .into())
    }
}
