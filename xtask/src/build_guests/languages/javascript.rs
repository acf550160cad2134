//! A guest in JavaScript or TypeScript: esbuild makes one script of its modules, and componentize-qjs puts QuickJS and
//! the script into one component.
//!
//! What the guest brings besides stands in `package.json` and `package-lock.json`. npm runs no scripts of packages.
//!
//! QuickJS knows the language and nothing of the web. `globals.js` adds `console` and UTF-8, and `micro-app.js` what a
//! guest finds at its start. `entry.js` exports `run`.

use std::env;
use std::ffi::OsString;

use anyhow::Result;

use super::tools::Tools;
use super::workshop::Workshop;
use super::world::{FOLDER, WORLD, version_of_wasi};
use crate::guest::Other;

/// Calls componentize-qjs, which is a library of node's.
const MAKE: &str = "
const fs = require('fs');
const [library, witPath, world] = process.argv.slice(1);
const jsSource = fs.readFileSync('script.js', 'utf8');
require(library)
  .componentize({ witPath, world, jsSource, sync: true })
  .then(({ component }) => fs.writeFileSync('app.wasm', component))
  .catch((error) => { console.error(String(error.message ?? error)); process.exit(1); });
";

/// Builds a component of the copy of the guest's files in `app`.
pub(super) fn build(
    workshop: &Workshop,
    tools: &Tools,
    guest: &str,
    other: &Other,
) -> Result<Vec<u8>> {
    let [esbuild, quickjs] = &tools.packages[..] else {
        unreachable!("JavaScript has two tools")
    };
    if workshop.path("app/package-lock.json").is_file() {
        install(workshop, guest)?;
    }
    let wasi = version_of_wasi()?;
    for (name, text) in [
        ("entry.js", include_str!("javascript/entry.js")),
        ("globals.js", include_str!("javascript/globals.js")),
        ("micro-app.js", include_str!("javascript/micro-app.js")),
    ] {
        let text = text.replace("{source}", &other.source);
        workshop.write(name, &text.replace("{wasi}", &wasi))?;
    }
    let mut bundle = workshop.command(esbuild.join("package/bin/esbuild"));
    bundle
        .args(["entry.js", "--bundle", "--format=esm", "--target=es2023"])
        .args(["--platform=neutral", "--main-fields=module,main"])
        .args(["--external:fractal:*", "--external:wasi:*"])
        .args(["--alias:micro-app=./micro-app.js", "--inject:./globals.js"])
        .args(["--legal-comments=none", "--log-level=warning"])
        .arg("--outfile=script.js");
    workshop.run(guest, "esbuild", &mut bundle)?;
    let mut make = workshop.still("node")?;
    make.args(["-e", MAKE])
        .arg(quickjs.join("package/componentize-qjs.linux-x64-gnu.node"))
        .args([FOLDER, WORLD]);
    workshop.run(guest, "componentize-qjs", &mut make)?;
    workshop.read("app.wasm")
}

/// Installs the packages of the lock file, and nothing that is not in it. npm gets what it needs for the network.
fn install(workshop: &Workshop, guest: &str) -> Result<()> {
    let mut npm = workshop.command("npm");
    npm.envs(env::vars_os().filter(|(name, _)| is_for_npm(name)))
        .current_dir(workshop.path("app"))
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--loglevel", "error"]);
    workshop.run(guest, "npm ci", &mut npm)
}

fn is_for_npm(name: &OsString) -> bool {
    let families = [
        "NPM_CONFIG_",
        "HTTP_",
        "HTTPS_",
        "NO_PROXY",
        "SSL_",
        "NODE_EXTRA_CA",
    ];
    let name = name.to_string_lossy().to_uppercase();
    name == "HOME" || families.iter().any(|family| name.starts_with(family))
}
