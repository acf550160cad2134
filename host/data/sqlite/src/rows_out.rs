//! Writes the rows of a query into an Arrow stream.

use fractalaw_arrow::{Array, Bits, Column as Written, Validity, WriteError, write};
use fractalaw_data_call::{CallError, Code};
use rusqlite::types::ValueRef;

use crate::kind::ColumnKind;
use crate::limits::BATCH_ROWS;
use crate::messages;
use crate::time;

/// What a value of any fixed size but a vector counts, also one that takes less.
const NUMBER_BYTES: u64 = 8;

/// The place where a text or blob ends.
const END_BYTES: u64 = 4;

/// The values of one column so far.
enum Values {
    /// Only nulls.
    Nothing,
    Integer(Vec<i64>),
    Real(Vec<f64>),
    Bytes {
        ends: Vec<i32>,
        bytes: Vec<u8>,
    },
    Boolean(Bits),
    Date(Vec<i32>),
    Timestamp(Vec<i64>),
    Vector {
        length: i32,
        numbers: Vec<f32>,
    },
}

struct Column {
    name: String,
    kind: ColumnKind,
    /// The column has no declared type, so its values decide.
    undeclared: bool,
    values: Values,
    valid: Validity,
}

/// A query's rows so far.
pub(crate) struct RowsOut {
    columns: Vec<Column>,
    rows: usize,
    bytes: u64,
    most_bytes: u64,
}

