//! The tools of the languages besides Rust, shared with this repository's target folder. On a machine without them, a test
//! that needs them says that it is skipped, and why. CI has all of them, so there it fails.

use std::fs;
use std::io::{Write, stderr};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::OnceLock;

use crate::scratch::Scratch;

/// A guest in each language that does not build even if its tools are there, and says so at once.
const PROBES: [(&str, &str, &str); 3] = [
    ("c", "main.c", "#error there\n"),
    ("javascript", "app.js", "there(\n"),
    ("python", "requirements.txt", "there?\n"),
];

/// Makes the tools of this repository those of another target folder.
pub(crate) fn share(target: &Path) {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let tools = own.join("tools/languages");
    fs::create_dir_all(&tools).unwrap();
    fs::create_dir_all(target.join("tools")).unwrap();
    symlink(tools, target.join("tools/languages")).unwrap();
}

/// A workspace with these tools.
pub(crate) fn with_tools() -> Scratch {
    let scratch = Scratch::new();
    share(&scratch.path("target"));
    scratch
}

/// Whether a test of guests in these languages can go on. Otherwise it is skipped. The message goes past the test harness,
/// which hides what a passing test prints.
pub(crate) fn are_there(test: &str, languages: &[&str]) -> bool {
    if std::env::var_os("CI").is_some() {
        return true;
    }
    let why = languages.iter().find_map(|language| missing(language));
    if let Some(why) = &why {
        let _ = writeln!(stderr(), "SKIPPED {test}: {why}");
    }
    why.is_none()
}

/// Why the tools of a language cannot be had, as `build-guests` says it; `None` if they are there.
fn missing(language: &str) -> Option<&'static str> {
    static WHY: [OnceLock<Option<String>>; 3] = [const { OnceLock::new() }; 3];
    let at = PROBES.iter().position(|probe| probe.0 == language).unwrap();
    let why = WHY[at].get_or_init(|| {
        let (_, file, text) = PROBES[at];
        let source = if file == "requirements.txt" {
            "app.py"
        } else {
            file
        };
        let scratch = with_tools();
        let folder = format!("guests/{language}/probe");
        scratch.write(&format!("{folder}/{source}"), "");
        scratch.write(&format!("{folder}/{file}"), text);
        let manifest = format!("version = \"0.1.0\"\nsource = \"{source}\"\n");
        scratch.write(&format!("{folder}/micro-app.toml"), &manifest);
        let said = scratch.xtask(["build-guests"]).stderr;
        let (_, why) = said.split_once("`probe` is not built, because ")?;
        why.lines().next().map(str::to_owned)
    });
    why.as_deref()
}
