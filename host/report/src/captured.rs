//! What a guest wrote to its standard output and standard error.

/// What a guest wrote to one of its two streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes, at most [`OUTPUT_BYTES`](crate::limits::OUTPUT_BYTES). Any bytes: a guest need not write UTF-8.
    pub bytes: Vec<u8>,
    /// How many more it wrote.
    pub dropped_bytes: u64,
}
