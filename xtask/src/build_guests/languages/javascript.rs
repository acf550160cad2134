//! A guest in JavaScript or TypeScript: the types of TypeScript are checked, esbuild makes one script of its modules, and componentize-qjs puts QuickJS and
//! the script into one component.
//!
//! What the guest brings besides stands in `package.json` and `package-lock.json`. npm runs no scripts of packages.
//!
//! QuickJS knows the language and nothing of the web. `globals.js` adds `console` and UTF-8, and `micro-app.js` what a
//! guest finds at its start. `entry.js` exports `run`.

use std::env;
use std::ffi::OsString;

use anyhow::{Context, Result};
use serde_json::Value;

use super::brought::{self, Installing};
use super::inner;
use super::tools::Tools;
use super::typescript;
use super::workshop::{WIT, Workshop};
use super::world::{WORLD, version_of_wasi};
use crate::fault::guest as fault;
use crate::guest::{Guest, Other};

/// What componentize-qjs makes: a component of the engine and the script, and one that starts it with what both were at
/// build time.
const INNER: [&str; 2] = ["quickjs", "start"];

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

/// Builds a component of the copy of the guest's files in `app`. Messages call its folder `folder`.
pub(super) fn build(
    workshop: &Workshop,
    tools: &Tools,
    guest: &Guest,
    folder: &str,
    other: &Other,
) -> Result<Vec<u8>> {
    let name = &guest.name;
    let [esbuild, quickjs, compiler] = &tools.packages[..] else {
        unreachable!("JavaScript has three tools")
    };
    if workshop.path("app/package-lock.json").is_file() {
        install(workshop, name)?;
    }
    match other.source.ends_with(".ts") {
        true => typescript::check(workshop, compiler, name, folder, other)?,
        // esbuild would take the next one above.
        false => workshop.write("tsconfig.json", "{}")?,
    }
    let wasi = version_of_wasi()?;
    for (name, text) in [
        ("entry.js", &*entry(guest, other)),
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
        .args(["--outfile=script.js", "--metafile=bundle.json"]);
    // What the component imports, of parts and of the host.
    for interface in guest.build.compose.keys().chain(&other.imports) {
        if let Some((namespace, _)) = interface.split_once(':') {
            bundle.arg(format!("--external:{namespace}:*"));
        }
    }
    workshop.run(name, "esbuild", &mut bundle)?;
    is_of_the_workshop(workshop, name)?;
    let mut make = workshop.still("node")?;
    make.args(["-e", MAKE])
        .arg(quickjs.join("package/componentize-qjs.linux-x64-gnu.node"))
        .args([WIT, WORLD]);
    workshop.run(name, "componentize-qjs", &mut make)?;
    inner::with_names(&workshop.read("app.wasm")?, &INNER)
}

/// Fails if a module comes from elsewhere. esbuild looks for packages in each folder above too, and nobody would notice if one
/// changed there.
fn is_of_the_workshop(workshop: &Workshop, guest: &str) -> Result<()> {
    let bundle: Value = serde_json::from_slice(&workshop.read("bundle.json")?)
        .context("esbuild does not say what it has bundled")?;
    let modules = bundle["inputs"].as_object();
    let mut modules = modules.into_iter().flat_map(|modules| modules.keys());
    let is_outside = |module: &&String| module.starts_with("..") || module.starts_with('/');
    let Some(module) = modules.find(is_outside) else {
        return Ok(());
    };
    let shown = module.rsplit("node_modules/").next().unwrap_or(module);
    Err(fault(format!(
        "`{guest}` imports `{shown}`, which is not in its folder"
    ))
    .hint("name its package in `package.json` and `package-lock.json` there, or copy the file")
    .into())
}

/// The module that the component exports: `run`, and the interfaces of a guest that others are composed of.
fn entry(guest: &Guest, other: &Other) -> String {
    let run = match guest.build.part {
        true => "",
        false => include_str!("javascript/entry.js"),
    };
    let exports = match other.exports.is_empty() {
        true => "",
        false => "export * from \"./app/{source}\";\n",
    };
    run.to_owned() + exports
}

/// Installs the packages of the lock file, and nothing that is not in it. npm gets what it needs for the network.
fn install(workshop: &Workshop, guest: &str) -> Result<()> {
    let mut npm = workshop.command("npm");
    npm.envs(env::vars_os().filter(|(name, _)| is_for_npm(name)))
        .current_dir(workshop.path("app"))
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--loglevel", "error"]);
    let installing = Installing {
        pins: &["package.json", "package-lock.json"],
        to: "app/node_modules",
        tool: "npm ci",
        command: npm,
    };
    brought::install(workshop, guest, installing)
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
