//! Figures in pages that the snapshots have too.

use std::fs;

use crate::scratch::repository;

/// A row of the table of languages, and how it writes what a snapshot has on a line.
type Row = (&'static str, &'static str, fn(u64) -> String);

const ROWS: [Row; 2] = [
    ("fuel of the default case", "fuel: ", grouped),
    ("peak memory", "peak memory: ", mebibytes),
];

#[test]
fn the_table_of_languages_has_the_fuel_and_memory_of_the_snapshots() {
    let page = fs::read_to_string(repository().join("guests/LANGUAGES.md")).unwrap();
    let (_, section) = page.split_once("\n## What it costs\n").unwrap();
    let table: Vec<Vec<&str>> = section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let guests: Vec<&str> = table[0][1..]
        .iter()
        .map(|head| head.split('`').nth(1).unwrap())
        .collect();
    assert_eq!(guests.len(), 5);
    for (name, key, shown) in ROWS {
        let row = table.iter().find(|row| row[0] == name).unwrap();
        let expected: Vec<String> = guests
            .iter()
            .map(|guest| shown(figure(guest, key)))
            .collect();
        assert_eq!(row[1..], expected, "`guests/LANGUAGES.md`, {name}");
    }
}

/// The number that the snapshot of a guest's default case has after this key.
fn figure(guest: &str, key: &str) -> u64 {
    let path = format!("tests/snapshots/{guest}/default.fuel.snap");
    let snapshot = fs::read_to_string(repository().join(&path)).unwrap();
    let value = snapshot.lines().find_map(|line| line.strip_prefix(key));
    let value = value.unwrap_or_else(|| panic!("`{path}` has no line `{key}`"));
    value.split(' ').next().unwrap().parse().unwrap()
}

/// `1731005` as `1,731,005`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(|group| str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
