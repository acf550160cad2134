//! Writes changes as bytes and reads them. Numbers are little-endian, and whatever has a length has it in front.

use crate::changes::{Changes, LeftOut, RowChange, TableChanges};
use crate::touched::{Key, Row};
use crate::value::Value;

pub(crate) fn write(run: &str, changes: &Changes) -> Vec<u8> {
    let mut bytes = Vec::new();
    text(&mut bytes, run.as_bytes());
    number(&mut bytes, changes.tables.len() as u64);
    for table in &changes.tables {
        text(&mut bytes, table.table.as_bytes());
        number(&mut bytes, table.columns.len() as u64);
        for column in &table.columns {
            text(&mut bytes, column.as_bytes());
        }
        number(&mut bytes, table.rows.len() as u64);
        for row in &table.rows {
            write_key(&mut bytes, &row.key);
            write_row(&mut bytes, row.before.as_ref());
            write_row(&mut bytes, row.after.as_ref());
        }
    }
    number(&mut bytes, changes.sequences.len() as u64);
    for (table, seq) in &changes.sequences {
        text(&mut bytes, table.as_bytes());
        number(&mut bytes, seq.cast_unsigned());
    }
    bytes
}

fn number(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn text(bytes: &mut Vec<u8>, text: &[u8]) {
    number(bytes, text.len() as u64);
    bytes.extend_from_slice(text);
}

fn write_key(bytes: &mut Vec<u8>, key: &Key) {
    match key {
        Key::Rowid(rowid) => {
            bytes.push(0);
            number(bytes, rowid.cast_unsigned());
        }
        Key::Columns(values) => {
            bytes.push(1);
            write_row(bytes, Some(values));
        }
    }
}

fn write_row(bytes: &mut Vec<u8>, row: Option<&Row>) {
    let Some(row) = row else {
        bytes.push(0);
        return;
    };
    bytes.push(1);
    number(bytes, row.len() as u64);
    for value in row {
        match value {
            Value::Null => bytes.push(0),
            Value::Integer(value) => {
                bytes.push(1);
                number(bytes, value.cast_unsigned());
            }
            Value::Real(value) => {
                bytes.push(2);
                number(bytes, value.to_bits());
            }
            Value::Text(value) => {
                bytes.push(3);
                text(bytes, value);
            }
            Value::Blob(value) => {
                bytes.push(4);
                text(bytes, value);
            }
        }
    }
}

/// The run and its changes, or `None` if the bytes were not written by [`write`].
pub(crate) fn read(bytes: &[u8]) -> Option<(String, Changes)> {
    let mut rest = Rest(bytes);
    let run = rest.name()?;
    let tables = rest.list(|rest| {
        Some(TableChanges {
            table: rest.name()?,
            columns: rest.list(Rest::name)?,
            rows: rest.list(|rest| {
                Some(RowChange {
                    key: rest.key()?,
                    before: rest.row()?,
                    after: rest.row()?,
                })
            })?,
            left_out: LeftOut::default(),
        })
    })?;
    let sequences = rest.list(|rest| Some((rest.name()?, rest.number()?.cast_signed())))?;
    rest.0
        .is_empty()
        .then_some((run, Changes { tables, sequences }))
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    fn name(&mut self) -> Option<String> {
        String::from_utf8(self.text()?.to_vec()).ok()
    }

    /// The length in the bytes is not trusted: memory is taken only as items are read.
    fn list<T>(&mut self, item: impl Fn(&mut Rest<'a>) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(item(self)?);
        }
        Some(items)
    }

    fn key(&mut self) -> Option<Key> {
        match self.byte()? {
            0 => Some(Key::Rowid(self.number()?.cast_signed())),
            1 => Some(Key::Columns(self.row()??)),
            _ => None,
        }
    }

    fn row(&mut self) -> Option<Option<Row>> {
        match self.byte()? {
            0 => Some(None),
            1 => Some(Some(self.list(Rest::value)?.into())),
            _ => None,
        }
    }

    fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            0 => Value::Null,
            1 => Value::Integer(self.number()?.cast_signed()),
            2 => Value::Real(f64::from_bits(self.number()?)),
            3 => Value::Text(self.text()?.into()),
            4 => Value::Blob(self.text()?.into()),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use crate::changes::{Changes, LeftOut, RowChange, TableChanges};
    use crate::touched::Key;
    use crate::value::Value;

    #[test]
    fn changes_come_back_as_they_were_and_no_part_of_them_does() {
        let row = |values: &[Value]| Some(values.into());
        let changes = Changes {
            tables: vec![TableChanges {
                table: "t".to_owned(),
                columns: vec!["a".to_owned(), String::new()],
                rows: vec![
                    RowChange {
                        key: Key::Rowid(-1),
                        before: None,
                        after: row(&[Value::Null, Value::Integer(i64::MIN)]),
                    },
                    RowChange {
                        key: Key::Columns([Value::Text(b"k".as_slice().into())].into()),
                        before: row(&[Value::Real(-0.0), Value::Blob(b"\0\xff".as_slice().into())]),
                        after: None,
                    },
                ],
                left_out: LeftOut::default(),
            }],
            sequences: vec![("t".to_owned(), 7)],
        };
        let bytes = write("run 1", &changes);
        assert_eq!(read(&bytes), Some(("run 1".to_owned(), changes)));
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "{length}");
        }
    }
}
