//! Reads one JSON object of which no key is there twice. Otherwise, one of the values would be dropped without a word.

use std::fmt;

use rusqlite::types::Value;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use crate::kind::ColumnKind;

/// The members of the object in this text.
pub(crate) fn object(text: &str) -> Result<Map<String, Json>, serde_json::Error> {
    serde_json::from_str(text).map(|Members(members)| members)
}

/// A member as a value of a column. A list of numbers is a vector for a column `FLOAT[n]`. Any other list, and any object, is
/// JSON text.
pub(crate) fn value(member: Json, kind: ColumnKind) -> Value {
    match member {
        Json::Null => Value::Null,
        Json::Bool(is) => Value::Integer(is.into()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Integer(integer),
            (None, Some(real)) => Value::Real(real),
            (None, None) => Value::Text(number.to_string()),
        },
        Json::String(text) => Value::Text(text),
        Json::Array(items) if matches!(kind, ColumnKind::Vector(_)) => {
            vector(&items).map_or_else(|| Value::Text(Json::Array(items).to_string()), Value::Blob)
        }
        Json::Object(members) => {
            exact(&members).unwrap_or_else(|| Value::Text(Json::Object(members).to_string()))
        }
        other => Value::Text(other.to_string()),
    }
}

/// A value that JSON has no form for, as `fractalaw data query --json` writes it.
fn exact(members: &Map<String, Json>) -> Option<Value> {
    let mut members = members.iter();
    let (Some((kind, value)), None) = (members.next(), members.next()) else {
        return None;
    };
    let value = value.as_str()?;
    match kind.as_str() {
        "blob" => unhex(value).map(Value::Blob),
        "integer" => value.parse().ok().map(Value::Integer),
        "real" => value.parse().ok().map(Value::Real),
        _ => None,
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok());
    bytes.collect()
}

fn vector(items: &[Json]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4 * items.len());
    for item in items {
        bytes.extend_from_slice(&(item.as_f64()? as f32).to_le_bytes());
    }
    Some(bytes)
}

struct Members(Map<String, Json>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Members, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Members, A::Error> {
                members(from).map(Members)
            }
        }
        from.deserialize_map(Read)
    }
}

fn members<'de, A: MapAccess<'de>>(mut from: A) -> Result<Map<String, Json>, A::Error> {
    let mut members = Map::new();
    while let Some(key) = from.next_key::<String>()? {
        let Any(value) = from.next_value()?;
        if members.contains_key(&key) {
            return Err(A::Error::custom(format!("the key `{key}` is there twice")));
        }
        members.insert(key, value);
    }
    Ok(members)
}

/// Any value, in whose objects no key is there twice.
struct Any(Json);

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Any, D::Error> {
        from.deserialize_any(ReadAny).map(Any)
    }
}

struct ReadAny;

impl<'de> Visitor<'de> for ReadAny {
    type Value = Json;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Json, E> {
        Ok(is.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(Any(item)) = from.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Json, A::Error> {
        members(from).map(Json::Object)
    }
}
