//! Folders of the workspace, and the guests that `cargo xtask build-guests` puts there.

use std::env;
use std::fs;
use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("`host/testing` stands in the workspace")
}

pub(crate) fn target() -> PathBuf {
    workspace().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The folder in which tests keep compiled code from one test run to the next.
pub fn cache() -> PathBuf {
    target().join("fractalaw-cache")
}

/// A built guest.
pub fn guest(name: &str) -> PathBuf {
    let path = built(name);
    assert!(
        path.exists(),
        "`{}` is missing\nhint: run `cargo xtask build-guests`",
        path.display()
    );
    path
}

fn built(name: &str) -> PathBuf {
    let folder =
        env::var_os("FRACTALAW_GUESTS").map_or_else(|| target().join("guests"), PathBuf::from);
    folder.join(format!("{name}.wasm"))
}

/// The bytes of a built guest that has parts in languages of which not every machine has the tools. If it was not built, the
/// message says that the test is skipped: it goes past the test harness, which hides what a passing test prints. CI has all
/// tools, so there it is an error.
pub fn guest_bytes_or_skip(name: &str, test: &str) -> Option<Vec<u8>> {
    if env::var_os("CI").is_some() || built(name).exists() {
        return Some(guest_bytes(name));
    }
    let _ = writeln!(
        stderr(),
        "SKIPPED {test}: `{name}` is not built; if its tools are there, run `cargo xtask build-guests`"
    );
    None
}

/// The bytes of a built guest.
pub fn guest_bytes(name: &str) -> Vec<u8> {
    fs::read(guest(name)).expect("a built guest can be read")
}
