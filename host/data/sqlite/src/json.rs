//! Reads one JSON object of which no key is there twice. Otherwise, one of the values would be dropped without a word.
//!
//! Numbers, lists and objects are read from the text itself, so that none of them changes: a number keeps all of its digits, and an object its
//! order and its spaces.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use crate::kind::ColumnKind;
use crate::value::Value;

/// The members of the object in this text, each with its text. They come in the order of their names.
pub(crate) fn object(text: &str) -> Result<Vec<(String, &str)>, serde_json::Error> {
    let Checked = serde_json::from_str(text)?;
    let mut members = members_of(text)?;
    members.sort_by(|(one, _), (two, _)| one.cmp(two));
    Ok(members)
}

/// A member as a value of a column. A list of numbers is a vector for a column `FLOAT[n]`. Any other list, and any object, is
/// JSON text.
pub(crate) fn value(member: &str, kind: ColumnKind) -> Result<Value, NotAValue> {
    let as_it_is = || Value::Text(member.as_bytes().into());
    Ok(match member.as_bytes().first() {
        Some(b'n') => Value::Null,
        Some(b't') => Value::Integer(1),
        Some(b'f') => Value::Integer(0),
        Some(b'"') => {
            let text: String = serde_json::from_str(member)?;
            Value::Text(text.into_bytes().into())
        }
        Some(b'[') if matches!(kind, ColumnKind::Vector(_)) => {
            vector(member).map_or_else(as_it_is, Value::Blob)
        }
        Some(b'[') => as_it_is(),
        Some(b'{') => exact(member)?.unwrap_or_else(as_it_is),
        // Text keeps each digit.
        _ if kind == ColumnKind::Text => as_it_is(),
        _ => number(member, kind).ok_or_else(|| NotAValue::Number(member.to_owned()))?,
    })
}

/// Why a member is no value of a column.
#[derive(Debug, Error)]
pub(crate) enum NotAValue {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(
        "the column would not keep all digits of the number {0}\nhint: a column of the type `TEXT` keeps them"
    )]
    Number(String),
}

/// A number, if it comes back with the same digits.
fn number(member: &str, kind: ColumnKind) -> Option<Value> {
    let as_real = |real: f64| {
        let is_same = digits(member)? == digits(&format!("{real:e}"))?;
        is_same.then_some(Value::Real(real))
    };
    match (member.parse::<i64>(), member.parse::<f64>()) {
        (Ok(integer), _) if !matches!(kind, ColumnKind::Real | ColumnKind::Vector(_)) => {
            Some(Value::Integer(integer))
        }
        (_, Ok(real)) => as_real(real),
        _ => None,
    }
}

/// The digits of a number without the zeros around them, and the power of ten of the last one.
fn digits(number: &str) -> Option<(String, i64)> {
    let number = number.strip_prefix('-').unwrap_or(number);
    let (number, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let all = format!("{whole}{part}");
    if !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = all.trim_end_matches('0');
    if digits.is_empty() {
        return Some((String::new(), 0));
    }
    let power = power.parse::<i64>().ok()?.checked_sub(part.len() as i64)?;
    let power = power.checked_add((all.len() - digits.len()) as i64)?;
    Some((digits.trim_start_matches('0').to_owned(), power))
}

/// A value that JSON has no form for, as `fractalaw data query --json` writes it. It writes no other value like that.
fn exact(object: &str) -> Result<Option<Value>, serde_json::Error> {
    let [(kind, value)] = &members_of(object)?[..] else {
        return Ok(None);
    };
    if !value.starts_with('"') {
        return Ok(None);
    }
    let value: String = serde_json::from_str(value)?;
    Ok(match kind.as_str() {
        "blob" => unhex(&value).map(Value::Blob),
        "text-hex" => unhex(&value)
            .filter(|bytes| std::str::from_utf8(bytes).is_err())
            .map(Value::Text),
        "integer" => value
            .parse()
            .ok()
            .filter(|number: &i64| number.unsigned_abs() > 1 << 53 && number.to_string() == value)
            .map(Value::Integer),
        "real" => [f64::INFINITY, f64::NEG_INFINITY]
            .into_iter()
            .find(|number| number.to_string() == value)
            .map(Value::Real),
        _ => None,
    })
}

fn unhex(text: &str) -> Option<Box<[u8]>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok());
    bytes.collect()
}

fn vector(list: &str) -> Option<Box<[u8]>> {
    let numbers: Vec<f64> = serde_json::from_str(list).ok()?;
    let bytes = numbers
        .into_iter()
        .flat_map(|number| (number as f32).to_le_bytes());
    Some(bytes.collect())
}

/// The members of an object that is known to be one, each with its text.
fn members_of(object: &str) -> Result<Vec<(String, &str)>, serde_json::Error> {
    let mut members = Vec::new();
    let mut rest = object.trim_start().strip_prefix('{').unwrap_or_default();
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', ',', ':']);
        if !rest.starts_with('"') {
            return Ok(members);
        }
        let (name, after) = rest.split_at(end(rest));
        let member = after.trim_start_matches([' ', '\t', '\n', '\r', ':']);
        let (member, after) = member.split_at(end(member));
        members.push((serde_json::from_str(name)?, member));
        rest = after;
    }
}

/// Where the value that the text begins with ends.
fn end(text: &str) -> usize {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if is_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    is_text = false;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => is_text = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return at + depth,
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// An object of which no key is there twice, nor in any object in it.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Checked, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = ();

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<(), A::Error> {
                check_members(from)
            }
        }
        from.deserialize_map(Read).map(|()| Checked)
    }
}

fn check_members<'de, A: MapAccess<'de>>(mut from: A) -> Result<(), A::Error> {
    let mut seen = BTreeSet::new();
    while let Some(key) = from.next_key::<String>()? {
        let Any = from.next_value()?;
        if seen.contains(&key) {
            return Err(A::Error::custom(format!("the key `{key}` is there twice")));
        }
        seen.insert(key);
    }
    Ok(())
}

/// Any value, in whose objects no key is there twice.
struct Any;

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Any, D::Error> {
        from.deserialize_any(ReadAny)
    }
}

struct ReadAny;

impl<'de> Visitor<'de> for ReadAny {
    type Value = Any;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(Any)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Any, E> {
        Ok(Any)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Any, E> {
        Ok(Any)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Any, E> {
        Ok(Any)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Any, E> {
        Ok(Any)
    }

    fn visit_str<E>(self, _: &str) -> Result<Any, E> {
        Ok(Any)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Any, A::Error> {
        while let Some(Any) = from.next_element()? {}
        Ok(Any)
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Any, A::Error> {
        check_members(from).map(|()| Any)
    }
}
