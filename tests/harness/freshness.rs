//! The guests' components, and whether they were built from the current sources.
//!
//! `cargo xtask` builds what is stale, and then says where the components are. Under plain `cargo test` and
//! cargo-nextest, the harness asks `cargo xtask` which guests are stale, and does not test them.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, ensure};

/// Where components come from.
pub(crate) struct Guests {
    folder: PathBuf,
    /// The workspace that knows which guests are stale; `None` if the caller has said it.
    asked: Option<PathBuf>,
    stale: OnceLock<Result<BTreeSet<String>, String>>,
}

impl Guests {
    /// A folder of components. They are fresh, except for those in `stale`.
    pub(crate) fn known(folder: PathBuf, stale: &[String]) -> Guests {
        Guests {
            folder,
            asked: None,
            stale: OnceLock::from(Ok(stale.iter().cloned().collect())),
        }
    }

    /// The components in a workspace's target folder.
    pub(crate) fn of_workspace(workspace: &Path, target: &Path) -> Guests {
        Guests {
            folder: target.join("guests"),
            asked: Some(workspace.to_owned()),
            stale: OnceLock::new(),
        }
    }

    /// A guest's component.
    pub(crate) fn component(&self, guest: &str) -> Result<Vec<u8>> {
        let stale = self.stale.get_or_init(|| match &self.asked {
            Some(workspace) => self.ask(workspace).map_err(|error| format!("{error:#}")),
            None => Ok(BTreeSet::new()),
        });
        let stale = stale.as_ref().map_err(|message| anyhow!("{message}"))?;
        ensure!(
            !stale.contains(guest),
            "guest `{guest}` is not built from its sources as they are now\n\
             hint: run `cargo xtask build-guests`"
        );
        let path = self.folder.join(format!("{guest}.wasm"));
        fs::read(&path).with_context(|| {
            format!(
                "guest `{guest}` has no component `{}`\nhint: run `cargo xtask build-guests`",
                path.display()
            )
        })
    }

    /// The names of the stale guests.
    fn ask(&self, workspace: &Path) -> Result<BTreeSet<String>> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["xtask", "build-guests", "--check"])
            .current_dir(workspace)
            .env(
                "CARGO_TARGET_DIR",
                self.folder.parent().unwrap_or(workspace),
            )
            .output()
            .context("cannot start `cargo xtask build-guests --check`")?;
        let stale = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success() || !stale.is_empty(),
            "cannot tell whether the guests are fresh: `cargo xtask build-guests --check` failed\n{}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
        Ok(stale.lines().map(str::to_owned).collect())
    }
}
