//! The codes of errors have the same numbers and names in the contract, on the page, and in the engines.

use std::path::Path;

use fractalaw_data_call::Code;

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
