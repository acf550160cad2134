//! Where a new repository has Fractalaw from.

use std::path::PathBuf;

/// Where the new repository has these commands and the host from.
pub(crate) enum Origin {
    /// This clone, by its path from the new repository.
    Folder(PathBuf),
    /// A repository that git can fetch.
    Git { address: String, commit: String },
}

impl Origin {
    /// The keys of a dependency on the package in this folder of our repository.
    pub(super) fn keys(&self, folder: &str) -> String {
        // Text in JSON is text in TOML.
        let text = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Origin::Folder(root) => {
                let path = root.join(folder).display().to_string();
                format!("path = {}", text(&path.replace('\\', "/")))
            }
            Origin::Git { address, commit } => {
                format!("git = {}, rev = {}", text(address), text(commit))
            }
        }
    }
}
