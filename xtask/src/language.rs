//! The languages of guests besides Rust, and where their guests are.

use std::fmt;

/// A language that guests are written in, besides Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Language {
    /// C, compiled by clang with wasi-libc.
    C,
    /// JavaScript and TypeScript, run by QuickJS.
    JavaScript,
    /// Python, run by CPython.
    Python,
}

impl Language {
    /// All of them, by the names of their folders.
    pub(crate) const ALL: [Language; 3] = [Language::C, Language::JavaScript, Language::Python];

    /// The folder in `guests/` with one folder for each guest. Cargo's workspace leaves it out: a member in `guests/*`
    /// must have a `Cargo.toml`.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Language::C => "c",
            Language::JavaScript => "javascript",
            Language::Python => "python",
        }
    }

    /// Whether code can say from which lines of the source it comes. Of the others, the component's code is that of the
    /// language's runtime.
    pub(crate) fn has_lines(self) -> bool {
        match self {
            Language::C => true,
            Language::JavaScript | Language::Python => false,
        }
    }

    /// The name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Language::C => "C",
            Language::JavaScript => "JavaScript",
            Language::Python => "Python",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What `cargo xtask new` writes a guest in, if not in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "lowercase")]
pub(crate) enum Template {
    C,
    JavaScript,
    Python,
    TypeScript,
}

impl Template {
    /// The language among whose guests it is, and whose tools build it.
    pub(crate) fn language(self) -> Language {
        match self {
            Template::C => Language::C,
            Template::JavaScript | Template::TypeScript => Language::JavaScript,
            Template::Python => Language::Python,
        }
    }
}

/// The file in the folder of such a guest that makes it a guest.
pub(crate) const MANIFEST: &str = "micro-app.toml";
