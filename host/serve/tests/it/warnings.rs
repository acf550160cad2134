//! What an operator should know about grants is told while the supervisor runs.

use std::fs;
use std::io::Read;

use crate::kills::{emit, idle};
use crate::process::Process;
use crate::reacting::{data, ingest, site};

#[test]
fn a_grant_that_names_no_table_is_a_warning_when_an_app_has_used_the_database() {
    let site = site("false");
    let policy = fs::read_to_string(site.file("policy.toml")).unwrap();
    let policy = policy.replace("\"regulation\", ", "\"regulation\", \"regulations\", ");
    site.write("policy.toml", policy.as_bytes());
    let connection = data(&site);
    let (process, mut errors) = Process::start_with_errors(site.path());
    for number in 0..2 {
        ingest(&connection, number);
        emit(site.path(), "data-ingested").expect("the supervisor runs");
    }
    idle(site.path());
    process.signal("TERM");
    assert_eq!(process.end(), Some(0));
    let mut told = String::new();
    errors.read_to_string(&mut told).unwrap();
    let warning = "`regulations` is granted, but there is no such table; hint: correct the name in the policy, or make the table";
    assert_eq!(told.matches(warning).count(), 1, "{told}");
}
