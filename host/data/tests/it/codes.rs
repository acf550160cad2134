//! The codes of errors have the same numbers and names in the contract, on the page, and in the engines.

use std::fs;
use std::path::Path;

use fractalaw_data_call::Code;
use fractalaw_host::Outcome;
use rusqlite::Connection;

use crate::guests::Does::{Execute, Query};
use crate::guests::guest;
use crate::lab::{Lab, host, ran};

const NAMES: [(Code, &str); 9] = [
    (Code::Syntax, "syntax"),
    (Code::Denied, "denied"),
    (Code::NoSuchName, "no such name"),
    (Code::Type, "type"),
    (Code::Constraint, "constraint"),
    (Code::Busy, "busy"),
    (Code::TooLarge, "too large"),
    (Code::NotAQuery, "not a query"),
    (Code::Engine, "engine"),
];

/// The number and the name of each line that has this form: what is before the number, between the two, and after.
fn listed(text: &str, [before, between, after]: [&str; 3]) -> Vec<(u32, String)> {
    text.lines()
        .filter_map(|line| {
            let rest = line.trim_start().strip_prefix(before)?;
            let (number, rest) = rest.split_once(between)?;
            let (name, _) = rest.split_once(after)?;
            Some((number.parse().ok()?, name.to_owned()))
        })
        .collect()
}

#[test]
fn the_contract_and_the_page_list_every_code() {
    assert_eq!(NAMES.map(|(code, _)| code), Code::ALL);
    let names = NAMES.map(|(code, name)| (code as u32, name.to_owned()));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file| std::fs::read_to_string(folder.join(file)).expect("the file is there");

    let contract = listed(&read("../../wit/data.wit"), ["/// ", ". ", ":"]);
    // Both interfaces have an error of their own.
    assert_eq!(contract, [names.clone(), names.clone()].concat());

    assert_eq!(
        listed(&read("README.md"), ["| ", " | ", ":"]),
        names.to_vec()
    );
}

/// A disk has lost a page of one table. That is not the guest's fault, and the rest of the database works.
#[test]
fn a_database_that_is_damaged_is_an_error_of_the_engine() {
    let lab = Lab::new();
    let connection = Connection::open(&lab.file).unwrap();
    connection
        .execute_batch("CREATE TABLE worn (text TEXT); INSERT INTO worn VALUES ('a')")
        .unwrap();
    let one = |sql: &str| {
        let number: i64 = connection.query_row(sql, (), |row| row.get(0)).unwrap();
        usize::try_from(number).unwrap()
    };
    let page = one("SELECT rootpage FROM sqlite_schema WHERE name = 'worn'");
    let bytes = one("PRAGMA page_size");
    drop(connection);
    let mut file = fs::read(&lab.file).unwrap();
    file[(page - 1) * bytes..page * bytes].fill(0xff);
    fs::write(&lab.file, file).unwrap();
    for does in [
        Query("SELECT * FROM worn"),
        Execute("INSERT INTO worn VALUES ('b')"),
        Execute("DELETE FROM worn WHERE text = 'a'"),
    ] {
        let report = ran(&host(), &guest(&[does]), &lab.run());
        let failed = "9: database disk image is malformed".to_owned();
        assert_eq!(report.outcome, Outcome::GuestError(failed));
        assert_eq!(report.effects, []);
    }
    let report = ran(
        &host(),
        &guest(&[Execute("DELETE FROM permit")]),
        &lab.run(),
    );
    assert_eq!(report.outcome.kind(), "completed");
}
