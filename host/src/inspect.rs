//! What a component is and asks for, read from its bytes. It is judged as for a run, but nothing is compiled.
//! `inspect/` has the text and the JSON.

// From the ground up.
mod parts;

mod inspection;

mod json;
mod text;

pub use inspection::{Inspection, Verdict};
pub use json::INSPECTION_VERSION;
pub use parts::Part;

impl Inspection {
    /// The inspection as text for people.
    pub fn text(&self, verdict: &Verdict) -> String {
        text::render(self, verdict)
    }

    /// The inspection as one JSON object for programs. `POLICY.md` describes it.
    pub fn json(&self, verdict: &Verdict) -> String {
        json::render(self, verdict)
    }
}