impl RowsOut {
    pub(crate) fn new(
        columns: impl Iterator<Item = (String, ColumnKind)>,
        most_bytes: u64,
    ) -> RowsOut {
        let columns = columns.map(|(name, kind)| Column {
            name,
            kind,
            undeclared: kind == ColumnKind::Any,
            values: Values::of(kind),
            valid: Validity::default(),
        });
        RowsOut {
            columns: columns.collect(),
            rows: 0,
            bytes: 0,
            most_bytes,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The bytes that all values take here, also those of a row that was not added whole.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the last value was one too many.
    pub(crate) fn is_over(&self) -> bool {
        self.bytes > self.most_bytes
    }

    /// Adds a row. One row can have many values that are large each, or are null and take as much, so the bytes are looked at after
    /// each value.
    #[inline]
    pub(crate) fn push<'a>(
        &mut self,
        value: impl Fn(usize) -> ValueRef<'a>,
    ) -> Result<(), CallError> {
        for (at, column) in self.columns.iter_mut().enumerate() {
            self.bytes += column
                .push(value(at))
                .map_err(|found| column.mismatch(self.rows, found))?;
            if self.bytes > self.most_bytes {
                return Err(messages::result_too_large());
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// All rows as a stream: the schema, then the batches.
    pub(crate) fn finish(self) -> Result<Vec<u8>, CallError> {
        let columns: Vec<Written<'_>> = self.columns.iter().map(Column::written).collect();
        write(&columns, self.rows, BATCH_ROWS).map_err(|error| match error {
            WriteError::NotUtf8 { column } => CallError::new(
                Code::Type,
                format!("column `{}`: text that is not UTF-8", shown(&column)),
            )
            .hint("read it as a blob with `CAST(… AS BLOB)`"),
            error => CallError::new(
                Code::Engine,
                format!("the result is no Arrow stream: {error}"),
            ),
        })
    }
}

/// The type of a value that does not fit.
type Found = &'static str;

impl Values {
    fn of(kind: ColumnKind) -> Values {
        match kind {
            ColumnKind::Integer => Values::Integer(Vec::new()),
            ColumnKind::Real => Values::Real(Vec::new()),
            ColumnKind::Text | ColumnKind::NumericText | ColumnKind::Blob | ColumnKind::Decimal => {
                Values::bytes()
            }
            ColumnKind::Boolean => Values::Boolean(Bits::default()),
            ColumnKind::Date => Values::Date(Vec::new()),
            ColumnKind::Timestamp { .. } => Values::Timestamp(Vec::new()),
            ColumnKind::Vector(length) => Values::Vector {
                length,
                numbers: Vec::new(),
            },
            ColumnKind::Any => Values::Nothing,
        }
    }

    fn bytes() -> Values {
        Values::Bytes {
            ends: vec![0],
            bytes: Vec::new(),
        }
    }
}

impl Column {
    #[inline]
    fn push(&mut self, value: ValueRef<'_>) -> Result<u64, Found> {
        match (&mut self.values, value) {
            (_, ValueRef::Null) => {
                return Ok(self.push_null());
            }
            (Values::Integer(values), ValueRef::Integer(number)) => values.push(number),
            (Values::Real(values), ValueRef::Real(number)) => values.push(number),
            (Values::Bytes { ends, bytes }, ValueRef::Text(text))
                if self.kind != ColumnKind::Blob =>
            {
                return push_bytes(&mut self.valid, ends, bytes, text);
            }
            (Values::Bytes { ends, bytes }, ValueRef::Blob(blob))
                if self.kind == ColumnKind::Blob =>
            {
                return push_bytes(&mut self.valid, ends, bytes, blob);
            }
            (_, value) => return self.push_converted(value),
        }
        self.valid.push(true);
        Ok(NUMBER_BYTES)
    }

    /// Adds a null, and returns the bytes that it takes: in Arrow, as many as a value.
    fn push_null(&mut self) -> u64 {
        self.valid.push(false);
        match &mut self.values {
            // It takes them when the first value decides the type.
            Values::Nothing => {}
            Values::Integer(values) | Values::Timestamp(values) => values.push(0),
            Values::Real(values) => values.push(0.0),
            Values::Bytes { ends, .. } => {
                ends.push(ends.last().copied().unwrap_or_default());
                return END_BYTES;
            }
            Values::Boolean(values) => values.push(false),
            Values::Date(values) => values.push(0),
            Values::Vector { length, numbers } => {
                numbers.extend(std::iter::repeat_n(0.0, *length as usize));
                return 4 * u64::from(length.unsigned_abs());
            }
        }
        NUMBER_BYTES
    }

    /// Adds a value whose SQLite type is not the column's own.
    fn push_converted(&mut self, value: ValueRef<'_>) -> Result<u64, Found> {
        let found = type_of(value);
        match (self.kind, &mut self.values, value) {
            (ColumnKind::Any, Values::Nothing, _) => return self.decide(value),
            // An integer in a column of reals, if nothing is lost.
            (ColumnKind::Real, Values::Real(values), ValueRef::Integer(number)) => {
                values.push(exact(number).ok_or(found)?);
            }
            (ColumnKind::Integer, Values::Integer(values), ValueRef::Real(number))
                if self.undeclared =>
            {
                let reals: Option<Vec<f64>> = values.iter().map(|number| exact(*number)).collect();
                let mut reals = reals.ok_or(found)?;
                reals.push(number);
                self.kind = ColumnKind::Real;
                self.values = Values::Real(reals);
            }
            (ColumnKind::Boolean, Values::Boolean(values), ValueRef::Integer(number @ (0 | 1))) => {
                values.push(number == 1);
            }
            (ColumnKind::Date, Values::Date(values), ValueRef::Text(text)) => {
                values.push(time::date(text).ok_or(found)?);
            }
            (ColumnKind::Timestamp { .. }, Values::Timestamp(values), ValueRef::Text(text)) => {
                values.push(time::timestamp(text).ok_or(found)?);
            }
            (
                ColumnKind::Decimal | ColumnKind::NumericText,
                Values::Bytes { ends, bytes },
                ValueRef::Integer(number),
            ) => {
                let text = number.to_string();
                return push_bytes(&mut self.valid, ends, bytes, text.as_bytes());
            }
            (
                ColumnKind::Decimal | ColumnKind::NumericText,
                Values::Bytes { ends, bytes },
                ValueRef::Real(number),
            ) => {
                let text = number.to_string();
                return push_bytes(&mut self.valid, ends, bytes, text.as_bytes());
            }
            (_, Values::Vector { length, numbers }, ValueRef::Blob(blob))
                if blob.len() == 4 * *length as usize =>
            {
                let (more, _) = blob.as_chunks::<4>();
                numbers.extend(more.iter().map(|bytes| f32::from_le_bytes(*bytes)));
                self.valid.push(true);
                return Ok(blob.len() as u64);
            }
            _ => return Err(found),
        }
        self.valid.push(true);
        Ok(NUMBER_BYTES)
    }

    /// In a column without a declared type, the first value decides the type. The nulls before it were counted as numbers.
    fn decide(&mut self, value: ValueRef<'_>) -> Result<u64, Found> {
        let nulls = self.valid.rows();
        self.kind = match value {
            ValueRef::Integer(_) => ColumnKind::Integer,
            ValueRef::Real(_) => ColumnKind::Real,
            ValueRef::Text(_) => ColumnKind::Text,
            ValueRef::Blob(_) | ValueRef::Null => ColumnKind::Blob,
        };
        self.values = Values::of(self.kind);
        self.valid = Validity::default();
        for _ in 0..nulls {
            self.push_null();
        }
        self.push(value)
    }

    fn mismatch(&self, row: usize, found: Found) -> CallError {
        CallError::new(
            Code::Type,
            format!(
                "row {}, column `{}`: a value of type {found}, expected {}",
                row + 1,
                shown(&self.name),
                self.kind.expected()
            ),
        )
        .hint("give the column one type with `CAST(… AS …)`")
    }

    fn written(&self) -> Written<'_> {
        let values = match (&self.values, self.kind) {
            (Values::Nothing, _) => Array::Null,
            (Values::Integer(values), _) => Array::Int64(values),
            (Values::Real(values), _) => Array::Float64(values),
            (Values::Bytes { ends, bytes }, ColumnKind::Blob) => Array::Binary { ends, bytes },
            (Values::Bytes { ends, bytes }, _) => Array::Utf8 { ends, bytes },
            (Values::Boolean(values), _) => Array::Boolean(values),
            (Values::Date(values), _) => Array::Date32(values),
            (Values::Timestamp(micros), kind) => Array::Timestamp {
                micros,
                utc: kind == ColumnKind::Timestamp { utc: true },
            },
            (Values::Vector { length, numbers }, _) => Array::FixedSizeList {
                length: *length,
                numbers,
            },
        };
        Written {
            name: &self.name,
            values,
            valid: &self.valid,
        }
    }
}

#[inline]
fn push_bytes(
    valid: &mut Validity,
    ends: &mut Vec<i32>,
    bytes: &mut Vec<u8>,
    more: &[u8],
) -> Result<u64, Found> {
    bytes.extend_from_slice(more);
    // A result has far fewer bytes than that, because of `RESULT_BYTES`.
    ends.push(i32::try_from(bytes.len()).map_err(|_| "too many bytes")?);
    valid.push(true);
    Ok(more.len() as u64 + END_BYTES)
}

fn exact(number: i64) -> Option<f64> {
    (number.unsigned_abs() <= 1 << 53).then_some(number as f64)
}

pub(crate) fn type_of(value: ValueRef<'_>) -> Found {
    match value {
        ValueRef::Null => "null",
        ValueRef::Integer(_) => "integer",
        ValueRef::Real(_) => "real",
        ValueRef::Text(_) => "text",
        ValueRef::Blob(_) => "blob",
    }
}

/// A name for a message. A guest can make a name as long as a statement.
pub(crate) fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(100).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    shown
}
