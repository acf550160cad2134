//! `fractalaw.toml`: what a supervisor runs, and how. `README.md` describes every key.

// From the ground up.
mod error;
mod settings;

mod text;

mod read;

use std::path::Path;

pub use error::ConfigError;
pub use settings::{App, Check, Config, Cron, Data, FILE, Models, Serve, Swap};

impl Config {
    /// Reads the file of a folder.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or says something that it cannot say.
    pub fn load(folder: &Path) -> Result<Config, ConfigError> {
        let path = folder.join(FILE);
        let text = text::read(&path)?;
        Config::parse(&path, &text)
    }

    /// Reads the text of a file, as if it were at this path.
    ///
    /// # Errors
    ///
    /// If the text says something that the file cannot say.
    pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
        read::config(path, text)
    }
}
