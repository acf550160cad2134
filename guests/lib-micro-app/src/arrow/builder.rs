//! Columns that grow value by value.

/// A column so far.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) name: &'static str,
    pub(crate) values: Values,
    /// A bit for each row, set if it is not null; nothing before the first null.
    pub(super) valid: Vec<u8>,
    pub(crate) rows: usize,
    pub(super) nulls: usize,
}

#[derive(Debug)]
pub(crate) enum Values {
    /// Nulls only.
    Nothing,
    Boolean(Vec<u8>),
    Integer(Vec<i64>),
    Real(Vec<f64>),
    Text {
        ends: Vec<u32>,
        text: Vec<u8>,
    },
    Bytes {
        ends: Vec<u32>,
        bytes: Vec<u8>,
    },
    /// So many 32-bit numbers for each row.
    Vector {
        length: usize,
        numbers: Vec<u8>,
    },
}

/// A value that is added to a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Added<'v> {
    Null,
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(&'v str),
    Bytes(&'v [u8]),
    /// 32-bit numbers, four bytes each.
    Vector(&'v [u8]),
}

/// The column holds another type.
#[derive(Debug)]
pub(crate) struct OtherType {
    pub(crate) found: &'static str,
    pub(crate) before: &'static str,
}

impl Builder {
    /// A column in which `nulls` rows came before.
    pub(crate) fn new(name: &'static str, nulls: usize) -> Builder {
        Builder {
            name,
            values: Values::Nothing,
            valid: vec![0; nulls.div_ceil(8)],
            rows: nulls,
            nulls,
        }
    }

    pub(crate) fn push(&mut self, value: Added<'_>) -> Result<(), OtherType> {
        if let (Values::Nothing, false) = (&self.values, matches!(value, Added::Null)) {
            self.values = Values::of(value, self.rows);
        }
        let valid = self.values.push(value, self.rows)?;
        if !valid {
            if self.nulls == 0 {
                self.valid = all_set(self.rows);
            }
            self.nulls += 1;
        }
        if self.nulls > 0 {
            set_bit(&mut self.valid, self.rows, valid);
        }
        self.rows += 1;
        Ok(())
    }
}

fn all_set(rows: usize) -> Vec<u8> {
    let mut bits = vec![0xff; rows.div_ceil(8)];
    if let (Some(last), 1..) = (bits.last_mut(), rows % 8) {
        *last = (1 << (rows % 8)) - 1;
    }
    bits
}

fn set_bit(bits: &mut Vec<u8>, at: usize, is_set: bool) {
    if at.is_multiple_of(8) {
        bits.push(0);
    }
    if let (true, Some(last)) = (is_set, bits.last_mut()) {
        *last |= 1 << (at % 8);
    }
}

impl Values {
    /// Empty values for so many rows that were null, in a column of what `value` is.
    fn of(value: Added<'_>, rows: usize) -> Values {
        match value {
            Added::Null => Values::Nothing,
            Added::Boolean(_) => Values::Boolean(vec![0; rows.div_ceil(8)]),
            Added::Integer(_) => Values::Integer(vec![0; rows]),
            Added::Real(_) => Values::Real(vec![0.0; rows]),
            Added::Text(_) => Values::Text {
                ends: vec![0; rows + 1],
                text: Vec::new(),
            },
            Added::Bytes(_) => Values::Bytes {
                ends: vec![0; rows + 1],
                bytes: Vec::new(),
            },
            Added::Vector(numbers) => Values::Vector {
                length: numbers.len() / 4,
                numbers: vec![0; numbers.len() * rows],
            },
        }
    }

    /// Adds a value, and says whether it is one.
    fn push(&mut self, value: Added<'_>, rows: usize) -> Result<bool, OtherType> {
        // Memory has 32 bits, and so does where text ends.
        match (&mut *self, value) {
            (Values::Nothing, Added::Null) => return Ok(false),
            (Values::Boolean(bits), Added::Null) => set_bit(bits, rows, false),
            (Values::Boolean(bits), Added::Boolean(is)) => set_bit(bits, rows, is),
            (Values::Integer(numbers), Added::Null) => numbers.push(0),
            (Values::Integer(numbers), Added::Integer(number)) => numbers.push(number),
            (Values::Real(numbers), Added::Null) => numbers.push(0.0),
            (Values::Real(numbers), Added::Real(number)) => numbers.push(number),
            (Values::Text { ends, text }, Added::Null) => ends.push(text.len() as u32),
            (Values::Text { ends, text }, Added::Text(added)) => {
                text.extend_from_slice(added.as_bytes());
                ends.push(text.len() as u32);
            }
            (Values::Bytes { ends, bytes }, Added::Null) => ends.push(bytes.len() as u32),
            (Values::Bytes { ends, bytes }, Added::Bytes(added)) => {
                bytes.extend_from_slice(added);
                ends.push(bytes.len() as u32);
            }
            (Values::Vector { length, numbers }, Added::Null) => {
                numbers.resize(numbers.len() + 4 * *length, 0);
            }
            (Values::Vector { length, numbers }, Added::Vector(added))
                if added.len() == 4 * *length =>
            {
                numbers.extend_from_slice(added);
            }
            (values, added) => {
                return Err(OtherType {
                    found: added.name(),
                    before: values.name(),
                });
            }
        }
        Ok(!matches!(value, Added::Null))
    }

    fn name(&self) -> &'static str {
        match self {
            Values::Nothing => "null",
            Values::Boolean(_) => "a boolean",
            Values::Integer(_) => "an integer",
            Values::Real(_) => "a real number",
            Values::Text { .. } => "text",
            Values::Bytes { .. } => "bytes",
            Values::Vector { .. } => "a vector of another length",
        }
    }

    /// The number that Arrow's `Schema.fbs` gives the type.
    pub(super) fn number(&self) -> u8 {
        match self {
            Values::Nothing => 1,
            Values::Integer(_) => 2,
            Values::Real(_) => 3,
            Values::Bytes { .. } => 4,
            Values::Text { .. } => 5,
            Values::Boolean(_) => 6,
            Values::Vector { .. } => 16,
        }
    }
}

impl Added<'_> {
    fn name(self) -> &'static str {
        match self {
            Added::Null => "null",
            Added::Boolean(_) => "a boolean",
            Added::Integer(_) => "an integer",
            Added::Real(_) => "a real number",
            Added::Text(_) => "text",
            Added::Bytes(_) => "bytes",
            Added::Vector(_) => "a vector",
        }
    }
}
