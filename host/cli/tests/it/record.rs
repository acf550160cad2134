//! `--record`: a run, with all that it is given, becomes a case. Here the case is made into flags again, and the run is
//! repeated by them, to the unit of fuel. `cargo xtask test --from` does the same with the harness.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fractalaw_report::{Difference, Report};
use fractalaw_testing::{ModelServer, cache, guest, models_program, tiny_writers, workspace};
use rusqlite::Connection;
use toml::{Table, Value};

/// A folder in which runs are recorded and repeated.
struct Lab(tempfile::TempDir);

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

impl Lab {
    fn new() -> Lab {
        Lab(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, name: &str, flags: &[String]) -> Output {
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
    fn recorded(&self, name: &str, flags: &[&str]) -> (Report, String) {
        let folder = format!("{name}-1");
        let mut all: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        all.extend(["--record".to_owned(), folder.clone()]);
        let output = self.run(name, &all);
        let note =
            format!("recorded in `{folder}`: `cargo xtask test --from {folder}` makes it a case\n");
        assert_eq!(said(&output), note, "{name}");
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
        flag("seed", case["seed"].to_string());
        for (key, value) in table("limits") {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
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
    fn database(&self, name: &str, seeds: &[&str]) {
        let connection = Connection::open(self.path("data.db")).unwrap();
        let cases = workspace().join("tests/cases").join(name);
        for seed in seeds {
            fractalaw_sqlite::import(&connection, &cases.join(seed)).unwrap();
        }
    }
}

fn case_file(guest: &str, file: &str) -> String {
    let path = workspace().join("tests/cases").join(guest).join(file);
    path.display().to_string()
}

#[test]
fn arguments_variables_and_input_are_recorded() {
    let lab = Lab::new();
    let (_, case) = lab.recorded("hello-world", &["--fuel", "50000000", "--memory", "8MiB"]);
    assert!(
        case.contains("\nfuel = 50000000\nmemory = \"8388608 B\"\n"),
        "{case}"
    );
    let file = case_file("incident-classifier", "reports.txt");
    let flags = [
        "--stdin",
        &file,
        "--arg",
        "a \"b\"",
        "--env",
        "NAME=a\nb",
        "--grant",
        "quotas.audit-entries = 900",
        "--grant",
        "ai.embed = \"static\"",
        "--grant",
        "ai.classify = \"static\"",
        "--grant",
        "interfaces.\"fractal:app/ai-classify\" = true",
        "--grant",
        "interfaces.\"fractal:app/ai-embeddings\" = true",
    ];
    let (report, case) = lab.recorded("incident-classifier", &flags);
    assert!(!report.effects.is_empty());
    for line in [
        "args = [\"a \\\"b\\\"\"]",
        "env.\"NAME\" = \"a\\nb\"",
        "quotas.audit-entries = 900",
    ] {
        assert!(case.contains(line), "{line}: {case}");
    }
}

#[test]
fn the_time_and_random_numbers_of_a_recorded_run_come_again() {
    let lab = Lab::new();
    let (first, case) = lab.recorded("time-and-chance", &[]);
    assert!(!case.contains("clock = \"2025-01-01T"), "{case}");
    let other = Lab::new();
    let (second, _) = other.recorded("time-and-chance", &[]);
    assert_ne!(first.outcome, second.outcome);
}

#[test]
fn folders_are_recorded_as_they_were_before_the_run() {
    let lab = Lab::new();
    for (path, text) in [
        ("out/begin.txt", "begun"),
        ("out/deep/same.txt", "as it is"),
        ("out/gone.txt", "x"),
    ] {
        fs::create_dir_all(lab.path(path).parent().unwrap()).unwrap();
        fs::write(lab.path(path), text).unwrap();
    }
    fs::create_dir(lab.path("empty")).unwrap();
    let script = "write /out/begin.txt ended\nremove /out/gone.txt\nwrite /new/a.txt b\n";
    fs::write(lab.path("script"), script).unwrap();
    let flags = [
        "--stdin",
        "script",
        "--dir",
        "out::/out:rw",
        "--dir",
        "empty::/new:rw",
    ];
    let (_, case) = lab.recorded("folder-writer", &flags);
    assert!(
        case.contains("{ guest = \"/new\", writable = true }"),
        "{case}"
    );
    // The run itself was real.
    assert_eq!(
        fs::read_to_string(lab.path("out/begin.txt")).unwrap(),
        "ended"
    );
    assert_eq!(fs::read_to_string(lab.path("empty/a.txt")).unwrap(), "b");
}

#[test]
fn a_database_is_recorded_as_it_was_before_the_run() {
    let lab = Lab::new();
    let seeds = ["schema.sql", "permit.csv", "event.jsonl"];
    lab.database("permit-register", &seeds);
    let input = case_file("permit-register", "applications.txt");
    let flags = [
        "--data",
        "data.db:rw",
        "--arg",
        "register",
        "--stdin",
        &input,
        "--clock",
        "2026-03-01T02:00:00Z",
        "--deterministic",
    ];
    let (report, case) = lab.recorded("permit-register", &flags);
    assert!(!report.effects.is_empty(), "{}", report.text());
    assert!(case.contains("read = [\"*\"]\n"), "{case}");
    let count = |file: PathBuf| -> u64 {
        let connection = Connection::open(file).unwrap();
        let count = connection.query_row("SELECT count(*) FROM permit", [], |row| row.get(0));
        count.unwrap()
    };
    // The repetition has changed the copy since.
    assert!(count(lab.path("data.db")) > 0);
}

#[test]
fn answers_and_errors_of_models_are_recorded_and_keys_are_not() {
    let Some(program) = models_program() else {
        return;
    };
    let lab = Lab::new();
    lab.database("provision-polisher", &["schema.sql", "provision.csv"]);
    let socket = lab.path("models.sock");
    let model = format!(
        "ai.generate = {{ model = \"endless\", url = \"unix:{}\", key = \"MODEL_KEY\" }}",
        socket.display()
    );
    let flags = [
        "--data",
        "data.db:rw",
        "--grant",
        "interfaces.\"fractal:app/ai-inference\" = true",
        "--grant",
        &model,
    ];
    let server = ModelServer::start(&program, &tiny_writers(), &socket);
    let (report, case) = lab.recorded("provision-polisher", &flags);
    assert!(
        case.contains("\n[ai]\ngenerate = { \"model\" = \"endless\" }\nreplay = \""),
        "{case}"
    );
    assert_eq!(
        report
            .effects
            .iter()
            .filter(|effect| effect.kind == "generate")
            .count(),
        4
    );
    drop(server);
    // Nobody listens any more: the guest fails by an error of the call, and does so again.
    fs::remove_dir_all(lab.path("provision-polisher-1")).unwrap();
    let (report, _) = lab.recorded("provision-polisher", &flags);
    let outcome = report.outcome.to_string();
    assert!(outcome.contains("the model failed (1): "), "{outcome}");
    // A guest that is given the key would write it into the case.
    fs::remove_dir_all(lab.path("provision-polisher-1")).unwrap();
    let flags = flags.map(str::to_owned).into_iter();
    let more = ["--arg", "kept-to-itself", "--record", "with-key"].map(str::to_owned);
    let output = lab.run("provision-polisher", &flags.chain(more).collect::<Vec<_>>());
    assert_eq!(
        said(&output),
        "warning: nothing was recorded: `report.json` would have had the key in the variable `MODEL_KEY`\n\
         hint: give the guest no key, and use a server that does not send its key back\n"
            .replace("report.json", "with-key.toml")
    );
    assert!(!lab.path("with-key").exists());
}

#[test]
fn what_cannot_be_recorded_is_not_run() {
    let lab = Lab::new();
    fs::create_dir_all(lab.path("full/inner")).unwrap();
    fs::create_dir(lab.path("linked")).unwrap();
    std::os::unix::fs::symlink("/etc", lab.path("linked/etc")).unwrap();
    fs::write(lab.path("answers"), "").unwrap();
    let script = ["--stdin", "answers"];
    for (flags, expected) in [
        (
            &["--record", "answers.jsonl"][..],
            "error: `answers.jsonl` is no name for a case, expected lower-case words and digits with `-` between them\n\
             hint: name the folder as the case is to be called, such as `--record first-permit`\n",
        ),
        (
            &["--record", "answers"],
            "error: `answers` is a file, expected a new folder for the record of the run\n\
             hint: name a folder that does not exist: the answers of models are recorded with the run\n",
        ),
        (
            &["--record", "full"],
            "error: `full` is not empty, expected a new folder for the record of the run\n\
             hint: name another folder, or remove this one\n",
        ),
        (
            &["--record", "new", "--dir", "full::/out"],
            "error: the folder `full/inner` is empty, and git keeps no empty folder\n\
             hint: put a file into it, or remove it, and run again\n",
        ),
        (
            &["--record", "new", "--dir", "linked::/out"],
            "error: `linked/etc` is neither file nor folder, and cannot be recorded\n\
             hint: remove it from the granted folder, and run again\n",
        ),
    ] {
        let flags: Vec<_> = flags
            .iter()
            .chain(&script)
            .map(|flag| (*flag).to_owned())
            .collect();
        let output = lab.run("folder-writer", &flags);
        assert_eq!(
            (said(&output).as_str(), output.status.code()),
            (expected, Some(2)),
            "{flags:?}"
        );
        assert!(output.stdout.is_empty());
        assert!(!lab.path("new").exists(), "{flags:?}");
    }
}
