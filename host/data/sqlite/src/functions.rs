//! SQL functions of the host: randomness from the run's seed, and the distance of vectors.
//!
//! A vector is a blob of 32-bit floats, little-endian, as in `FLOAT[n]` columns and in `sqlite-vec`. Only the
//! distance is needed of that library, and it is a C extension whose work SQLite's steps do not show. The
//! function here is short, has a price for each number, and gives the same result on every machine, because it
//! adds in one order.

use std::sync::Arc;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

use crate::charged;
use crate::guard::lock;
use crate::limits::{VALUE_BYTES, VECTOR_FLOATS};
use crate::paid::{mistake, pay, too_big};
use crate::pattern;
use crate::price;
use crate::text;
use crate::work::SharedWork;

pub(crate) fn install(connection: &Connection, work: &SharedWork) -> Result<()> {
    charged::install(connection)?;
    // No run pays for this, and no budget stops it.
    let before = std::mem::replace(&mut lock(work).is_settling, true);
    let made = make_tables_ready(connection);
    lock(work).is_settling = before;
    made?;
    text::install(connection, work)?;
    pattern::install(connection, work)?;
    let harmless = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    let drawn = Arc::clone(work);
    connection.create_scalar_function("random", 0, harmless, move |_| {
        pay(&drawn, 8 * price::RANDOM_BYTE)?;
        Ok(lock(&drawn).random_i64())
    })?;
    let drawn = Arc::clone(work);
    connection.create_scalar_function("randomblob", 1, harmless, move |context| {
        // At least one byte, like SQLite's own function.
        let bytes = as_i64(context, 0).max(1);
        let bytes = usize::try_from(bytes)
            .ok()
            .filter(|bytes| *bytes <= VALUE_BYTES);
        let bytes = bytes.ok_or_else(too_big)?;
        pay(&drawn, (bytes as u64).saturating_mul(price::RANDOM_BYTE))?;
        let mut blob = vec![0; bytes];
        lock(&drawn).random_bytes(&mut blob);
        Ok(blob)
    })?;
    let paid = Arc::clone(work);
    install_priced_distance(connection, move |floats| {
        pay(&paid, floats.saturating_mul(price::VECTOR_FLOAT))
    })
}

/// SQLite makes the table of a module or of a `PRAGMA` when a statement first names it, and keeps it, also if the statement is then refused.
/// The cost of a statement must not depend on that.
fn make_tables_ready(connection: &Connection) -> Result<()> {
    let mut list = connection.prepare(
        "SELECT name FROM pragma_module_list UNION SELECT 'pragma_' || name FROM pragma_pragma_list",
    )?;
    let names = list.query_map((), |row| row.get::<_, String>(0))?;
    for name in names.collect::<Result<Vec<_>>>()? {
        // Some modules have no table of their own.
        let _ = connection.prepare(&format!("SELECT 1 FROM \"{name}\""));
    }
    Ok(())
}

/// Adds `cosine_distance` for people and for the host itself, who pay nothing.
pub(crate) fn install_distance(connection: &Connection) -> Result<()> {
    install_priced_distance(connection, |_| Ok(()))
}

fn install_priced_distance(
    connection: &Connection,
    pay: impl Fn(u64) -> Result<()> + Send + 'static,
) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_INNOCUOUS
        | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("cosine_distance", 2, flags, move |context| {
        let (Some(one), Some(two)) = (vector(context, 0)?, vector(context, 1)?) else {
            return Ok(None);
        };
        if one.len() != two.len() {
            return Err(mistake(&format!(
                "cosine_distance: vectors of {} and {} numbers, expected as many in both",
                one.len() / 4,
                two.len() / 4
            )));
        }
        pay(one.len() as u64 / 4)?;
        Ok(cosine_distance(one, two))
    })
}

/// One minus the cosine of the angle between them: 0 for the same direction, 2 for the opposite one. `None` if
/// one of them has no direction.
fn cosine_distance(one: &[u8], two: &[u8]) -> Option<f64> {
    // Four sums, which are added at the end, let the processor work on four numbers at once. Their order is
    // fixed.
    let mut dot = [0.0_f64; 4];
    let mut first = [0.0_f64; 4];
    let mut second = [0.0_f64; 4];
    let (one, _) = one.as_chunks::<4>();
    let (two, _) = two.as_chunks::<4>();
    for (at, (a, b)) in one.iter().zip(two).enumerate() {
        let (a, b) = (
            f64::from(f32::from_le_bytes(*a)),
            f64::from(f32::from_le_bytes(*b)),
        );
        dot[at % 4] += a * b;
        first[at % 4] += a * a;
        second[at % 4] += b * b;
    }
    let sum = |parts: [f64; 4]| (parts[0] + parts[1]) + (parts[2] + parts[3]);
    let lengths = sum(first).sqrt() * sum(second).sqrt();
    (lengths > 0.0 && lengths.is_finite()).then(|| 1.0 - sum(dot) / lengths)
}

/// The bytes of a vector, or `None` for null.
fn vector<'a>(context: &'a Context<'_>, at: usize) -> Result<Option<&'a [u8]>> {
    match context.get_raw(at) {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) if bytes.len() % 4 == 0 && bytes.len() / 4 <= VECTOR_FLOATS => {
            Ok(Some(bytes))
        }
        ValueRef::Blob(bytes) => Err(mistake(&format!(
            "cosine_distance: a blob of {} bytes, expected 4 for each of at most {VECTOR_FLOATS} numbers",
            bytes.len()
        ))),
        other => Err(mistake(&format!(
            "cosine_distance: a value of type {}, expected a blob of 32-bit floats",
            other.data_type().to_string().to_ascii_lowercase()
        ))),
    }
}

fn as_i64(context: &Context<'_>, at: usize) -> i64 {
    match context.get_raw(at) {
        ValueRef::Integer(number) => number,
        // This saturates, like SQLite's own conversion.
        ValueRef::Real(number) => number as i64,
        ValueRef::Text(text) => str::from_utf8(text)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::cosine_distance;

    fn vector(numbers: &[f32]) -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    }

    #[test]
    fn distances_are_exact() {
        let cases: [(&[f32], &[f32], Option<f64>); 6] = [
            (&[1.0, 0.0], &[2.0, 0.0], Some(0.0)),
            (&[1.0, 0.0], &[0.0, 3.0], Some(1.0)),
            (&[1.0, 0.0], &[-1.0, 0.0], Some(2.0)),
            (
                &[3.0, 4.0, 0.0, 0.0, 0.0],
                &[3.0, 0.0, 0.0, 0.0, 4.0],
                Some(1.0 - 9.0 / 25.0),
            ),
            (&[0.0, 0.0], &[1.0, 0.0], None),
            (&[], &[], None),
        ];
        for (one, two, distance) in cases {
            assert_eq!(
                cosine_distance(&vector(one), &vector(two)),
                distance,
                "{one:?} {two:?}"
            );
        }
    }
}
