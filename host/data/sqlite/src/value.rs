//! One SQLite value, owned, and in SQLite's order.

use std::cmp::Ordering;

use rusqlite::types::ValueRef;

/// A value of a row.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value.
    Null,
    /// An integer.
    Integer(i64),
    /// A real number.
    Real(f64),
    /// Text. SQLite does not check that it is UTF-8.
    Text(Box<[u8]>),
    /// Bytes.
    Blob(Box<[u8]>),
}

impl Value {
    pub(crate) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text),
            Value::Blob(blob) => ValueRef::Blob(blob),
        }
    }

    /// Roughly the bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let own = size_of::<Value>();
        match self {
            Value::Text(bytes) | Value::Blob(bytes) => own + bytes.len(),
            _ => own,
        }
    }

    fn class(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Integer(_) | Value::Real(_) => 1,
            Value::Text(_) => 2,
            Value::Blob(_) => 3,
        }
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Value {
        match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Real(number) => Value::Real(number),
            ValueRef::Text(text) => Value::Text(text.into()),
            ValueRef::Blob(blob) => Value::Blob(blob.into()),
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Integer(one), Value::Integer(two)) => one.cmp(two),
            (Value::Real(one), Value::Real(two)) => one.total_cmp(two),
            // If they are equal as reals, the integer comes first, because the order must be total.
            (Value::Integer(one), Value::Real(two)) => {
                (*one as f64).total_cmp(two).then(Ordering::Less)
            }
            (Value::Real(one), Value::Integer(two)) => {
                one.total_cmp(&(*two as f64)).then(Ordering::Greater)
            }
            (Value::Text(one), Value::Text(two)) | (Value::Blob(one), Value::Blob(two)) => {
                one.cmp(two)
            }
            _ => self.class().cmp(&other.class()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}
