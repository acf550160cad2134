//! The cache of compiled code as the program uses it: faults are reported, and make no run fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fractalaw_testing::component;

fn only_entry(folder: &Path) -> PathBuf {
    let entries = fs::read_dir(folder).unwrap();
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.retain(|path| path.extension().is_some_and(|name| name == "cwasm"));
    let [entry] = &entries[..] else {
        panic!("{entries:?}")
    };
    entry.clone()
}

/// No file may grow past four kilobytes, as batch systems limit them. The system's answer is a signal, and then
/// the error of a full disk.
#[test]
fn a_disk_that_is_full_costs_time_and_not_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let component_file = folder.path().join("component.wasm");
    fs::write(&component_file, component("", "")).unwrap();
    let cache = folder.path().join("cache");
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 8; exec \"$0\" run --cache \"$1\" \"$2\""])
        .arg(env!("CARGO_BIN_EXE_fractalaw"))
        .args([&cache, &component_file])
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert!(log.contains("could not write cache entry"), "{log}");
    let left: Vec<_> = fs::read_dir(&cache).unwrap().collect();
    assert_eq!(left.len(), 1, "more than the key was left: {left:?}");
}

/// An entry of another version is not damaged: it is skipped without a message and overwritten.
#[test]
fn an_entry_of_another_version_is_compiled_again_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("component.wasm");
    fs::write(&file, component("", "")).unwrap();
    let cache = folder.path().join("cache");
    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args(["run", "--cache"])
            .args([&cache, &file])
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stderr).unwrap()
    };
    run();
    let path = only_entry(&cache);
    // Earlier versions had a shorter trailer.
    for (magic, length) in [(b"fractal4", 32), (b"fractal8", 56)] {
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 56);
        bytes.extend(magic);
        bytes.extend(vec![0; length - magic.len()]);
        fs::write(&path, bytes).unwrap();
        let said = run();
        assert!(!said.contains("WARN"), "{said}");
    }
    fs::write(&path, vec![0; 400]).unwrap();
    assert!(run().contains("damaged cache entry"));
}
