//! Where tests get components from: the built guests, the fixtures of `tests/`, and small ones in text.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fractalaw_host::{Host, Manifest, Report, Run};
use fractalaw_manifest::SECTION;
use tokio::runtime::Runtime;

/// One runtime for all tests.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()
        .expect("a runtime starts")
});

/// The workspace's folder.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("`host/` stands in the workspace")
}

fn target() -> PathBuf {
    workspace().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The folder in which tests keep compiled code from one test run to the next.
pub(crate) fn cache() -> PathBuf {
    target().join("fractalaw-cache")
}

/// A built guest.
pub(crate) fn guest(name: &str) -> PathBuf {
    let folder =
        env::var_os("FRACTALAW_GUESTS").map_or_else(|| target().join("guests"), PathBuf::from);
    let path = folder.join(format!("{name}.wasm"));
    assert!(
        path.exists(),
        "`{}` is missing\nhint: run `cargo xtask build-guests`",
        path.display()
    );
    path
}

/// The bytes of a built guest.
pub(crate) fn guest_bytes(name: &str) -> Vec<u8> {
    fs::read(guest(name)).expect("a built guest can be read")
}

/// A component of the world around one core function: `items` stand in the core module, `body` in
/// `run`, which then returns `ok("")`. It may call `$record`, which records an empty audit entry.
pub(crate) fn component(items: &str, body: &str) -> Vec<u8> {
    let text = include_str!("../components/one-function.wat");
    let text = text.replace("{items}", items).replace("{body}", body);
    wat::parse_str(text).expect("the text is a component")
}

/// A component of the world that does nothing and takes seconds to compile.
pub(crate) fn slow_to_compile() -> Vec<u8> {
    let function = format!("(func {})", "(loop (br_if 0 (i32.const 0)))".repeat(4_000));
    component(&function.repeat(4), "")
}

/// Runs a component, deterministically apart from what `run` says.
pub(crate) fn run(host: &Host, component: &[u8], run: Run) -> Report {
    let app = host.load(component).expect("the component is accepted");
    RUNTIME
        .block_on(host.run(&app, &run.deterministic()))
        .expect("the host works")
}

/// The component with another manifest: of several sections the last counts.
pub(crate) fn with_manifest(component: &[u8], manifest: &Manifest) -> Vec<u8> {
    with_section(component, SECTION, &manifest.encode())
}

/// The component with one more custom section, of a short name.
pub(crate) fn with_section(component: &[u8], name: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    bytes.push(0);
    let mut left = 1 + name.len() + data.len();
    while left >= 0x80 {
        bytes.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    bytes.push(left as u8);
    bytes.push(name.len() as u8);
    bytes.extend(name.as_bytes());
    bytes.extend(data);
    bytes
}
