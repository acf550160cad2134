//! `cargo xtask test --from`: a recorded run becomes a case, with a stand-in for the harness.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::guests::returning;
use crate::scratch::{Ended, Scratch, repository};

/// The folder of the recorded run, which is the name of the case.
const FOLDER: &str = "first-day";

/// Records the case as the file `ran.json` says, and accepts what it is told to.
const HARNESS: &str = r##"//! A stand-in.
use std::fs;
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |option: &str| {
        let at = arguments.iter().position(|argument| argument == option)?;
        arguments.get(at + 1).cloned()
    };
    let only = after("--only").unwrap();
    let guest = only.strip_suffix("/first-day").unwrap();
    fs::read(format!("cases/{guest}/first-day.toml")).unwrap();
    fs::read(format!("cases/{guest}/first-day/stdin")).unwrap();
    if let Some(folder) = after("--record") {
        fs::create_dir_all(format!("{folder}/{guest}")).unwrap();
        fs::copy("../ran.json", format!("{folder}/{only}.json")).unwrap();
    } else {
        fs::create_dir_all(format!("snapshots/{guest}")).unwrap();
        fs::write(format!("snapshots/{only}.fuel.snap"), "").unwrap();
    }
    // A test interrupts it here.
    let does = if after("--record").is_some() { "record" } else { "accept" };
    if fs::read_to_string("../waits").is_ok_and(|waits| waits == does) {
        eprintln!("waits");
        loop {
            std::thread::park();
        }
    }
    println!("\nrunning 1 test");
    println!("did {}", after("--snapshots").unwrap_or_else(|| "record".to_owned()));
    println!("\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}
"##;

/// A workspace with this guest, a folder of its recorded run, and what the case does.
fn scratch(guest: &str) -> (Scratch, Value) {
    let scratch = Scratch::new();
    scratch.add_guest_from(guest, "", &returning("Ok(String::new())"));
    scratch.add_stand_ins_beside_guests();
    scratch.write("tests/tests/cases.rs", HARNESS);
    // Scratch workspaces share what is built, and this stand-in is another one.
    let manifest = String::from_utf8(scratch.read("tests/Cargo.toml")).unwrap();
    let manifest = manifest.replace("[package]\n", "[package]\nversion = \"0.0.3\"\n");
    scratch.write("tests/Cargo.toml", &manifest);
    // The neighbour of every case is not here, so it is not asked for.
    scratch.build(&[guest]);
    let record = repository().join("xtask/tests/records/plain/default.json");
    let mut record: Value = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
    let digest = Sha256::digest(scratch.component(guest));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    record["case"] = json!(format!("{guest}/{FOLDER}"));
    record["subject"] = json!(guest);
    record["report"]["app"] = json!({ "name": guest, "version": "0.1.0", "sha256": digest });
    scratch.write("ran.json", &record.to_string());
    let mut report = record["report"].clone();
    report["durations_us"] = json!({ "load": 1, "wait": 2, "run": 3 });
    scratch.write(&format!("{FOLDER}/{FOLDER}.toml"), "about = \"a run\"\n");
    scratch.write(&format!("{FOLDER}/{FOLDER}/stdin"), "a\r\n");
    scratch.write(&format!("{FOLDER}/report.json"), &report.to_string());
    (scratch, report)
}

fn from(scratch: &Scratch) -> Ended {
    scratch.xtask(["test", "--from", FOLDER])
}

fn has_case(scratch: &Scratch, guest: &str) -> bool {
    let has = |folder: &str| scratch.path(&format!("tests/{folder}/{guest}")).exists();
    has("cases") || has("snapshots")
}

/// What the command says last.
fn last(ended: &Ended) -> String {
    let (_, said) = ended.stderr.rsplit_once("error: ").unwrap_or_default();
    said.to_owned()
}

#[test]
fn a_case_that_repeats_its_run_is_taken_and_accepted() {
    let (scratch, _) = scratch("from-taken");
    let ended = from(&scratch);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("did accept\n"), "{}", ended.stdout);
    let case = |file: &str| scratch.read(&format!("tests/cases/from-taken/{file}"));
    assert_eq!(case("first-day.toml"), b"about = \"a run\"\n");
    assert_eq!(case("first-day/stdin"), b"a\r\n");
    // What stands there is not written over.
    let ended = from(&scratch);
    assert_eq!(
        (ended.code, &*last(&ended)),
        (
            2,
            "`tests/cases/from-taken/first-day.toml` exists\n\
             hint: record the run in a folder of another name, or remove the case\n"
        )
    );
    // In CI nothing is written.
    let ended = scratch.env("CI", "true").xtask(["test", "--from", FOLDER]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
}

#[test]
fn a_case_that_does_not_repeat_its_run_is_not_taken() {
    let (scratch, mut report) = scratch("from-other");
    report["audit"][0]["fuel"] = json!(401);
    report["memory"]["peak_bytes"] = json!(1);
    scratch.write(&format!("{FOLDER}/report.json"), &report.to_string());
    let ended = from(&scratch);
    assert_eq!(
        (ended.code, &*last(&ended)),
        (
            12,
            "the case does not repeat the recorded run: `audit` differs, `memory` differs\n\
             hint: record it again: something changed what the run read while it was recorded, or `tests/policy.toml` \
             grants less\n"
        )
    );
    assert!(!has_case(&scratch, "from-other"));
    assert!(!ended.stdout.contains("did accept"), "{}", ended.stdout);
}

/// Whether it runs the case for the first time, or writes its snapshots, nothing of the case is left.
#[test]
fn an_interrupted_command_leaves_nothing_of_the_case() {
    let guest = "from-interrupted";
    let (scratch, _) = scratch(guest);
    for waits in ["record", "accept"] {
        scratch.write("waits", waits);
        let mut child = scratch
            .command("", ["test", "--from", FOLDER])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = lines.map(Result::unwrap);
        assert!(said.any(|line| line == "waits"), "{waits}");
        assert!(has_case(&scratch, guest), "{waits}");
        let id = child.id().to_string();
        let kill = Command::new("kill").args(["-INT", &id]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130), "{waits}");
        assert!(!has_case(&scratch, guest), "{waits}");
    }
    std::fs::remove_file(scratch.path("waits")).unwrap();
    let ended = from(&scratch);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(has_case(&scratch, guest));
}

#[test]
fn what_is_no_record_of_a_guest_of_the_workspace_is_refused() {
    let (scratch, mut report) = scratch("from-strange");
    let refused = |code: i32, said: &str| {
        let ended = from(&scratch);
        assert_eq!((ended.code, &*last(&ended)), (code, said));
        assert!(!has_case(&scratch, "from-strange"));
    };
    report["app"]["sha256"] = json!("ab".repeat(32));
    scratch.write(&format!("{FOLDER}/report.json"), &report.to_string());
    refused(
        12,
        "the recorded run is one of another build of `from-strange`\n\
         hint: record it again, with `target/guests/from-strange.wasm` as it is now\n",
    );
    report["app"]["name"] = json!("elsewhere");
    scratch.write(&format!("{FOLDER}/report.json"), &report.to_string());
    refused(
        2,
        "the run is one of `elsewhere`, which is no guest of this workspace\n\
         hint: record a run of a component in `target/guests/`\n",
    );
    let hint = "hint: name a folder that `fractalaw run --record FOLDER` made\n";
    std::fs::remove_file(scratch.path(&format!("{FOLDER}/{FOLDER}.toml"))).unwrap();
    refused(
        2,
        &format!("`{FOLDER}` has no case: no run was recorded there to its end\n{hint}"),
    );
}
