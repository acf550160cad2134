//! One value on its way into its column.

use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

use super::problem::{Problem, Result};
use super::refuse::{refuse, refuse_generic};
use crate::arrow::{Added, Builder};

/// One value, on its way into its column.
pub(super) struct Value<'c> {
    pub(super) column: &'c mut Builder,
}

impl Value<'_> {
    #[inline]
    pub(super) fn push(self, value: Added<'_>) -> Result<()> {
        self.column.push(value).map_err(|other| {
            let mut message = String::from(other.found);
            message.push_str(", and before it ");
            message.push_str(other.before);
            Problem::new(message)
        })
    }

    fn integer<N: TryInto<i64>>(self, number: N) -> Result<()> {
        match number.try_into() {
            Ok(number) => self.push(Added::Integer(number)),
            Err(_) => Err(Problem::new(
                "an integer of more than 64 bits with its sign",
            )),
        }
    }
}

fn no_value() -> Problem {
    Problem::new("neither a number, text, bytes nor a vector")
}

impl<'c> Serializer for Value<'c> {
    type Ok = ();
    type Error = Problem;
    type SerializeSeq = Items<'c>;
    type SerializeTuple = Items<'c>;
    type SerializeTupleStruct = Items<'c>;
    type SerializeTupleVariant = Impossible<(), Problem>;
    type SerializeMap = Impossible<(), Problem>;
    type SerializeStruct = Impossible<(), Problem>;
    type SerializeStructVariant = Impossible<(), Problem>;

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.push(Added::Boolean(value))
    }

    fn serialize_i8(self, value: i8) -> Result<()> {
        self.integer(value)
    }

    fn serialize_i16(self, value: i16) -> Result<()> {
        self.integer(value)
    }

    fn serialize_i32(self, value: i32) -> Result<()> {
        self.integer(value)
    }

    fn serialize_i64(self, value: i64) -> Result<()> {
        self.integer(value)
    }

    fn serialize_u8(self, value: u8) -> Result<()> {
        self.integer(value)
    }

    fn serialize_u16(self, value: u16) -> Result<()> {
        self.integer(value)
    }

    fn serialize_u32(self, value: u32) -> Result<()> {
        self.integer(value)
    }

    fn serialize_u64(self, value: u64) -> Result<()> {
        self.integer(value)
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        self.push(Added::Real(value.into()))
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        self.push(Added::Real(value))
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.push(Added::Text(value.encode_utf8(&mut [0; 4])))
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        self.push(Added::Text(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.push(Added::Bytes(value))
    }

    fn serialize_none(self) -> Result<()> {
        self.push(Added::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<()> {
        self.push(Added::Text(name))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'c>> {
        Ok(Items {
            column: self.column,
            bytes: Vec::new(),
            of_floats: false,
        })
    }

    fn serialize_tuple(self, length: usize) -> Result<Items<'c>> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items<'c>> {
        self.serialize_seq(Some(length))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Problem>> {
        Err(no_value())
    }

    refuse_generic!(no_value());
}

/// The items of a list: bytes, or the 32-bit numbers of a vector.
pub(super) struct Items<'c> {
    column: &'c mut Builder,
    bytes: Vec<u8>,
    of_floats: bool,
}

impl Items<'_> {
    #[inline]
    fn add<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<()> {
        item.serialize(Item(self))
    }

    fn end(self) -> Result<()> {
        let value = if self.of_floats {
            Added::Vector(&self.bytes)
        } else {
            Added::Bytes(&self.bytes)
        };
        Value {
            column: self.column,
        }
        .push(value)
    }
}

impl ser::SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<()> {
        self.add(item)
    }

    fn end(self) -> Result<()> {
        self.end()
    }
}

impl ser::SerializeTuple for Items<'_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<()> {
        self.add(item)
    }

    fn end(self) -> Result<()> {
        self.end()
    }
}

impl ser::SerializeTupleStruct for Items<'_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<()> {
        self.add(item)
    }

    fn end(self) -> Result<()> {
        self.end()
    }
}

/// One of them.
struct Item<'i, 'c>(&'i mut Items<'c>);

fn no_item() -> Problem {
    Problem::new("a list of something else than `u8` or `f32`")
}

impl Serializer for Item<'_, '_> {
    type Ok = ();
    type Error = Problem;
    type SerializeSeq = Impossible<(), Problem>;
    type SerializeTuple = Impossible<(), Problem>;
    type SerializeTupleStruct = Impossible<(), Problem>;
    type SerializeTupleVariant = Impossible<(), Problem>;
    type SerializeMap = Impossible<(), Problem>;
    type SerializeStruct = Impossible<(), Problem>;
    type SerializeStructVariant = Impossible<(), Problem>;

    fn serialize_u8(self, value: u8) -> Result<()> {
        self.0.bytes.push(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        self.0.of_floats = true;
        self.0.bytes.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<()> {
        Err(no_item())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    refuse! {
        no_item();
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
    }

    refuse_generic!(no_item());
}
