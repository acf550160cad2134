//! Compiled code on disk: the next host finds it. If it is damaged, that is a miss and never a failure.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fractalaw_host::{Code, Host, Run};

use crate::components::{RUNTIME, component};

fn host(folder: &Path) -> Host {
    Host::builder().slots(1).cache(folder).build().unwrap()
}

/// Loads and runs in a host of its own, as another process would, and returns where the code came from.
fn code(folder: &Path, bytes: &[u8]) -> Code {
    let host = host(folder);
    let app = host.load(bytes).unwrap();
    let report = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap();
    assert_eq!(report.outcome.kind(), "completed");
    app.code()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "cwasm")
    });
    entries
}

fn only_entry(folder: &Path) -> PathBuf {
    let entries = entries(folder);
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
    fs::remove_dir_all(folder.path()).unwrap();
    let app = host.load(&bytes).unwrap();
    assert_eq!(app.code(), Code::Compiled);
    let report = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap();
    assert_eq!(report.outcome.kind(), "completed");
    // Restored, so that the temporary folder can be removed.
    fs::create_dir(folder.path()).unwrap();
}

#[test]
fn a_folder_that_vanishes_or_is_a_file_later_costs_time_and_not_the_run() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("cache");
    let bytes = component("", "");
    let host = host(&folder);
    assert_eq!(host.load(&bytes).unwrap().code(), Code::Compiled);
    assert_eq!(host.load(&bytes).unwrap().code(), Code::Cached);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(host.load(&bytes).unwrap().code(), Code::Compiled);
    fs::write(&folder, "no folder").unwrap();
    assert_eq!(host.load(&bytes).unwrap().code(), Code::Compiled);
}

/// Anything that has a name may be in the place of an entry.
#[test]
fn an_entry_that_is_no_file_costs_time_and_not_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = component("", "");
    code(folder.path(), &bytes);
    let path = only_entry(folder.path());
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(code(folder.path(), &bytes), Code::Compiled);
    fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    assert_eq!(code(folder.path(), &bytes), Code::Compiled);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&path, &path).unwrap();
    assert_eq!(code(folder.path(), &bytes), Code::Compiled);
}

/// Each of these is code that Wasmtime would run.
#[test]
fn code_that_this_cache_did_not_write_there_is_not_run() {
    let [folder, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (bytes, else_bytes) = (component("", ""), component("", "nop"));
    code(folder.path(), &bytes);
    let path = only_entry(folder.path());
    // The code of another component, under this one's name.
    code(folder.path(), &else_bytes);
    let both = entries(folder.path());
    let of_else = both.iter().find(|entry| **entry != path).unwrap();
    fs::copy(of_else, &path).unwrap();
    assert_eq!(code(folder.path(), &bytes), Code::Compiled);
    // The same code, written by another cache.
    code(other.path(), &bytes);
    fs::copy(only_entry(other.path()), &path).unwrap();
    assert_eq!(code(folder.path(), &bytes), Code::Compiled);
    assert_eq!(code(folder.path(), &bytes), Code::Cached);
    // A key that others could have read vouches for nothing.
    let key = folder.path().join(".key");
    assert_eq!(
        fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(code(folder.path(), &bytes), Code::Compiled);
    assert_eq!(
        fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(code(folder.path(), &bytes), Code::Cached);
    // A file that others can write or own.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(code(folder.path(), &bytes), Code::Compiled);
    assert_eq!(code(folder.path(), &bytes), Code::Cached);
    if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
        assert_eq!(code(folder.path(), &bytes), Code::Compiled);
    }
}

/// If the name leads to another folder later, that folder is not used, however right it looks.
#[test]
fn a_folder_that_is_exchanged_for_another_stays_the_one_that_was_looked_at() {
    let outer = tempfile::tempdir().unwrap();
    let at = |name: &str| outer.path().join(name);
    let bytes = component("", "");
    let host = host(&at("cache"));
    assert_eq!(host.load(&bytes).unwrap().code(), Code::Compiled);
    fs::rename(at("cache"), at("moved")).unwrap();
    fs::create_dir(at("cache")).unwrap();
    assert_eq!(host.load(&bytes).unwrap().code(), Code::Cached);
    let other = component("", "nop");
    assert_eq!(host.load(&other).unwrap().code(), Code::Compiled);
    assert_eq!(entries(&at("moved")).len(), 2);
    assert_eq!(fs::read_dir(at("cache")).unwrap().count(), 0);
}
