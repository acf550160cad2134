//! A row for `serde`: a struct or a map by the columns' names, a tuple by their order, anything else from its only column.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::cell::{Cell, Name};
use super::problem::{Problem, Result};
use crate::arrow::{Column, Field};

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row<'a, 'c> {
    pub(super) fields: &'c [Field],
    pub(super) columns: &'c [Column<'a>],
    pub(super) row: usize,
}

impl<'a, 'c> Row<'a, 'c> {
    /// The value of the only column.
    fn only(self) -> Result<(Cell<'a, 'c>, &'c str)> {
        match (self.fields, self.columns) {
            ([field], [column]) => {
                let row = self.row;
                Ok((Cell { column, row }, &field.name))
            }
            (fields, _) => {
                let mut message = fields.len().to_string();
                message.push_str(" columns, expected one");
                Err(Problem::new(message))
            }
        }
    }
}

/// Passes what needs one value on to the only column.
macro_rules! only_column {
    ($($name:ident)*) => {
        $(fn $name<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
            let (cell, name) = self.only()?;
            cell.$name(visitor).map_err(|problem| problem.of_column(name))
        })*
    };
}

impl<'a> Deserializer<'a> for Row<'a, '_> {
    type Error = Problem;

    only_column! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_option deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_map(ByName {
            of: self,
            column: 0,
        })
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, length: usize, visitor: V) -> Result<V::Value> {
        if length != self.columns.len() {
            // `[f32; 3]` is one value.
            if self.columns.len() == 1 {
                let (cell, name) = self.only()?;
                return cell
                    .deserialize_tuple(length, visitor)
                    .map_err(|problem| problem.of_column(name));
            }
            let mut message = self.columns.len().to_string();
            message.push_str(" columns, expected ");
            message.push_str(&length.to_string());
            return Err(Problem::new(message));
        }
        visitor.visit_seq(ByOrder {
            of: self,
            column: 0,
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        // `Vec<f32>` and `Vec<u8>` are one value.
        let (cell, name) = self.only()?;
        cell.deserialize_seq(visitor)
            .map_err(|problem| problem.of_column(name))
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let (cell, column) = self.only()?;
        cell.deserialize_enum(name, variants, visitor)
            .map_err(|problem| problem.of_column(column))
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

struct ByName<'a, 'c> {
    of: Row<'a, 'c>,
    column: usize,
}

impl<'a> MapAccess<'a> for ByName<'a, '_> {
    type Error = Problem;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        match self.of.fields.get(self.column) {
            None => Ok(None),
            Some(field) => seed.deserialize(Name(&field.name)).map(Some),
        }
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value> {
        let at = self.column;
        self.column += 1;
        cell(self.of, at, seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.of.fields.len() - self.column)
    }
}

struct ByOrder<'a, 'c> {
    of: Row<'a, 'c>,
    column: usize,
}

impl<'a> SeqAccess<'a> for ByOrder<'a, '_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.column == self.of.columns.len() {
            return Ok(None);
        }
        let at = self.column;
        self.column += 1;
        cell(self.of, at, seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.of.columns.len() - self.column)
    }
}

#[inline]
fn cell<'a, T: DeserializeSeed<'a>>(of: Row<'a, '_>, at: usize, seed: T) -> Result<T::Value> {
    let (Some(column), Some(field)) = (of.columns.get(at), of.fields.get(at)) else {
        return Err(Problem::new("there is no such column"));
    };
    let row = of.row;
    seed.deserialize(Cell { column, row })
        .map_err(|problem| problem.of_column(&field.name))
}
