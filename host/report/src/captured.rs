//! What a guest wrote to its standard output and standard error.

/// What a guest wrote to one of its two streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes, at most [`OUTPUT_BYTES`](crate::limits::OUTPUT_BYTES). Any bytes: a guest need not write UTF-8.
    pub bytes: Vec<u8>,
    /// How many more it wrote.
    pub dropped_bytes: u64,
    /// How many bytes there were, if they were no UTF-8 and were read from JSON: JSON has replacement characters in
    /// their place, and then [`bytes`](Captured::bytes) has them too.
    pub bytes_before: Option<usize>,
}

impl Captured {
    /// How many bytes were kept.
    pub fn len(&self) -> usize {
        self.bytes_before.unwrap_or(self.bytes.len())
    }

    /// Whether it wrote nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
