//! Rows become columns: `serde` gives the fields of each, and each field is a column.

use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

use super::problem::{Problem, Result};
use super::refuse::{refuse, refuse_generic};
use super::value::Value;
use crate::arrow::{Added, Builder, write};
use crate::error::Error;

/// The rows as an Arrow IPC stream. A row is a struct, and each of its fields a column: a number, text, a boolean, bytes
/// (`Vec<u8>`), a vector (`Vec<f32>`), a variant of an enum by its name, or an `Option` of one of them.
pub fn to_stream<T: Serialize>(rows: &[T]) -> std::result::Result<Vec<u8>, Error> {
    let mut columns = Columns::default();
    for row in rows {
        row.serialize(&mut columns)
            .map_err(|problem| problem.in_row(columns.rows + 1))?;
    }
    Ok(write(&columns.columns))
}

#[derive(Default)]
struct Columns {
    columns: Vec<Builder>,
    rows: usize,
    /// The column that the next field probably goes into.
    next: usize,
}

impl Columns {
    fn column(&mut self, name: &'static str) -> &mut Builder {
        let is_next = |column: &Builder| is_same(column.name, name);
        let at = if self.columns.get(self.next).is_some_and(is_next) {
            self.next
        } else {
            match self.columns.iter().position(is_next) {
                Some(at) => at,
                None => {
                    self.columns.push(Builder::new(name, self.rows));
                    self.columns.len() - 1
                }
            }
        };
        self.next = at + 1;
        &mut self.columns[at]
    }

    /// What a row left out is null.
    fn end_row(&mut self) -> Result<()> {
        self.rows += 1;
        self.next = 0;
        for column in &mut self.columns {
            if column.rows < self.rows {
                Value { column }.push(Added::Null)?;
            }
        }
        Ok(())
    }
}

/// Mostly it is the same constant, which is seen without reading it.
#[inline]
fn is_same(one: &'static str, two: &'static str) -> bool {
    std::ptr::eq(one, two) || one == two
}

impl ser::SerializeStruct for &mut Columns {
    type Ok = ();
    type Error = Problem;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        let column = self.column(name);
        value
            .serialize(Value { column })
            .map_err(|problem| problem.of_column(name))
    }

    fn end(self) -> Result<()> {
        self.end_row()
    }
}

fn no_row() -> Problem {
    Problem::new("a row is a struct with a field for each column")
}

impl<'c> Serializer for &'c mut Columns {
    type Ok = ();
    type Error = Problem;
    type SerializeSeq = Impossible<(), Problem>;
    type SerializeTuple = Impossible<(), Problem>;
    type SerializeTupleStruct = Impossible<(), Problem>;
    type SerializeTupleVariant = Impossible<(), Problem>;
    type SerializeMap = Impossible<(), Problem>;
    type SerializeStruct = &'c mut Columns;
    type SerializeStructVariant = Impossible<(), Problem>;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<&'c mut Columns> {
        Ok(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    refuse! {
        no_row();
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
    }

    refuse_generic!(no_row());
}
