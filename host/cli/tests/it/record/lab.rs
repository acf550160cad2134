//! A folder in which runs are recorded and repeated.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fractalaw_report::{Difference, Report};
use fractalaw_testing::{cache, guest, workspace};
use rusqlite::Connection;
use toml::{Table, Value};

/// A folder in which runs are recorded and repeated.
pub(super) struct Lab(tempfile::TempDir);

pub(super) fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

impl Lab {
    pub(super) fn new() -> Lab {
        Lab(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn run(&self, name: &str, flags: &[String]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args(["run", "--json", "--cache"])
            .arg(cache())
            .args(flags)
            .arg(guest(name))
            .current_dir(self.0.path())
            .env_remove("RUST_LOG")
            .env("MODEL_KEY", "kept-to-itself")
            .output()
            .unwrap()
    }

    /// Records a run, repeats what was recorded, and returns the report and the text of the case.
    pub(super) fn recorded(&self, name: &str, flags: &[&str]) -> (Report, String) {
        let folder = format!("{name}-1");
        let mut all: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        all.extend(["--record".to_owned(), folder.clone()]);
        let output = self.run(name, &all);
        let note =
            format!("recorded in `{folder}`: `cargo xtask test --from {folder}` makes it a case\n");
        let words = said(&output);
        let rest = words.strip_prefix(&note);
        let rest = rest.unwrap_or_else(|| panic!("{name}: {words}"));
        let variables = "it has the values of the variables that the guest was given: `NAME`\n";
        let has_variables = flags.contains(&"--env");
        assert_eq!(rest, if has_variables { variables } else { "" }, "{name}");
        let ran: Report = serde_json::from_slice(&output.stdout).unwrap();
        let folder = self.path(&folder);
        let kept: Report =
            serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap();
        assert_eq!(kept, ran, "{name}");
        let case = fs::read_to_string(folder.join(format!("{name}-1.toml"))).unwrap();
        let output = self.run(name, &self.flags(&folder, &case));
        let mut again: Report = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{name}: {}\n{case}", said(&output)));
        again.effects.retain(|effect| effect.kind != "replay");
        let difference = Difference::of(&ran, &again);
        assert!(difference.is_empty(), "{name}: {difference:#?}\n{case}");
        (ran, case)
    }

    /// The flags of a case, as the harness understands it.
    fn flags(&self, folder: &Path, case: &str) -> Vec<String> {
        let case: Table = case.parse().unwrap();
        let nothing = Table::new();
        let table = |name: &str| case.get(name).and_then(Value::as_table).unwrap_or(&nothing);
        let beside = |file: &Value| folder.join(file.as_str().unwrap()).display().to_string();
        let mut flags = vec!["--deterministic".to_owned()];
        let mut flag = |name: &str, value: String| flags.extend([format!("--{name}"), value]);
        flag("clock", case["clock"].as_str().unwrap().to_owned());
        let text = |value: &Value| {
            let text = value.as_str().map(str::to_owned);
            text.unwrap_or_else(|| value.to_string())
        };
        flag("seed", text(&case["seed"]));
        for (key, value) in table("limits") {
            let text = text(value);
            match key.as_str() {
                "quotas" => {
                    for (name, most) in value.as_table().unwrap() {
                        flag("grant", format!("quotas.{name} = {most}"));
                    }
                }
                key => flag(key, text),
            }
        }
        let grants = table("grants");
        let list = |key: &str| {
            grants
                .get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
        };
        for arg in list("args") {
            flag("arg", arg.as_str().unwrap().to_owned());
        }
        for (name, value) in grants
            .get("env")
            .and_then(Value::as_table)
            .unwrap_or(&nothing)
        {
            flag("env", format!("{name}={}", value.as_str().unwrap()));
        }
        if let Some(file) = grants.get("stdin-file") {
            flag("stdin", beside(file));
        }
        for (number, dir) in list("dirs").enumerate() {
            let empty = self.path(&format!("empty-{number}"));
            let host = dir.get("host").map_or_else(
                || {
                    fs::create_dir(&empty).unwrap();
                    empty.display().to_string()
                },
                beside,
            );
            let how = if dir["writable"].as_bool().unwrap() {
                ":rw"
            } else {
                ""
            };
            flag(
                "dir",
                format!("{host}::{}{how}", dir["guest"].as_str().unwrap()),
            );
        }
        for line in list("lines") {
            flag("grant", line.as_str().unwrap().to_owned());
        }
        for kind in ["event", "tick"] {
            let Some(mut spec) = case.get(kind).and_then(Value::as_table).cloned() else {
                continue;
            };
            let file = beside(&spec["payload-file"]);
            spec.insert("payload-file".to_owned(), Value::from(file));
            flag("trigger", format!("{kind} = {}", Value::from(spec)));
        }
        for (key, value) in table("data") {
            match key.as_str() {
                "seed" => flag("data", format!("{}:rw", beside(value))),
                key => flag("grant", format!("data.{key} = {value}")),
            }
        }
        for (key, value) in table("ai") {
            let interface = match key.as_str() {
                "embed" => "embeddings",
                "classify" => "classify",
                "generate" => "inference",
                "replay" => {
                    flag("replay", beside(value));
                    continue;
                }
                "models" => {
                    let file = Value::from(beside(value));
                    flag("grant", format!("ai.models = {file}"));
                    continue;
                }
                _ => "",
            };
            flag("grant", format!("ai.{key} = {value}"));
            if !interface.is_empty() {
                let name = format!("fractal:app/ai-{interface}");
                flag("grant", format!("interfaces.\"{name}\" = true"));
            }
        }
        flags
    }

    /// A database from the files of a guest's cases.
    pub(super) fn database(&self, name: &str, seeds: &[&str]) {
        let connection = Connection::open(self.path("data.db")).unwrap();
        let cases = workspace().join("tests/cases").join(name);
        for seed in seeds {
            fractalaw_sqlite::import(&connection, &cases.join(seed)).unwrap();
        }
    }
}

pub(super) fn case_file(guest: &str, file: &str) -> String {
    let path = workspace().join("tests/cases").join(guest).join(file);
    path.display().to_string()
}
