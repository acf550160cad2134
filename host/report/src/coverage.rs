//! Which instructions of a component ran.

use serde::{Deserialize, Serialize};

/// The instructions that ran in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The core modules of the component that have code, in the order of their bytes.
    pub modules: Vec<ModuleCoverage>,
}

/// The instructions of one core module. They are ranges in the contents of its code section, as in DWARF, in order and without
/// overlap. What is in neither list cannot run, or was not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleCoverage {
    /// The SHA-256 of the contents of the code section, in hexadecimal.
    pub code_sha256: String,
    /// What ran: first byte, and the byte after the last.
    pub ran: Vec<(u32, u32)>,
    /// What did not.
    pub not_ran: Vec<(u32, u32)>,
}

impl ModuleCoverage {
    /// Adds a range that comes after all others.
    pub fn push(&mut self, range: (u32, u32), ran: bool) {
        let list = match ran {
            true => &mut self.ran,
            false => &mut self.not_ran,
        };
        match list.last_mut() {
            Some(last) if last.1 == range.0 => last.1 = range.1,
            _ => list.push(range),
        }
    }
}
