//! The cost of a run, in units of fuel.

use serde::{Deserialize, Serialize};

/// The version of the cost model. It changes with any number in the tables of the host's `cost`. Figures of
/// different versions are not compared.
pub const COST_MODEL: u32 = 2;

/// The fuel of one run, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fuel {
    /// The fuel that the run was given.
    pub budget: u64,
    /// What instantiation used: start functions and initialisers, without their host calls.
    pub instantiation: u64,
    /// What the guest's own code used in the call of `run`.
    pub guest: u64,
    /// What all host calls were charged.
    pub host_calls: u64,
    /// How exact the figures are.
    pub certainty: Certainty,
    /// The cost model of the figures: [`COST_MODEL`] of the host that made them.
    pub cost_model: u32,
}

impl Fuel {
    /// The sum of the parts.
    pub fn consumed(&self) -> u64 {
        self.instantiation + self.guest + self.host_calls
    }

    /// The sum of the parts, if it is the same in every run of the same component with the same inputs. Otherwise
    /// `None`.
    pub fn repeatable(&self) -> Option<u64> {
        (self.certainty != Certainty::Unrepeatable).then(|| self.consumed())
    }
}

/// How exact a fuel figure is. [`Outcome::fuel_certainty`](crate::Outcome::fuel_certainty) says which outcome
/// gives which certainty, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The figure is the cost, to the unit, and the same on every machine.
    Exact,
    /// The cost is at least this figure. The figure is the same on every machine.
    LowerBound,
    /// The cost is at least this figure. The figure differs from run to run or from machine to machine.
    Unrepeatable,
}

impl Certainty {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Certainty::Exact => "exact",
            Certainty::LowerBound => "lower-bound",
            Certainty::Unrepeatable => "unrepeatable",
        }
    }
}
