//! Reads one JSON object of which no key is there twice. Otherwise, one of the values would be dropped without a word.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The members of the object in this text.
pub(crate) fn object(text: &str) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_str(text).map(|Members(members)| members)
}

struct Members(Map<String, Value>);

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

fn members<'de, A: MapAccess<'de>>(mut from: A) -> Result<Map<String, Value>, A::Error> {
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
struct Any(Value);

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Any, D::Error> {
        from.deserialize_any(ReadAny).map(Any)
    }
}

struct ReadAny;

impl<'de> Visitor<'de> for ReadAny {
    type Value = Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Value, E> {
        Ok(is.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Any(item)) = from.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Value, A::Error> {
        members(from).map(Value::Object)
    }
}
