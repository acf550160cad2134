//! A guest in Python: `componentize-py` puts CPython and the guest's program into one component.
//!
//! What the guest brings besides stands in `requirements.txt`, with the digest of each package. pip accepts only wheels
//! that run anywhere, because there is no compiler for extensions here.

use std::env;
use std::ffi::OsString;

use anyhow::Result;

use super::brought::{self, Installing};
use super::tools::Tools;
use super::workshop::{WIT, Workshop};
use super::world::WORLD;
use crate::guest::Other;

/// Builds a component of the copy of the guest's files in `app`.
pub(super) fn build(
    workshop: &Workshop,
    tools: &Tools,
    guest: &str,
    other: &Other,
) -> Result<Vec<u8>> {
    let requirements = workshop.path("app/requirements.txt").is_file();
    if requirements {
        install(workshop, guest)?;
    }
    let mut command = workshop.still("python3")?;
    command
        .env("PYTHONPATH", &tools.packages[0])
        .env("PYTHONHASHSEED", "0")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // The folder that Python starts in is not searched: a guest's `json.py` must not replace the tool's.
        .args([
            "-P",
            "-c",
            "import componentize_py; componentize_py.script()",
        ])
        .args(["--quiet", "-d", WIT, "-w", WORLD, "componentize"])
        .args(["-p", "app"]);
    if requirements {
        command.args(["-p", "packages"]);
    }
    command.arg(module(&other.source)).args(["-o", "app.wasm"]);
    workshop.run(guest, "componentize-py", &mut command)?;
    workshop.read("app.wasm")
}

/// Puts the packages into a folder of the workshop. pip gets what it needs for the network.
fn install(workshop: &Workshop, guest: &str) -> Result<()> {
    let mut pip = workshop.command("python3");
    pip.envs(env::vars_os().filter(|(name, _)| is_for_pip(name)))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(["--require-hashes", "--no-compile", "--target", "packages"])
        .args(["--only-binary", ":all:", "--platform", "any"])
        .args(["--requirement", "app/requirements.txt"]);
    let installing = Installing {
        pins: &["requirements.txt"],
        to: "packages",
        tool: "pip install",
        command: pip,
    };
    brought::install(workshop, guest, installing)
}

fn is_for_pip(name: &OsString) -> bool {
    let families = ["PIP_", "HTTP_", "HTTPS_", "NO_PROXY", "SSL_"];
    let name = name.to_string_lossy().to_uppercase();
    name == "HOME" || families.iter().any(|family| name.starts_with(family))
}

/// The name of the module in a source file: `a.b` for `a/b.py`.
fn module(source: &str) -> String {
    source.trim_end_matches(".py").replace('/', ".")
}
