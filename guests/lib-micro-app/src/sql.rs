//! SQL text in which values are always quoted. The contract gives no parameters, so a value becomes a part of the text; see
//! [`sql!`](crate::sql!).

mod pieces;
mod quote;

pub use pieces::pieces;
pub use quote::{Blob, Identifier, Quote, Vector};

/// One statement. It is made of text that stood in the source, or by [`sql!`](crate::sql!): text that a program put together
/// as it ran is not accepted by accident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sql(String);

impl Sql {
    /// A statement from text that comes from elsewhere. Whoever wrote it decides what it does.
    pub fn trusted(text: String) -> Sql {
        Sql(text)
    }

    /// The statement's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What `sql!` becomes. Call it only through that: it trusts the pieces to be checked.
    #[doc(hidden)]
    pub fn join(pieces: &[&'static str], values: &[&dyn Quote]) -> Sql {
        let mut sql = Sql(String::with_capacity(
            pieces.iter().map(|piece| piece.len() + 16).sum(),
        ));
        for (at, piece) in pieces.iter().enumerate() {
            if let Some(value) = at.checked_sub(1).and_then(|at| values.get(at)) {
                value.quote(&mut sql);
            }
            sql.0.push_str(piece);
        }
        sql
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Sql {
        Sql(text.to_owned())
    }
}

/// SQL with values: each `?` stands for the next one, quoted as SQL wants it, so that no value can be more than a value.
///
/// ```
/// use micro_app::{Identifier, sql};
///
/// let holder = "O'Brien'; DROP TABLE permit; --";
/// let sql = sql!("SELECT * FROM ? WHERE holder = ? AND area > ?", Identifier("permit"), holder, 2.5);
/// assert_eq!(
///     sql.as_str(),
///     r#"SELECT * FROM "permit" WHERE holder = 'O''Brien''; DROP TABLE permit; --' AND area > 2.5"#
/// );
/// ```
///
/// The text is a constant, and is checked when it is compiled: as many `?` as values, none of them inside quotes or a comment,
/// and none where its quotes would mean something else. For a list, write `IN (?)`.
///
/// ```compile_fail
/// micro_app::sql!("SELECT * FROM permit WHERE number = ?");
/// ```
///
/// ```compile_fail
/// micro_app::sql!("SELECT * FROM permit WHERE number = '?'", "WX-1");
/// ```
#[macro_export]
macro_rules! sql {
    ($text:expr $(, $value:expr)* $(,)?) => {{
        const VALUES: usize = <[&str]>::len(&[$(::core::stringify!($value)),*]);
        const PIECES: [&str; VALUES + 1] = $crate::pieces($text);
        $crate::Sql::join(&PIECES, &[$(&$value as &dyn $crate::Quote),*])
    }};
}
