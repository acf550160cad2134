//! The tools of the languages: packages of registries, pinned here by version and digest.
//!
//! They are unpacked into `target/tools/languages/`, and installed nowhere else. What runs them must be on the machine:
//! `python3` for all packages of PyPI, `node` and `npm` for those of npm, and a C compiler for what keeps them
//! reproducible.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::language::Language;
use crate::packages::{Had, Package, Registry};
use crate::project::Project;

/// clang with wasi-libc, in one package.
const ZIG: Package = Package {
    registry: Registry::PyPi,
    name: "ziglang",
    version: "0.17.0",
    digest: "97079827064a7492cce5541ceb438ae8003ce1e54e399676da2d62fb7a5dc08b",
};

/// Bundles modules, and removes the types of TypeScript.
const ESBUILD: Package = Package {
    registry: Registry::Npm,
    name: "@esbuild/linux-x64",
    version: "0.28.2",
    digest: "9573bb2233aab0f9ea7647d5cca9726113cc1768de61d66b17267f4db84488f6",
};

/// Checks the types of TypeScript. It is in JavaScript itself.
const TYPESCRIPT: Package = Package {
    registry: Registry::Npm,
    name: "typescript",
    version: "5.9.3",
    digest: "10e108c9cf7d5f2879053dff18515fb405abf2ccef63eaaf017d9c571687a1d3",
};

/// QuickJS, and what makes a component of it with a script inside.
const QUICKJS: Package = Package {
    registry: Registry::Npm,
    name: "@andreiltd/componentize-qjs-binding-linux-x64-gnu",
    version: "0.4.5",
    digest: "66fdcdcd7f52b7606211a5118d7dfab5879434a60b601ccf707b3c2c8d92d0d6",
};

/// CPython, and what makes a component of it with a program inside.
const COMPONENTIZE_PY: Package = Package {
    registry: Registry::PyPi,
    name: "componentize-py",
    version: "0.25.1",
    digest: "8623cd8cab8453cb0cd8bf03f3c7103420d06f2f3d360186a280a70a1ca5e89f",
};

/// The packages of a language, in the order of [`Tools::packages`].
fn packages(language: Language) -> &'static [Package] {
    match language {
        Language::C => &[ZIG],
        Language::JavaScript => &[ESBUILD, QUICKJS, TYPESCRIPT],
        Language::Python => &[COMPONENTIZE_PY],
    }
}

/// The programs on the machine that the tools of a language need.
fn programs(language: Language) -> &'static [&'static str] {
    match language {
        Language::C => &["python3"],
        Language::JavaScript => &["node", "npm", "cc"],
        Language::Python => &["python3", "cc"],
    }
}

/// The versions and digests of a language's tools.
pub(super) fn identity(language: Language) -> String {
    let packages = packages(language).iter();
    let lines =
        packages.map(|package| format!("{} {} {}", package.name, package.version, package.digest));
    lines.collect::<Vec<_>>().join("\n")
}

/// What a person does about tools that cannot be had.
pub(super) fn hint(language: Language) -> String {
    let programs: Vec<String> = (programs(language).iter())
        .map(|program| format!("`{program}`"))
        .collect();
    format!(
        "guests in {language} need {} on the path, and the network for their first build; guests in other languages \
         are built without",
        programs.join(", ")
    )
}

/// The unpacked tools of one language.
#[derive(Debug)]
pub(super) struct Tools {
    /// The folder of each package.
    pub(super) packages: Vec<PathBuf>,
}

impl Tools {
    /// Fetches what is missing. The error that is a value says why it cannot be had.
    pub(super) fn get(project: &Project, language: Language) -> Result<Had<Tools>> {
        if !cfg!(all(
            target_os = "linux",
            target_arch = "x86_64",
            target_env = "gnu"
        )) {
            return Ok(Err("they are pinned for Linux on x86-64 only".to_owned()));
        }
        for program in programs(language) {
            if let Err(error) = started(program) {
                return Ok(Err(format!("`{program}` cannot be started: {error}")));
            }
        }
        let mut folders = Vec::new();
        for package in packages(language) {
            let stem = package.name.rsplit('/').next().unwrap_or(package.name);
            let folder = project.target.join("tools/languages").join(stem);
            let announce = |package: &Package| {
                eprintln!(
                    "fetching `{}` {} into `{}`, once, for guests in {language}",
                    package.name,
                    package.version,
                    project.relative(&folder).display()
                );
            };
            match package.fetch_all(&folder, announce)? {
                Ok(whole) => folders.push(whole),
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(Tools { packages: folders }))
    }
}

fn started(program: &str) -> std::io::Result<()> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().map(|_| ())
}
