//! `bench` with stand-ins for the programs: their figures in one table, kept and compared.

use std::fs;

use crate::scratch::Scratch;

/// Prints one figure, which the environment sets, and whether its benchmark failed. With a filter it has no
/// figure.
const PROGRAM: &str = r##"//! A stand-in.
fn main() {
    let name = env!("CARGO_PKG_NAME");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = arguments[0].starts_with("--") || name.contains(&arguments[0]);
    let ours: f64 = std::env::var("OURS").unwrap().parse().unwrap();
    let row = format!(
        r#"{{"name": "{name}", "unit": "Count", "ours": {ours:.1}, "reference": 2.0, "ratio": {:.1}, "bar": {{"AtMost": 1.0}}}}"#,
        ours / 2.0
    );
    let fails = std::env::var("FAILS").unwrap_or_default() == name;
    let failed = if fails { format!("{name:?}") } else { String::new() };
    let row = if is_asked && !fails { row } else { String::new() };
    println!(r#"{{"table": {{"rows": [{row}]}}, "failed": [{failed}]}}"#);
}
"##;

fn scratch() -> Scratch {
    let scratch = Scratch::new().without_env("CARGO_BUILD_BUILD_DIR");
    scratch.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"programs/*\"]\n",
    );
    fs::remove_file(scratch.path("Cargo.lock")).unwrap();
    for name in [
        "cli",
        "measure",
        "benches",
        "data-benches",
        "build-benches",
        "test-benches",
    ] {
        let folder = format!("programs/{name}");
        let manifest = format!("[package]\nname = \"fractalaw-{name}\"\nedition = \"2024\"\n");
        scratch.write(&format!("{folder}/Cargo.toml"), &manifest);
        let (file, text) = match name.ends_with("benches") {
            true => ("main", PROGRAM),
            false => ("lib", "//! A stand-in.\n"),
        };
        scratch.write(&format!("{folder}/src/{file}.rs"), text);
    }
    scratch
}

/// The cells of a table's rows, without its heading.
fn rows(text: &str) -> Vec<String> {
    let row = |line: &str| line.split('|').map(str::trim).collect::<Vec<_>>().join(" ");
    let rows = text.lines().skip(2).map(row);
    rows.map(|row| row.trim().to_owned()).collect()
}

#[test]
fn the_figures_of_all_programs_stand_in_one_table() {
    let scratch = scratch().env("OURS", "1");
    let ended = scratch.xtask(["bench", "--save", "before"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(
        rows(&ended.stdout),
        [
            "fractalaw-benches 1 2 0.500 ≤ 1.00 yes",
            "fractalaw-data-benches 1 2 0.500 ≤ 1.00 yes",
            "fractalaw-build-benches 1 2 0.500 ≤ 1.00 yes",
            "fractalaw-test-benches 1 2 0.500 ≤ 1.00 yes",
        ]
    );

    let scratch = scratch.env("OURS", "3");
    let ended = scratch.xtask(["bench", "build", "--against", "before"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(
        rows(&ended.stdout),
        ["fractalaw-build-benches 3 2 1.500 ≤ 1.00 NO 0.500 3.000"]
    );

    // Several runs are one table, with what the machine did else below it.
    let ended = scratch.xtask(["bench", "build", "--runs", "3"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let rows_of_all = rows(&ended.stdout);
    assert_eq!(
        rows_of_all[..2],
        [
            "fractalaw-build-benches 3 2 1.500 1.500 to 1.500 ≤ 1.00 NO, 0 of 3",
            ""
        ]
    );
    assert!(
        rows_of_all[2].contains(" processors, load before each run: "),
        "{}",
        ended.stdout
    );
    let ended = scratch.xtask(["bench", "--runs", "0"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);

    // A program that fails does not stop the others.
    let scratch = scratch.env("FAILS", "fractalaw-benches");
    let ended = scratch.xtask(["bench"]);
    assert_eq!(ended.code, 12, "{}", ended.stderr);
    assert_eq!(rows(&ended.stdout).len(), 3, "{}", ended.stdout);
    let failed = "error: failed: `fractalaw-benches`\n";
    assert!(ended.stderr.ends_with(failed), "{}", ended.stderr);

    // Reported before anything is measured.
    let ended = scratch.xtask(["bench", "--against", "never"]);
    assert_eq!(ended.code, 12);
    let hint = "hint: keep some with `--save never`\n";
    assert!(
        ended.stderr.contains("error: no figures in "),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains(hint), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}
