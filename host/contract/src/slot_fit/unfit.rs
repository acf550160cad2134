//! Why a component does not fit into a slot.

use wasmparser::BinaryReaderError;

/// Why a component does not fit into a slot.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It would need more of something than a slot has.
    #[error("{what}: {found}, expected at most {limit}")]
    Large {
        /// What there is too much of, and its unit, such as `a memory (bytes)`.
        what: &'static str,
        /// What the component declares, in that unit.
        found: u64,
        /// The limit, in that unit.
        limit: u64,
    },
    /// Its components are nested deeper than people or tools make them.
    #[error("components in each other, expected at most {limit} levels")]
    Deep {
        /// The most levels.
        limit: u32,
    },
    /// A component is handed to one that began before it ended, so nobody knows what the first makes of it until
    /// it is compiled.
    #[error("a component is handed to one defined before it")]
    Handed,
    /// A section is unreadable.
    #[error(transparent)]
    Malformed(#[from] BinaryReaderError),
}
