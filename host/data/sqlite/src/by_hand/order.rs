//! The order in which SQLite sorts values with `COLLATE BINARY`, if text is UTF-8.

use std::cmp::Ordering;

use rusqlite::{Connection, Result};

use crate::ffi::add_by_utf8;
use crate::value::Value;

/// The collation that sorts the texts of this database by their bytes in UTF-8. `BINARY` sorts them by the bytes that are stored, which can
/// be those of UTF-16.
pub(super) fn collation(connection: &Connection) -> Result<&'static str> {
    let encoding: String = connection.query_row("PRAGMA encoding", (), |row| row.get(0))?;
    if encoding == "UTF-8" {
        return Ok("BINARY");
    }
    add_by_utf8(connection)?;
    Ok("BY_UTF8")
}

/// Compares keys of as many columns.
pub(super) fn keys(one: &[Value], two: &[Value]) -> Ordering {
    let mut pairs = one.iter().zip(two);
    pairs
        .find_map(|(one, two)| Some(values(one, two)).filter(|order| order.is_ne()))
        .unwrap_or(Ordering::Equal)
}

/// Unlike the order of [`Value`] itself, an integer and a real number of the same value are equal here.
fn values(one: &Value, two: &Value) -> Ordering {
    match (one, two) {
        (Value::Integer(one), Value::Real(two)) => number(*one, *two),
        (Value::Real(one), Value::Integer(two)) => number(*two, *one).reverse(),
        // There is no NaN in a database, and the two zeros are equal.
        (Value::Real(one), Value::Real(two)) => one.partial_cmp(two).unwrap_or(Ordering::Equal),
        _ => one.cmp(two),
    }
}

/// Compares exactly. Not every 64-bit integer is a real number.
fn number(integer: i64, real: f64) -> Ordering {
    /// 2^63, the first real number beyond the integers.
    const END: f64 = 9_223_372_036_854_775_808.0;
    if real < -END {
        Ordering::Greater
    } else if real >= END {
        Ordering::Less
    } else {
        let whole = real.trunc();
        let order = integer.cmp(&(whole as i64));
        order.then_with(|| whole.partial_cmp(&real).unwrap_or(Ordering::Equal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SQLite itself says which order is right.
    #[test]
    fn the_order_is_that_of_sqlite() {
        let literals = [
            "NULL",
            "-9223372036854775808",
            "-9.3e18",
            "-9.223372036854775808e18",
            "-1.5",
            "-1",
            "-0.5",
            "0",
            "0.0",
            "-0.0",
            "0.5",
            "1",
            "1.0",
            "9007199254740993",
            "9007199254740992.0",
            "9223372036854775807",
            "9.223372036854775807e18",
            "9e999",
            "''",
            "'a'",
            "'aa'",
            "'B'",
            "'é'",
            "x''",
            "x'00'",
            "x'ff'",
        ];
        let connection = Connection::open_in_memory().unwrap();
        let value = |literal: &str| -> Value {
            connection
                .query_row(&format!("SELECT {literal}"), (), |row| {
                    Ok(row.get_ref(0)?.into())
                })
                .unwrap()
        };
        for one in literals {
            for two in literals {
                // `max` takes the second of two equals, and `IS` says whether they are.
                let sql = format!(
                    "SELECT CASE WHEN ({one}) IS ({two}) THEN 0 ELSE
                         (SELECT CASE WHEN which = 1 THEN -1 ELSE 1 END FROM
                             (SELECT {one} AS value, 1 AS which UNION ALL SELECT {two}, 2)
                          ORDER BY value LIMIT 1) END"
                );
                let expected: i8 = connection.query_row(&sql, (), |row| row.get(0)).unwrap();
                let order = keys(&[value(one)], &[value(two)]);
                assert_eq!(order as i8, expected, "{one} {two}");
            }
        }
    }
}
