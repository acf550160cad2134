//! The files of a new repository. `guests/REPOSITORY.md` shows each of them, and a test compares the page.

use fractalaw_contract::standard::APP_FILES;

use super::origin::Origin;
use crate::build_guests::contract_files;

/// What the texts are filled with.
pub(crate) struct Texts<'a> {
    pub(crate) name: &'a str,
    pub(crate) from: &'a Origin,
}

/// Paths in the new repository, each with a template.
macro_rules! templates {
    ($($path:literal: $template:literal,)*) => {
        [$(($path, include_str!(concat!("../../../templates/repository/", $template)))),*]
    };
}

/// The templates, in the order in which a reader wants them.
const TEMPLATES: [(&str, &str); 34] = templates![
    "README.md": "README.md",
    "Cargo.toml": "root.toml",
    ".cargo/config.toml": "cargo-config.toml",
    "rust-toolchain.toml": "rust-toolchain.toml",
    ".gitignore": "gitignore",
    ".gitattributes": "gitattributes",
    ".github/workflows/ci.yml": "workflow.yml",
    "xtask/Cargo.toml": "xtask.toml",
    "xtask/src/main.rs": "xtask.rs",
    "wit/world.wit": "world.wit",
    "wit/weather.wit": "weather.wit",
    "host/Cargo.toml": "host.toml",
    "host/src/lib.rs": "host.rs",
    "host/src/main.rs": "program.rs",
    "host/src/weather.rs": "weather.rs",
    "serve/Cargo.toml": "serve.toml",
    "serve/src/main.rs": "serve.rs",
    "guests/storm-notice/Cargo.toml": "guest.toml",
    "guests/storm-notice/src/lib.rs": "guest.rs",
    "tests/Cargo.toml": "tests.toml",
    "tests/harness.rs": "harness.rs",
    "tests/policy.toml": "policy.toml",
    "tests/cases/storm-notice/gale.toml": "gale.toml",
    "tests/cases/storm-notice/calm.toml": "calm.toml",
    "tests/cases/storm-notice/place-not-granted.toml": "place-not-granted.toml",
    "tests/snapshots/storm-notice/gale.behaviour.snap": "gale.behaviour.snap",
    "tests/snapshots/storm-notice/gale.fuel.snap": "gale.fuel.snap",
    "tests/snapshots/storm-notice/gale.functions.snap": "gale.functions.snap",
    "tests/snapshots/storm-notice/calm.behaviour.snap": "calm.behaviour.snap",
    "tests/snapshots/storm-notice/calm.fuel.snap": "calm.fuel.snap",
    "tests/snapshots/storm-notice/calm.functions.snap": "calm.functions.snap",
    "tests/snapshots/storm-notice/place-not-granted.behaviour.snap": "place-not-granted.behaviour.snap",
    "tests/snapshots/storm-notice/place-not-granted.fuel.snap": "place-not-granted.fuel.snap",
    "tests/snapshots/storm-notice/place-not-granted.functions.snap": "place-not-granted.functions.snap",
];

impl Texts<'_> {
    /// Every file, with its path. The contract's files are the last ones.
    pub(crate) fn all(&self) -> Vec<(String, String)> {
        let contract = APP_FILES.iter().map(|file| {
            let path = format!("{}/{}", contract_files::FOLDER, file.file);
            (path, file.text.to_owned())
        });
        let templates = TEMPLATES.iter();
        let templates = templates.map(|(path, text)| ((*path).to_owned(), self.fill(text)));
        templates.chain(contract).collect()
    }

    /// `{name}` is the name, `{crate}` the name in Rust, and `{folder}` of a dependency where our package is.
    fn fill(&self, text: &str) -> String {
        let folders = [
            "guests/lib-micro-app",
            "host/cli",
            "host/serve",
            "host",
            "tests",
            "xtask",
        ];
        let text = folders.iter().fold(text.to_owned(), |text, folder| {
            text.replace(&format!("{{{folder}}}"), &self.from.keys(folder))
        });
        text.replace("{name}", self.name)
            .replace("{crate}", &self.name.replace('-', "_"))
    }
}
