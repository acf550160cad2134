//! What a driver's error means. Some drivers give a status, some an SQLSTATE, and some only a message.

use adbc_core::error::{Error, Status};
use fractalaw_adbc_client::{CallError, Code};

/// The error for the guest. The host removes secrets and cuts the message.
pub(crate) fn told(error: &Error) -> CallError {
    let message = tidy(&error.message);
    let code = of_sqlstate(&sqlstate(error))
        .or_else(|| of_words(&message))
        .unwrap_or_else(|| of_status(error.status));
    let said = CallError::new(code, message);
    match code {
        Code::Busy => said.hint("run again"),
        Code::Constraint if said.message.contains("transaction is aborted") => said.hint(
            "end the run: a call before this one failed, and with it all that this run did to data",
        ),
        _ => said,
    }
}

fn sqlstate(error: &Error) -> String {
    let bytes = error.sqlstate.iter();
    let chars = bytes.map(|byte| char::from(u8::try_from(*byte).unwrap_or(0)));
    chars.collect()
}

fn of_sqlstate(state: &str) -> Option<Code> {
    let class = state.get(..2)?;
    Some(match (class, state) {
        (_, "42501") | ("25", "25006") => Code::Denied,
        (_, "42P01" | "42703" | "42883" | "42P02" | "42704" | "3F000") => Code::NoSuchName,
        (_, "42804" | "42846") | ("22", _) => Code::Type,
        ("23", _) | (_, "25P02") => Code::Constraint,
        ("40", _) | ("55", _) => Code::Busy,
        ("53" | "54", _) => Code::TooLarge,
        ("42", _) => Code::Syntax,
        ("00" | "\0\0", _) => return None,
        _ => return None,
    })
}

/// Messages of DuckDB and SQLite whose status says nothing.
fn of_words(message: &str) -> Option<Code> {
    const WORDS: [(&str, Code); 35] = [
        ("transaction is aborted", Code::Constraint),
        ("does not exist", Code::NoSuchName),
        ("no such", Code::NoSuchName),
        ("not found in FROM clause", Code::NoSuchName),
        ("has no column named", Code::NoSuchName),
        ("does not have a column", Code::NoSuchName),
        ("Parser Error", Code::Syntax),
        ("syntax error", Code::Syntax),
        ("incomplete input", Code::Syntax),
        ("unrecognized token", Code::Syntax),
        ("parameter", Code::Syntax),
        ("No statements found", Code::Syntax),
        ("Permission Error", Code::Denied),
        ("readonly database", Code::Denied),
        ("read-only", Code::Denied),
        ("not authorized", Code::Denied),
        ("Conflict on", Code::Busy),
        ("Failed to commit", Code::Busy),
        ("database is locked", Code::Busy),
        ("table is locked", Code::Busy),
        ("Constraint Error", Code::Constraint),
        ("constraint failed", Code::Constraint),
        ("Conversion Error", Code::Type),
        ("Mismatch Type Error", Code::Type),
        ("type mismatch", Code::Type),
        ("datatype mismatch", Code::Type),
        ("Out of Range Error", Code::Type),
        ("integer overflow", Code::Type),
        ("malformed JSON", Code::Type),
        ("Invalid Input Error", Code::Type),
        ("No function matches", Code::Type),
        ("Out of Memory Error", Code::TooLarge),
        ("too big", Code::TooLarge),
        ("Binder Error", Code::Syntax),
        ("Catalog Error", Code::NoSuchName),
    ];
    WORDS
        .iter()
        .find(|(words, _)| message.contains(words))
        .map(|(_, code)| *code)
}

fn of_status(status: Status) -> Code {
    match status {
        Status::NotFound => Code::NoSuchName,
        Status::AlreadyExists | Status::Integrity => Code::Constraint,
        Status::InvalidData => Code::Type,
        Status::Unauthenticated | Status::Unauthorized => Code::Denied,
        Status::NotImplemented | Status::InvalidArguments => Code::Syntax,
        _ => Code::Engine,
    }
}

/// Removes the driver's name at the beginning, and the statement, which the guest knows. DuckDB quotes the place
/// on the next line.
fn tidy(message: &str) -> String {
    let message = message.strip_prefix("[SQLite] ").unwrap_or(message);
    let message = message
        .strip_prefix("Failed to prepare query: ")
        .or_else(|| message.strip_prefix("failed to prepare: "))
        .or_else(|| message.strip_prefix("failed to execute: "))
        .unwrap_or(message);
    let end = [
        "\nquery: ",
        "\nquery was: ",
        "\nunable to initialize statement",
    ]
    .iter()
    .filter_map(|end| message.find(end))
    .min();
    let message = &message[..end.unwrap_or(message.len())];
    match message.trim_end() {
        "" => "the driver failed and did not say why".to_owned(),
        message => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use adbc_core::error::{Error, Status};

    use super::told;

    #[test]
    fn each_kind_of_mistake_has_its_code() {
        for (message, status, sqlstate, expected) in [
            ("x", Status::Internal, b"42P01", "3: x"),
            ("x", Status::Internal, b"23505", "5: x"),
            ("x", Status::Internal, b"42501", "2: x"),
            ("x", Status::Internal, b"22003", "4: x"),
            ("x", Status::Internal, b"40001", "6: x\nhint: run again"),
            ("x", Status::Internal, b"53200", "7: x"),
            ("x", Status::Internal, b"42601", "1: x"),
            ("x", Status::NotFound, b"\0\0\0\0\0", "3: x"),
            ("x", Status::Integrity, b"00000", "5: x"),
            ("x", Status::IO, b"00000", "9: x"),
            (
                "",
                Status::IO,
                b"00000",
                "9: the driver failed and did not say why",
            ),
            (
                "[SQLite] Failed to prepare query: no such table: nope\nquery: SELECT * FROM nope",
                Status::InvalidArguments,
                b"\0\0\0\0\0",
                "3: no such table: nope",
            ),
            (
                "TransactionContext Error: Failed to commit: write-write conflict",
                Status::Internal,
                b"\0\0\0\0\0",
                "6: TransactionContext Error: Failed to commit: write-write conflict\nhint: run again",
            ),
        ] {
            let error = Error {
                message: message.to_owned(),
                status,
                vendor_code: 0,
                sqlstate: sqlstate.map(|byte| byte as std::os::raw::c_char),
                details: None,
            };
            let told = told(&error);
            assert_eq!(format!("{}: {}", told.code as u32, told.message), expected);
        }
    }
}
