//! `cargo xtask ci`: everything that CI checks, with the steps that fail quickest first.
//!
//! Each step uses the same features and profile as the next one. So Wasmtime is checked once, for clippy and the
//! docs, and compiled once, for the tests.

use std::process::ExitCode;

use anyhow::Result;

use crate::build_guests::toolchain::{TARGET, Toolchain};
use crate::cargo::{BENCHES, GROUPS, cargo, shell, step};
use crate::cases::harness::Snapshots;
use crate::flags;
use crate::project::{Project, read_toml};
use crate::test;
use crate::tidy;

/// Runs the command. It ends as `cargo xtask test` does, and writes no snapshot even if `CI` is not set.
pub(crate) fn run(project: &Project) -> Result<ExitCode> {
    let shell = shell(project)?;

    // In another repository `--all` would format our packages too.
    let (remedy, all) = match project.is_ours() {
        true => ("run `cargo fmt --all`", Some("--all")),
        false => ("run `cargo fmt`", None),
    };
    let format = cargo(&shell, "fmt").args(all).arg("--check");
    step("formatting", remedy, format)?;

    if project.is_ours() {
        eprintln!("\n── tidy");
        tidy::run(project)?;
    }

    let warnings = ["--", "-D", "warnings"];
    let groups = groups(project);
    let benches = project.is_ours().then_some(BENCHES.to_vec());
    for packages in groups.iter().chain(&benches) {
        let clippy = cargo(&shell, "clippy")
            .args(packages)
            .args(["--all-targets", "--locked"]);
        let remedy = format!(
            "run `cargo clippy --fix {} --all-targets`",
            packages.join(" ")
        );
        step("clippy", &remedy, clippy.args(warnings))?;
    }

    let guests: Vec<String> = project
        .rust_guests()?
        .into_iter()
        .chain(project.libraries()?)
        .collect();
    if !guests.is_empty() {
        Toolchain::ask(project)?.ready(project)?;
        let target = ["--target", TARGET, "--profile", "guest"];
        let remedy = format!("run `cargo clippy --fix {} -p GUEST`", target.join(" "));
        for guests in selections(project, &guests)? {
            let clippy = cargo(&shell, "clippy")
                .args(packages(&guests))
                .args(target)
                .arg("--locked");
            step("clippy of the guests", &remedy, clippy.args(warnings))?;
        }

        // As editors and `cargo test` see them. With the steps above, this is all of `cargo check --workspace --all-targets`,
        // which would compile Wasmtime once more, with the features of everything.
        let clippy = cargo(&shell, "clippy")
            .args(packages(&guests))
            .args(["--all-targets", "--locked"]);
        let remedy = "run `cargo clippy --fix --all-targets -p GUEST`";
        let title = "clippy of the guests on this machine, with their tests";
        step(title, remedy, clippy.args(warnings))?;
    }

    for packages in &groups {
        let doc = cargo(&shell, "doc")
            .args(packages)
            .args(["--no-deps", "--locked"]);
        let remedy = "correct the doc comments that the messages above name";
        step("docs", remedy, doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    }

    eprintln!("\n── tests");
    let flags = flags::Test {
        all: true,
        ..flags::Test::default()
    };
    test::verify(project, &flags, Snapshots::Never)
}

/// The guests that cargo can compile together for WebAssembly: first those with the standard library, then each one without it.
///
/// Packages that are selected together share the features of their dependencies. So `wit-bindgen` would bring the standard
/// library, and with it a second handler of panics, into a guest that has its own.
fn selections(project: &Project, guests: &[String]) -> Result<Vec<Vec<String>>> {
    let (mut together, mut alone) = (Vec::new(), Vec::new());
    for guest in guests {
        let manifest = read_toml(&project.guest_folder(guest).join("Cargo.toml"))?;
        let dependencies = manifest.get("dependencies");
        match dependencies.and_then(|table| table.get("lib-lean")) {
            Some(_) => alone.push(vec![guest.clone()]),
            None => together.push(guest.clone()),
        }
    }
    let together = (!together.is_empty()).then_some(together);
    Ok(together.into_iter().chain(alone).collect())
}

/// Selects packages in a call of cargo.
fn packages(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().flat_map(|name| ["-p", name])
}

/// The packages that run on this machine, as they are selected together.
fn groups(project: &Project) -> Vec<Vec<&str>> {
    match &project.settings {
        None => GROUPS.map(<[&str]>::to_vec).to_vec(),
        Some(settings) => vec![settings.packages_to_serve()],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{BENCHES, GROUPS};
    use crate::project::read_toml;

    /// Guests are listed when they are checked.
    #[test]
    fn every_member_of_the_workspace_is_checked() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let text = |path: &Path| read_toml(&path.join("Cargo.toml")).unwrap();
        let members = text(root)["workspace"]["members"].clone();
        let members = members.as_array().unwrap().iter();
        let members = members.filter_map(|member| member.as_str());
        let members = members.filter(|member| *member != "guests/*");
        let members = members.map(|member| {
            let name = text(&root.join(member))["package"]["name"].clone();
            name.as_str().unwrap().to_owned()
        });
        let checked = GROUPS.into_iter().chain([&BENCHES[..]]).flatten();
        let checked: BTreeSet<&str> = checked.copied().collect();
        let forgotten: Vec<String> = members
            .filter(|member| !checked.contains(&**member))
            .collect();
        assert!(forgotten.is_empty(), "{forgotten:?}");
    }
}
