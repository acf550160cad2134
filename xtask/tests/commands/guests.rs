//! Sources of the guests that the tests build.

use crate::scratch::Scratch;

impl Scratch {
    /// Adds a guest that says `text` and keeps to the contract.
    pub(crate) fn add_guest(&self, name: &str, text: &str) {
        self.add_guest_from(name, "", &saying(text));
    }

    /// Adds a guest with this source, and this at the end of its `Cargo.toml`.
    pub(crate) fn add_guest_from(&self, name: &str, cargo: &str, source: &str) {
        self.write(
            &format!("guests/{name}/Cargo.toml"),
            &cargo_toml(name, cargo),
        );
        self.write(&format!("guests/{name}/src/lib.rs"), source);
    }
}

/// A `Cargo.toml` whose last section is `[dependencies]`.
pub(crate) fn cargo_toml(name: &str, rest: &str) -> String {
    format!(
        "[package]\n\
         name = \"{name}\"\n\
         description = \"A guest of the tests\"\n\
         version.workspace = true\n\
         edition.workspace = true\n\
         \n\
         [lib]\n\
         crate-type = [\"cdylib\"]\n\
         \n\
         [dependencies]\n\
         wit-bindgen.workspace = true\n\
         {rest}"
    )
}

/// A source that returns the value of an expression.
pub(crate) fn returning(expression: &str) -> String {
    format!(
        "//! A guest of the tests.\n\
         wit_bindgen::generate!({{ path: \"../../wit\", world: \"micro-app\" }});\n\
         struct App;\n\
         impl Guest for App {{\n    \
             fn run() -> Result<String, String> {{\n        {expression}\n    }}\n\
         }}\n\
         export!(App);\n"
    )
}

/// A source that returns a text.
pub(crate) fn saying(text: &str) -> String {
    returning(&format!("Ok({text:?}.into())"))
}

/// A source with a contract of its own, and `run` with this signature and body.
pub(crate) fn with_wit(wit: &str, run: &str) -> String {
    format!(
        "//! A guest of the tests.\n\
         wit_bindgen::generate!({{ inline: r#\"{wit}\"# }});\n\
         struct App;\n\
         impl Guest for App {{\n    {run}\n}}\n\
         export!(App);\n"
    )
}
