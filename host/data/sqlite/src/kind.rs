//! The Arrow type of a column, from its declared type. `TYPES.md` has the table.

use crate::limits::VECTOR_FLOATS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Integer,
    Real,
    Text,
    /// Text in a column that keeps text of digits as a number.
    NumericText,
    Blob,
    Boolean,
    Date,
    /// With a time zone, which is UTC, or without one.
    Timestamp {
        utc: bool,
    },
    Decimal,
    Vector(i32),
    /// An expression, or a declared type that says nothing. The values decide.
    Any,
}

impl ColumnKind {
    pub(crate) fn of(declared: &str) -> ColumnKind {
        let declared = declared.trim().to_ascii_uppercase();
        let word: String = declared
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let rest = declared[word.len()..].trim();
        let vector = || {
            let length = rest
                .strip_prefix('[')?
                .strip_suffix(']')?
                .trim()
                .parse()
                .ok()?;
            (1..=VECTOR_FLOATS)
                .contains(&usize::try_from(length).ok()?)
                .then_some(length)
        };
        match word.as_str() {
            "FLOAT" if rest.starts_with('[') => {
                vector().map_or(ColumnKind::Any, ColumnKind::Vector)
            }
            "BOOL" | "BOOLEAN" => ColumnKind::Boolean,
            "DATE" => ColumnKind::Date,
            "DATETIME" => ColumnKind::Timestamp { utc: false },
            "TIMESTAMP" if rest.contains("WITH TIME ZONE") => ColumnKind::Timestamp { utc: true },
            "TIMESTAMP" => ColumnKind::Timestamp { utc: false },
            "TIMESTAMPTZ" => ColumnKind::Timestamp { utc: true },
            "DECIMAL" | "NUMERIC" => ColumnKind::Decimal,
            "JSON" | "UUID" if makes_numbers(&declared) => ColumnKind::NumericText,
            "JSON" | "UUID" => ColumnKind::Text,
            // From here on, declared types are read as SQLite reads them.
            _ if declared.contains("INT") => ColumnKind::Integer,
            _ if ["CHAR", "CLOB", "TEXT"]
                .iter()
                .any(|part| declared.contains(part)) =>
            {
                ColumnKind::Text
            }
            _ if declared.contains("BLOB") => ColumnKind::Blob,
            _ if ["REAL", "FLOA", "DOUB"]
                .iter()
                .any(|part| declared.contains(part)) =>
            {
                ColumnKind::Real
            }
            _ => ColumnKind::Any,
        }
    }

    /// What a value of this kind is, for a message.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            ColumnKind::Integer => "an integer",
            ColumnKind::Real => "a number",
            ColumnKind::Text | ColumnKind::NumericText => "text",
            ColumnKind::Blob => "a blob",
            ColumnKind::Boolean => "0 or 1",
            ColumnKind::Date => "a date as `2025-12-31`",
            ColumnKind::Timestamp { .. } => "a time as `2025-12-31 23:59:59`",
            ColumnKind::Decimal => "a number",
            ColumnKind::Vector(_) => "a blob with 4 bytes for each number of the vector",
            ColumnKind::Any => "one type in all rows",
        }
    }
}

/// Whether SQLite makes numbers of texts in columns of this declared type. It does so unless the type says text or blob, or nothing.
pub(crate) fn makes_numbers(declared: &str) -> bool {
    let declared = declared.trim().to_ascii_uppercase();
    let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
    let keeps = declared.is_empty() || has(&["CHAR", "CLOB", "TEXT", "BLOB"]);
    has(&["INT"]) || !keeps
}

#[cfg(test)]
mod tests {
    use super::ColumnKind::{self, *};

    #[test]
    fn declared_types_are_read() {
        for (declared, kind) in [
            ("INTEGER", Integer),
            ("bigint", Integer),
            ("UNSIGNED BIG INT", Integer),
            ("TINYINT(1)", Integer),
            ("TEXT", Text),
            ("VARCHAR(20)", Text),
            ("json", NumericText),
            ("JSON TEXT", Text),
            ("UUID", NumericText),
            ("BLOB", Blob),
            ("REAL", Real),
            ("DOUBLE PRECISION", Real),
            ("FLOAT", Real),
            ("FLOAT[3]", Vector(3)),
            ("float [ 384 ]", Vector(384)),
            ("FLOAT[0]", Any),
            ("FLOAT[999999]", Any),
            ("FLOAT[x]", Any),
            ("BOOLEAN", Boolean),
            ("DATE", Date),
            ("DATETIME", Timestamp { utc: false }),
            ("TIMESTAMP", Timestamp { utc: false }),
            ("TIMESTAMPTZ", Timestamp { utc: true }),
            ("TIMESTAMP WITH TIME ZONE", Timestamp { utc: true }),
            ("DECIMAL(10,2)", Decimal),
            ("NUMERIC", Decimal),
            ("", Any),
            ("ÄÖ", Any),
            ("MONEY", Any),
        ] {
            assert_eq!(ColumnKind::of(declared), kind, "{declared}");
        }
    }
}
