//! What a component is and asks for, told from its bytes: nothing is compiled. How it reads is in `inspect/`.
//! It is judged as for a run.

// From the ground up.
mod inspection;

mod json;
mod text;

pub use inspection::{Inspection, Verdict};
pub use json::INSPECTION_VERSION;

impl Inspection {
    /// For people.
    pub fn text(&self, verdict: &Verdict) -> String {
        text::render(self, verdict)
    }

    /// For programs: one JSON object, described in `POLICY.md`.
    pub fn json(&self, verdict: &Verdict) -> String {
        json::render(self, verdict)
    }
}
