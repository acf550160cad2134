//! Compiled code on disk: found by the next host, and a miss, never a failure, when it is damaged.

use std::fs;
use std::path::{Path, PathBuf};

use fractalaw_host::{Code, Host, Run};

use crate::components::{RUNTIME, component};

fn host(folder: &Path) -> Host {
    Host::builder().slots(1).cache(folder).build().unwrap()
}

/// Loads in a host of its own, as another process would, runs, and says where the code came from.
fn code(folder: &Path, bytes: &[u8]) -> Code {
    let host = host(folder);
    let app = host.load(bytes).unwrap();
    let report = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap();
    assert_eq!(report.outcome.kind(), "completed");
    app.code()
}

fn only_entry(folder: &Path) -> PathBuf {
    let entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let [entry] = &entries[..] else {
        panic!("{entries:?}")
    };
    entry.clone()
}

#[test]
fn the_second_host_finds_what_the_first_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = component("", "");
    assert_eq!(code(folder.path(), &bytes), Code::Compiled);
    assert_eq!(code(folder.path(), &bytes), Code::Cached);
    assert_eq!(code(folder.path(), &component("", "nop")), Code::Compiled);
    assert_eq!(code(folder.path(), &bytes), Code::Cached);
}

#[test]
fn a_damaged_entry_is_compiled_again_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = component("", "");
    code(folder.path(), &bytes);
    let path = only_entry(folder.path());
    let intact = fs::read(&path).unwrap();
    let mut damaged: Vec<Vec<u8>> = vec![Vec::new(), b"short".to_vec(), vec![0; intact.len()]];
    for length in (0..intact.len()).step_by(intact.len() / 7) {
        damaged.push(intact[..length].to_vec());
    }
    for place in (0..intact.len())
        .step_by(intact.len() / 13)
        .chain([intact.len() - 1])
    {
        let mut flipped = intact.clone();
        flipped[place] ^= 0x10;
        damaged.push(flipped);
    }
    for entry in damaged {
        fs::write(&path, &entry).unwrap();
        assert_eq!(code(folder.path(), &bytes), Code::Compiled);
        assert_eq!(
            code(folder.path(), &bytes),
            Code::Cached,
            "it was written anew"
        );
    }
}

#[test]
fn an_entry_under_another_components_name_is_a_miss() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, other) = (component("", ""), component("", "nop"));
    code(folder.path(), &bytes);
    let path = only_entry(folder.path());
    let entry = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    code(folder.path(), &other);
    fs::write(only_entry(folder.path()), entry).unwrap();
    assert_eq!(code(folder.path(), &other), Code::Compiled);
}

#[test]
fn a_folder_that_cannot_be_written_costs_time_and_not_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = component("", "");
    let host = host(folder.path());
    fs::remove_dir(folder.path()).unwrap();
    let app = host.load(&bytes).unwrap();
    assert_eq!(app.code(), Code::Compiled);
    let report = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap();
    assert_eq!(report.outcome.kind(), "completed");
    // Given back, so that the temporary folder's own removal finds it.
    fs::create_dir(folder.path()).unwrap();
}
