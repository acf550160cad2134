//! SQL functions on text that replace SQLite's own. The time of SQLite's grows with the product of both
//! arguments, in one step that nothing interrupts. The time of these grows with the sum, they are paid for each
//! byte, and they return the same.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use memchr::memmem;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Result};

use crate::limits::VALUE_BYTES;
use crate::paid::{mistake, pay, too_big};
use crate::price;
use crate::work::SharedWork;

pub(crate) fn install(connection: &Connection, work: &SharedWork) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_INNOCUOUS
        | FunctionFlags::SQLITE_DETERMINISTIC;
    let paid = Arc::clone(work);
    connection.create_scalar_function("instr", 2, flags, move |context| {
        looked_at(context, &paid)?;
        Ok(instr(context.get_raw(0), context.get_raw(1)))
    })?;
    let paid = Arc::clone(work);
    connection.create_scalar_function("replace", 3, flags, move |context| {
        looked_at(context, &paid)?;
        let null = || Ok(ToSqlOutput::Owned(Value::Null));
        let (Some(text), Some(pattern)) = (bytes(context.get_raw(0)), bytes(context.get_raw(1)))
        else {
            return null();
        };
        if pattern.first().is_none_or(|first| *first == 0) {
            return text_of(text.into_owned());
        }
        let Some(by) = bytes(context.get_raw(2)) else {
            return null();
        };
        let (replaced, places) = replace(&text, &pattern, &by).ok_or_else(too_big)?;
        pay(
            &paid,
            (replaced.len() as u64)
                .saturating_mul(price::LOOKED_BYTE)
                .saturating_add(places.saturating_mul(price::REPLACEMENT)),
        )?;
        text_of(replaced)
    })?;
    for (name, left, right) in [
        ("ltrim", true, false),
        ("rtrim", false, true),
        ("trim", true, true),
    ] {
        let paid = Arc::clone(work);
        connection.create_scalar_function(name, 2, flags, move |context| {
            looked_at(context, &paid)?;
            let (Some(text), Some(of)) = (bytes(context.get_raw(0)), bytes(context.get_raw(1)))
            else {
                return Ok(ToSqlOutput::Owned(Value::Null));
            };
            pay(&paid, characters_of(of.len()))?;
            let trimmed = trim(&text, &of, left, right);
            pay(&paid, characters_of(text.len() - trimmed.len()))?;
            text_of(trimmed.to_vec())
        })?;
    }
    Ok(())
}

/// Text from bytes. SQLite has not checked that they are UTF-8.
fn text_of(bytes: Vec<u8>) -> Result<ToSqlOutput<'static>> {
    String::from_utf8(bytes)
        .map(|text| ToSqlOutput::Owned(Value::Text(text)))
        .map_err(|_| mistake("text that is not UTF-8"))
}

fn looked_at(context: &Context<'_>, work: &SharedWork) -> Result<()> {
    let bytes: usize = (0..context.len())
        .map(|at| match context.get_raw(at) {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
            _ => 8,
        })
        .sum();
    pay(work, (bytes as u64).saturating_mul(price::LOOKED_BYTE))
}

/// A value as text, as SQLite converts it. `None` for null.
pub(crate) fn bytes(value: ValueRef<'_>) -> Option<Cow<'_, [u8]>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string().into_bytes().into()),
        ValueRef::Real(number) => Some(crate::ffi::real_text(number).into_bytes().into()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.into()),
    }
}

/// The place of the first `needle`, from 1, or 0 if there is none. It counts bytes for blobs and characters
/// otherwise.
fn instr(hay: ValueRef<'_>, needle: ValueRef<'_>) -> Option<i64> {
    let in_bytes = matches!((hay, needle), (ValueRef::Blob(_), ValueRef::Blob(_)));
    let (hay, needle) = (bytes(hay)?, bytes(needle)?);
    let Some(at) = memmem::find(&hay, &needle) else {
        return Some(0);
    };
    let before = hay.get(..at).unwrap_or_default();
    let places = if in_bytes {
        at
    } else {
        before.iter().filter(|byte| !is_inner(**byte)).count()
    };
    i64::try_from(places + 1).ok()
}

/// Whether a byte continues a character.
fn is_inner(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// The result, and the number of places. `None` if it would be larger than a value may be.
fn replace(text: &[u8], pattern: &[u8], by: &[u8]) -> Option<(Vec<u8>, u64)> {
    if pattern.is_empty() {
        return Some((text.to_vec(), 0));
    }
    let mut places = 0;
    let mut replaced = Vec::with_capacity(text.len());
    let mut end = 0;
    for at in memmem::find_iter(text, pattern) {
        replaced.extend_from_slice(text.get(end..at).unwrap_or_default());
        replaced.extend_from_slice(by);
        end = at + pattern.len();
        places += 1;
        if replaced.len() > VALUE_BYTES {
            return None;
        }
    }
    replaced.extend_from_slice(text.get(end..).unwrap_or_default());
    (replaced.len() <= VALUE_BYTES).then_some((replaced, places))
}

/// What it costs to look so many characters up in a set.
fn characters_of(bytes: usize) -> u64 {
    (bytes as u64).saturating_mul(price::SET_CHARACTER)
}

/// The text without the characters at its ends that are in `of`.
fn trim<'a>(text: &'a [u8], of: &[u8], left: bool, right: bool) -> &'a [u8] {
    let of: HashSet<&[u8]> = characters(of).collect();
    let mut rest = text;
    if left {
        let taken: usize = characters(rest)
            .take_while(|one| of.contains(one))
            .map(<[u8]>::len)
            .sum();
        rest = rest.get(taken..).unwrap_or_default();
    }
    if right {
        while let Some(start) = rest.iter().rposition(|byte| !is_inner(*byte)) {
            if !of.contains(rest.get(start..).unwrap_or_default()) {
                break;
            }
            rest = rest.get(..start).unwrap_or_default();
        }
    }
    rest
}

fn characters(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.chunk_by(|_, next| is_inner(*next))
}
