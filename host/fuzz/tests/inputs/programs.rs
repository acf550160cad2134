//! The targets by name: the program lists them, and libFuzzer has a program for each.

use std::fs;
use std::path::Path;
use std::process::Command;

use fractalaw_fuzz::TARGETS;

#[test]
fn the_program_lists_the_targets_one_a_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_fractalaw-fuzz"))
        .arg("--list")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let names = TARGETS.iter().map(|target| format!("{}\n", target.name));
    let expected: String = names.collect();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn each_target_has_its_program_for_libfuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("libfuzzer");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let programs = manifest["bin"].as_array().unwrap().iter();
    let programs: Vec<_> = programs
        .map(|bin| (bin["name"].as_str(), bin["path"].as_str()))
        .collect();
    let paths = TARGETS.map(|target| format!("fuzz_targets/{}.rs", target.name));
    let names = TARGETS.iter().map(|target| Some(target.name));
    let expected: Vec<_> = names.zip(paths.iter().map(|path| Some(&**path))).collect();
    assert_eq!(programs, expected);
    for path in paths {
        assert!(folder.join(&path).is_file(), "{path}");
    }
}
