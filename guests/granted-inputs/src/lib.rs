//! Shows what a micro-app sees of its surroundings: arguments, environment, standard input and the
//! folder `/data`. What was not granted is empty or refused; nothing comes from the machine that
//! runs it.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

const FOLDER: &str = "/data";

struct GrantedInputs;

impl Guest for GrantedInputs {
    fn run() -> Result<String, String> {
        let sections = [
            ("arguments", arguments()),
            ("environment", environment()),
            ("stdin", standard_input()),
            ("folder", folder(Path::new(FOLDER))),
            (
                "writing",
                writing(&Path::new(FOLDER).join("granted-inputs.tmp")),
            ),
        ];
        let mut summary = Vec::new();
        for (name, lines) in sections {
            record_event(&AuditEntry {
                event_type: "input-read".into(),
                resource: name.into(),
                detail: format!("{} lines", lines.len()),
            });
            summary.push(format!("{name}:"));
            summary.extend(lines.iter().map(|line| format!("  {line}")));
        }
        Ok(summary.join("\n"))
    }
}

fn arguments() -> Vec<String> {
    env::args()
        .skip(1)
        .map(|argument| format!("{argument:?}"))
        .collect()
}

fn environment() -> Vec<String> {
    let mut variables: Vec<_> = env::vars()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    variables.sort();
    variables
}

fn standard_input() -> Vec<String> {
    let mut text = String::new();
    match io::stdin().read_to_string(&mut text) {
        Ok(_) => text.lines().map(String::from).collect(),
        Err(error) => vec![format!("cannot be read: {error}")],
    }
}

/// One line for each entry below `folder`, sorted: the order in which a file system lists them
/// means nothing.
fn folder(folder: &Path) -> Vec<String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return vec![format!("`{}` cannot be listed: {error}", folder.display())],
    };
    let mut lines = Vec::new();
    for entry in entries {
        match entry.map(|entry| entry.path()) {
            Ok(path) if path.is_dir() => lines.extend(self::folder(&path)),
            Ok(path) => lines.push(match fs::read_to_string(&path) {
                Ok(text) => format!("`{}` holds {} bytes: {text:?}", path.display(), text.len()),
                Err(error) => format!("`{}` cannot be read: {error}", path.display()),
            }),
            Err(error) => lines.push(format!("an entry cannot be listed: {error}")),
        }
    }
    lines.sort();
    lines
}

/// Creates and removes `file`, so that a folder is left as it was found.
fn writing(file: &Path) -> Vec<String> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .map(drop);
    let removed = written.and_then(|()| fs::remove_file(file));
    vec![match removed {
        Ok(()) => format!("`{}` was created and removed", file.display()),
        Err(error) => format!("`{}` cannot be created: {error}", file.display()),
    }]
}

export!(GrantedInputs);
