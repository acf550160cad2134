//! The policy: what a host grants to which micro-apps. `POLICY.md` describes the file.

// From the ground up.
pub(crate) mod asking;
pub(crate) mod own_files;
mod said;
mod selector;

mod section;

mod rules;

mod check;
mod read;

mod load;

pub(crate) mod decision;

pub use rules::Policy;
pub use section::Section;
