//! One value for `serde`.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::problem::{Problem, Result};
use crate::arrow::{Column, Value, time};

/// A row of a column.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a, 'c> {
    pub(super) column: &'c Column<'a>,
    pub(super) row: usize,
}

impl<'a, 'c> Cell<'a, 'c> {
    fn value(self) -> Result<Value<'a, 'c>> {
        Ok(self.column.value(self.row)?)
    }

    /// Dates, times and decimals are numbers where a number is asked for.
    fn number<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.value()? {
            Value::Integer(number) => visitor.visit_i64(number),
            Value::Date(days) => visitor.visit_i32(days),
            Value::Timestamp { units, .. } => visitor.visit_i64(units),
            Value::Decimal(decimal) if decimal.scale() == 0 => {
                match i64::try_from(decimal.digits()) {
                    Ok(number) => visitor.visit_i64(number),
                    Err(_) => visitor.visit_i128(decimal.digits()),
                }
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn real<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.value()? {
            Value::Decimal(decimal) => {
                let scale = 10_f64.powi(decimal.scale().cast_signed());
                visitor.visit_f64(decimal.digits() as f64 / scale)
            }
            _ => self.number(visitor),
        }
    }
}

/// What is asked for most often, each from a column of just that.
macro_rules! common {
    ($common:ident $visit:ident $other:ident: $($name:ident)*) => {
        $(#[inline] fn $name<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
            match self.column.$common(self.row) {
                Some(value) => visitor.$visit(value),
                None => self.$other(visitor),
            }
        })*
    };
}

impl<'a> Deserializer<'a> for Cell<'a, '_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.value()? {
            Value::Null => visitor.visit_unit(),
            Value::Boolean(is) => visitor.visit_bool(is),
            Value::Integer(number) => visitor.visit_i64(number),
            Value::Unsigned(number) => visitor.visit_u64(number),
            Value::Real(number) => visitor.visit_f64(number),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Value::Decimal(decimal) => {
                visitor.visit_string(time::decimal(decimal.digits(), decimal.scale()))
            }
            Value::Date(days) => match time::date(days.into()) {
                Some(text) => visitor.visit_string(text),
                None => Err(Problem::new("a date outside the years 0 to 9999")),
            },
            Value::Timestamp { units, per_second } => match time::timestamp(units, per_second) {
                Some(text) => visitor.visit_string(text),
                None => Err(Problem::new("a time outside the years 0 to 9999")),
            },
            Value::List { items, start, end } => visitor.visit_seq(Items { items, start, end }),
            Value::Record { parts, row } => visitor.visit_map(Parts {
                parts,
                row,
                part: 0,
            }),
        }
    }

    common! {
        integer visit_i64 number: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    common! { real visit_f64 real: deserialize_f32 deserialize_f64 }

    common! { text visit_borrowed_str deserialize_any: deserialize_str deserialize_string }

    /// An expression of SQLite has no booleans: 0 and 1 stand for them.
    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.value()? {
            Value::Integer(number @ (0 | 1)) => visitor.visit_bool(number == 1),
            _ => self.deserialize_any(visitor),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        if self.column.is_null(self.row) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        match self.value()? {
            Value::Bytes(bytes) => visitor.visit_seq(Bytes(bytes.iter())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    /// A variant is called by its name.
    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.value()? {
            Value::Text(text) => visitor.visit_enum(Name(text)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        char bytes byte_buf unit unit_struct map struct identifier
    }
}

/// The items of a list.
struct Items<'a, 'c> {
    items: &'c Column<'a>,
    start: usize,
    end: usize,
}

impl<'a> SeqAccess<'a> for Items<'a, '_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.start == self.end {
            return Ok(None);
        }
        let row = self.start;
        self.start += 1;
        let column = self.items;
        seed.deserialize(Cell { column, row }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.end - self.start)
    }
}

struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl<'a> SeqAccess<'a> for Bytes<'a> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(byte) = self.0.next() else {
            return Ok(None);
        };
        seed.deserialize(byte.into_deserializer()).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The parts of a record.
struct Parts<'a, 'c> {
    parts: &'c [(String, Column<'a>)],
    row: usize,
    part: usize,
}

impl<'a> MapAccess<'a> for Parts<'a, '_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        match self.parts.get(self.part) {
            None => Ok(None),
            Some((name, _)) => seed.deserialize(Name(name)).map(Some),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value> {
        let Some((name, column)) = self.parts.get(self.part) else {
            return Err(Problem::new("there is no such part"));
        };
        self.part += 1;
        let row = self.row;
        seed.deserialize(Cell { column, row })
            .map_err(|problem| problem.of_column(name))
    }
}

/// The name of a column or of a variant.
pub(super) struct Name<'c>(pub(super) &'c str);

impl<'a> Deserializer<'a> for Name<'_> {
    type Error = Problem;

    #[inline]
    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_str(self.0)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'a> EnumAccess<'a> for Name<'_> {
    type Error = Problem;
    type Variant = Unit;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Unit)> {
        Ok((seed.deserialize(self)?, Unit))
    }
}

/// A variant with nothing in it.
pub(super) struct Unit;

impl<'a> VariantAccess<'a> for Unit {
    type Error = Problem;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, _: T) -> Result<T::Value> {
        Err(with_contents("a variant with a value"))
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value> {
        Err(Problem::invalid_type(Unexpected::UnitVariant, &visitor))
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        Err(Problem::invalid_type(Unexpected::UnitVariant, &visitor))
    }
}

fn with_contents(what: &str) -> Problem {
    let mut message = String::from("text, expected ");
    message.push_str(what);
    Problem::new(message)
}
