//! A guest in C: bindings by wit-bindgen, a core module by `zig cc`, which is clang with wasi-libc.
//!
//! wasi-libc imports WASI 0.1, and the encoder adds the adapter to WASI 0.2, as for Rust's crates that import it.
//! Compilers for WASI 0.2 would need a sysroot that no registry has.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wit_bindgen_core::Files;
use wit_parser::Resolve;

use super::super::hermetic::WORKSPACE;
use super::tools::Tools;
use super::workshop::{WIT, Workshop};
use super::world::WORLD;

/// The folder of the bindings in a workshop.
const BINDINGS: &str = "bindings";

/// The stack of a guest in C, which is part of its memory. It is as large as that of a guest in Rust.
const STACK_BYTES: u32 = 1024 * 1024;

/// How the code that is shipped is compiled.
const SHIPPED: [&str; 3] = ["-Os", "-g0", "-flto"];

/// Builds a core module of the copy of the guest's files in `app`. Every `.c` file of the guest's folder is compiled. With
/// `lines`, which is the guest's folder in the workspace, the code says from which lines it comes.
pub(super) fn build(
    workshop: &Workshop,
    tools: &Tools,
    guest: &str,
    lines: Option<&str>,
) -> Result<Vec<u8>> {
    bindings(workshop)?;
    let zig = tools.packages[0].join("ziglang/zig");
    executable(&zig)?;
    let mut sources = Vec::new();
    c_files(&workshop.path("app"), "app", &mut sources)?;
    sources.sort();
    let mut clang = workshop.command(&zig);
    clang
        .env("ZIG_GLOBAL_CACHE_DIR", workshop.kept("zig-cache"))
        .env("ZIG_LOCAL_CACHE_DIR", workshop.path("zig-cache"))
        .args(["cc", "-target", "wasm32-wasi", "-mexec-model=reactor"])
        .args(["-std=c17", "-Wall", "-Wextra"])
        .args(match lines {
            None => SHIPPED.map(str::to_owned).to_vec(),
            Some(folder) => with_lines(folder),
        })
        // zig leaves out assertions where it optimises.
        .arg("-UNDEBUG")
        // zig's default of 16 MiB is more memory than the tier `lightweight` has.
        .arg(format!("-Wl,-z,stack-size={STACK_BYTES}"))
        .args(["-I", BINDINGS, "-o", "app.wasm"])
        .args(sources)
        .arg(format!("{BINDINGS}/{WORLD}.c"))
        .arg(format!("{BINDINGS}/{WORLD}_component_type.o"));
    workshop.run(guest, "zig cc", &mut clang)?;
    workshop.read("app.wasm")
}

/// Code that is not optimised, because optimised code has lost most of its lines. zig would add checks for undefined
/// behaviour to it, which the shipped code does not have.
fn with_lines(folder: &str) -> Vec<String> {
    let mut options = ["-O0", "-g", "-fno-sanitize=undefined"]
        .map(str::to_owned)
        .to_vec();
    // No path of the machine, as in guests in Rust.
    options.push(format!("-fdebug-prefix-map=app={WORKSPACE}/{folder}"));
    // Nobody wrote the bindings.
    options.push(format!("-fdebug-prefix-map={BINDINGS}=/{BINDINGS}"));
    options.push(format!("-fdebug-compilation-dir={WORKSPACE}"));
    options
}

/// Generates `guest.h`, `guest.c`, and an object file with the description of the world.
fn bindings(workshop: &Workshop) -> Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(workshop.path(WIT))
        .context("cannot read the guest's world")?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    let mut files = Files::default();
    let mut generator = wit_bindgen_c::Opts::default().build();
    generator
        .generate(&mut resolve, world, &mut files)
        .context("cannot generate the bindings")?;
    for (name, content) in files.iter() {
        let path = workshop.path(BINDINGS).join(name);
        crate::files::write_atomically(&path, content)?;
    }
    Ok(())
}

/// The C files of a folder, relative to the workshop.
fn c_files(folder: &Path, shown: &str, found: &mut Vec<String>) -> Result<()> {
    let context = || format!("cannot list `{shown}`");
    for entry in fs::read_dir(folder).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let shown = format!("{shown}/{name}");
        if path.is_dir() {
            c_files(&path, &shown, found)?;
        } else if path.extension().is_some_and(|end| end == "c") {
            found.push(shown);
        }
    }
    Ok(())
}

/// What unpacks the package does not say that this file is a program.
#[cfg(unix)]
fn executable(program: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make `{}` a program", program.display()))
}

#[cfg(not(unix))]
fn executable(_: &Path) -> Result<()> {
    Ok(())
}
