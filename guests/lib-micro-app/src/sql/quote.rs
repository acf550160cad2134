//! Values as SQL writes them.

use super::Sql;

/// What can stand for a `?`. To make a type of your own one, pass its parts on: `self.0.quote(sql)`.
pub trait Quote {
    /// Adds it to the statement.
    fn quote(&self, sql: &mut Sql);
}

/// The name of a table or a column.
#[derive(Clone, Copy, Debug)]
pub struct Identifier<'a>(pub &'a str);

/// Numbers as a blob of 32-bit floats, which `FLOAT[n]` columns hold and `cosine_distance` takes.
#[derive(Clone, Copy, Debug)]
pub struct Vector<'a>(pub &'a [f32]);

impl<T: Quote + ?Sized> Quote for &T {
    fn quote(&self, sql: &mut Sql) {
        (**self).quote(sql);
    }
}

impl<T: Quote> Quote for Option<T> {
    fn quote(&self, sql: &mut Sql) {
        match self {
            Some(value) => value.quote(sql),
            None => sql.0.push_str("NULL"),
        }
    }
}

/// For `IN (?)`.
impl<T: Quote> Quote for [T] {
    fn quote(&self, sql: &mut Sql) {
        if self.is_empty() {
            // `IN ()` is not SQL everywhere, and `NOT IN (NULL)` is never true.
            sql.0.push_str("SELECT NULL WHERE FALSE");
        }
        for (at, value) in self.iter().enumerate() {
            if at > 0 {
                sql.0.push_str(", ");
            }
            value.quote(sql);
        }
    }
}

impl<T: Quote> Quote for Vec<T> {
    fn quote(&self, sql: &mut Sql) {
        self.as_slice().quote(sql);
    }
}

impl<T: Quote, const N: usize> Quote for [T; N] {
    fn quote(&self, sql: &mut Sql) {
        self.as_slice().quote(sql);
    }
}

impl Quote for str {
    fn quote(&self, sql: &mut Sql) {
        // Engines end a statement at its first NUL, wherever that stands.
        if self.contains('\0') {
            sql.0.push_str("CAST(");
            blob(self.bytes(), sql);
            sql.0.push_str(" AS TEXT)");
        } else {
            between('\'', self, sql);
        }
    }
}

impl Quote for String {
    fn quote(&self, sql: &mut Sql) {
        self.as_str().quote(sql);
    }
}

impl Quote for Identifier<'_> {
    fn quote(&self, sql: &mut Sql) {
        // No name has a NUL, and none has what stands for it here.
        if self.0.contains('\0') {
            between('"', &self.0.replace('\0', "\u{fffd}"), sql);
        } else {
            between('"', self.0, sql);
        }
    }
}

impl Quote for Vector<'_> {
    fn quote(&self, sql: &mut Sql) {
        blob(self.0.iter().flat_map(|number| number.to_le_bytes()), sql);
    }
}

/// Bytes are given as `Blob`, because a list of numbers is `[u8]` too.
#[derive(Clone, Copy, Debug)]
pub struct Blob<'a>(pub &'a [u8]);

impl Quote for Blob<'_> {
    fn quote(&self, sql: &mut Sql) {
        blob(self.0.iter().copied(), sql);
    }
}

impl Quote for bool {
    fn quote(&self, sql: &mut Sql) {
        sql.0.push_str(if *self { "TRUE" } else { "FALSE" });
    }
}

/// What is not a number is `NULL`, as SQLite stores it.
impl Quote for f64 {
    fn quote(&self, sql: &mut Sql) {
        if self.is_nan() {
            sql.0.push_str("NULL");
        } else if self.is_infinite() {
            // SQL has no word for it, and reads a number beyond all others so.
            sql.0
                .push_str(if *self > 0.0 { "9e999" } else { "(-9e999)" });
        } else {
            number(&format!("{self:?}"), sql);
        }
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {
        $(impl Quote for $integer {
            fn quote(&self, sql: &mut Sql) {
                number(&self.to_string(), sql);
            }
        })*
    };
}

integers! { i8 i16 i32 i64 u8 u16 u32 u64 usize }

impl Quote for Sql {
    /// A part of a statement, with an end of line behind it: it may end with a comment.
    fn quote(&self, sql: &mut Sql) {
        sql.0.push_str(&self.0);
        sql.0.push('\n');
    }
}

/// Two minus signs begin a comment: a negative number stands in parentheses.
fn number(text: &str, sql: &mut Sql) {
    let is_negative = text.starts_with('-');
    if is_negative {
        sql.0.push('(');
    }
    sql.0.push_str(text);
    if is_negative {
        sql.0.push(')');
    }
}

fn between(quote: char, text: &str, sql: &mut Sql) {
    sql.0.push(quote);
    for (at, part) in text.split(quote).enumerate() {
        if at > 0 {
            sql.0.push(quote);
            sql.0.push(quote);
        }
        sql.0.push_str(part);
    }
    sql.0.push(quote);
}

fn blob(bytes: impl Iterator<Item = u8>, sql: &mut Sql) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    sql.0.push_str("X'");
    for byte in bytes {
        sql.0.push(DIGITS[usize::from(byte >> 4)]);
        sql.0.push(DIGITS[usize::from(byte & 15)]);
    }
    sql.0.push('\'');
}
