//! Whether a new version stays: its first runs decide.

use serde::{Deserialize, Serialize};

use crate::limits::{TRIAL_BAD, TRIAL_RUNS};

/// The first runs of a new version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    ran: u32,
    bad: u32,
}

/// What a run means for the trial of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// The run does not count.
    GoesOn,
    /// The run counts.
    Counts,
    /// The version is bad.
    Bad,
}

impl Trial {
    /// Counts a run.
    pub(crate) fn ran(&mut self, outcome: &str) -> Judgement {
        self.ran += 1;
        if matches!(outcome, "trap" | "out-of-fuel" | "memory-limit") {
            self.bad += 1;
        }
        match self.bad >= TRIAL_BAD {
            true => Judgement::Bad,
            false => Judgement::Counts,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ran >= TRIAL_RUNS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_bad_ones_of_the_first_five_runs_are_a_bad_version() {
        let cases = [
            ("trap trap trap", Some(3)),
            ("trap completed out-of-fuel completed memory-limit", Some(5)),
            (
                "trap completed trap completed completed trap trap trap",
                None,
            ),
            (
                "guest-error guest-error guest-error deadline-exceeded refused",
                None,
            ),
            ("completed completed completed completed completed", None),
        ];
        for (outcomes, bad_after) in cases {
            let mut trial = Trial::default();
            let mut found = None;
            for (index, outcome) in outcomes.split(' ').enumerate() {
                if trial.is_over() {
                    break;
                }
                if trial.ran(outcome) == Judgement::Bad {
                    found = Some(index + 1);
                    break;
                }
            }
            assert_eq!(found, bad_after, "{outcomes}");
        }
    }
}
