//! What a guest wrote to its standard output and standard error.

/// What a guest wrote to standard output or to standard error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes, at most [`OUTPUT_BYTES`](crate::limits::OUTPUT_BYTES). They need not be UTF-8.
    pub bytes: Vec<u8>,
    /// How many more bytes it wrote.
    pub dropped_bytes: u64,
    /// The number of kept bytes, if they were not UTF-8 and were read from JSON. JSON has replacement characters
    /// in their place, and then [`bytes`](Captured::bytes) has them too.
    pub bytes_before: Option<usize>,
}

impl Captured {
    /// The number of kept bytes.
    pub fn len(&self) -> usize {
        self.bytes_before.unwrap_or(self.bytes.len())
    }

    /// Whether the guest wrote nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
