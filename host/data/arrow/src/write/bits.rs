//! Bits, one for each row.

/// Bits that grow one by one.
#[derive(Clone, Debug, Default)]
pub struct Bits {
    bytes: Vec<u8>,
    bits: usize,
}

/// Which rows of a column have a value. It takes no memory before the first null.
#[derive(Clone, Debug, Default)]
pub struct Validity {
    bits: Bits,
    rows: usize,
    has_nulls: bool,
}

impl Bits {
    /// Adds a bit.
    #[inline]
    pub fn push(&mut self, bit: bool) {
        if self.bits.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (self.bits % 8);
        }
        self.bits += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.bits
    }

    /// The bytes of some bits, of which the first begins a byte.
    pub(super) fn between(&self, start: usize, end: usize) -> &[u8] {
        &self.bytes[start / 8..end.div_ceil(8)]
    }
}

impl Validity {
    /// Adds a row that has a value, or is null.
    #[inline]
    pub fn push(&mut self, has_value: bool) {
        if !has_value && !self.has_nulls {
            self.has_nulls = true;
            self.begin();
        }
        if self.has_nulls {
            self.bits.push(has_value);
        }
        self.rows += 1;
    }

    /// The rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Sets the bits of the rows before the first null.
    #[cold]
    fn begin(&mut self) {
        let mut bytes = vec![0xff; self.rows.div_ceil(8)];
        if let (Some(last), 1..) = (bytes.last_mut(), self.rows % 8) {
            *last = (1 << (self.rows % 8)) - 1;
        }
        self.bits = Bits {
            bytes,
            bits: self.rows,
        };
    }

    /// How many rows are null, and their bits if any is. The first row begins a byte.
    pub(super) fn between(&self, start: usize, end: usize) -> (usize, &[u8]) {
        if !self.has_nulls {
            return (0, &[]);
        }
        let bits = self.bits.between(start, end);
        let set: usize = bits.iter().map(|byte| byte.count_ones() as usize).sum();
        match end - start - set {
            0 => (0, &[]),
            nulls => (nulls, bits),
        }
    }
}
