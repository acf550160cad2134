//! A component whose parts come from three languages.

use std::fs;

use fractalaw_host::{Host, Inspection, Run};

use crate::components::{cache, guest_bytes, guest_bytes_or_skip, workspace};
use crate::profile::profile;

/// `customs-entry` is in Rust, and composed of a part in C and one in TypeScript.
#[test]
fn the_parts_of_a_component_of_three_languages_sum_to_its_fuel() {
    let test = "three_languages::the_parts_of_a_component_of_three_languages_sum_to_its_fuel";
    let Some(bytes) = guest_bytes_or_skip("customs-entry", test) else {
        return;
    };
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let entry = fs::read(workspace().join("tests/cases/customs-entry/entry.csv")).unwrap();
    let profile = profile(&host, &bytes, Run::new().stdin(entry)).unwrap();
    assert_eq!(profile.report.outcome.kind(), "completed");
    let rows = profile.by_part();
    let sum: u64 = rows.iter().map(|row| row.fuel()).sum();
    assert_eq!(sum, profile.report.fuel.consumed());
    for part in ["customs-entry", "container-numbers", "duty-rates"] {
        let of_part = rows.iter().filter(|row| {
            let name = row.part.unwrap_or_default();
            name == part || name.starts_with(&format!("{part}/"))
        });
        let fuel: u64 = of_part.map(|row| row.fuel()).sum();
        assert!(fuel > 1_000, "{part}: {rows:?}");
    }

    let inspection = Inspection::of(&bytes).unwrap();
    let parts = inspection.parts.iter();
    let languages: Vec<_> = parts
        .filter_map(|part| Some((&*part.name, part.language.as_deref()?)))
        .collect();
    assert_eq!(
        languages,
        [
            ("container-numbers", "C 17"),
            ("duty-rates", "TypeScript"),
            ("customs-entry", "Rust"),
        ]
    );
    for part in ["container-numbers", "duty-rates"] {
        let digest = Inspection::of(&guest_bytes(part)).unwrap().app.digest;
        let found = inspection.parts.iter().find(|found| found.name == part);
        assert_eq!(found.unwrap().sha256, *digest, "{part}");
    }
}
