//! `fuel` and `report` against a revision that lacks some of today's guests, with a stand-in for the harness.

use std::process::Command;

use crate::guests::returning;
use crate::scratch::{Scratch, repository};
use crate::stand_ins::PACKAGES;

/// Records each case that is asked for, `SUBJECT/default` for every folder in `tests/cases`. It fails if the
/// guest has no component, as the harness does.
const HARNESS: &str = r##"//! A stand-in.
use std::fs;
use std::path::Path;
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |option: &str| -> Vec<&str> {
        let options = arguments.windows(2).filter(|pair| pair[0] == option);
        options.map(|pair| &*pair[1]).collect()
    };
    let only = after("--only");
    let (guests, records) = (Path::new(after("--guests")[0]), Path::new(after("--record")[0]));
    for entry in fs::read_dir("cases").unwrap() {
        let subject = entry.unwrap().file_name().into_string().unwrap();
        let case = format!("{subject}/default");
        if !only.is_empty() && !only.contains(&&*case) {
            continue;
        }
        if !guests.join(format!("{subject}.wasm")).exists() {
            println!("guest `{subject}` has no component");
            std::process::exit(101);
        }
        let folder = records.join(&subject);
        fs::create_dir_all(&folder).unwrap();
        let record = RECORD.replace("plain", &subject);
        fs::write(folder.join("default.json"), record).unwrap();
    }
}
"##;

/// A workspace with a commit of one guest, and another guest that was added later.
fn scratch() -> Scratch {
    let scratch = Scratch::new();
    let members = PACKAGES
        .map(|(folder, _)| format!("\"{folder}\""))
        .join(", ");
    let manifest = String::from_utf8(scratch.read("Cargo.toml")).unwrap();
    let manifest = manifest.replace("\"guests/*\"", &format!("\"guests/*\", {members}"));
    scratch.write("Cargo.toml", &manifest);
    scratch.add_stand_ins();
    let record = repository().join("xtask/tests/records/plain/default.json");
    let record = std::fs::read_to_string(record).unwrap();
    let harness = format!("{HARNESS}\nconst RECORD: &str = {record:?};\n");
    scratch.write("tests/tests/cases.rs", &harness);
    // Another version than the usual stand-in's. The scratch workspaces share what is built, and cargo takes
    // packages in the same folder of two workspaces for the same.
    let manifest = String::from_utf8(scratch.read("tests/Cargo.toml")).unwrap();
    let manifest = manifest.replace("[package]\n", "[package]\nversion = \"0.0.1\"\n");
    scratch.write("tests/Cargo.toml", &manifest);
    scratch.write(".gitignore", "target\n");
    add(&scratch, "against-old");
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &["commit", "--quiet", "--message", "One guest"],
    ] {
        let status = Command::new("git")
            .args(["-c", "user.name=test", "-c", "user.email=test@example.org"])
            .args(arguments)
            .current_dir(scratch.root())
            .status();
        assert!(status.unwrap().success());
    }
    add(&scratch, "against-new");
    scratch
}

fn add(scratch: &Scratch, guest: &str) {
    scratch.add_guest_from(guest, "", &returning("Ok(String::new())"));
    let case = format!("tests/cases/{guest}/default.toml");
    scratch.write(&case, "about = \"nothing\"\n");
}

#[test]
fn the_cases_of_a_guest_that_was_not_there_are_new() {
    let scratch = scratch();
    let ended = scratch.xtask(["fuel", "--against", "HEAD", "--json"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let rows: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let rows: Vec<_> = rows.as_array().unwrap().iter().collect();
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["case"].as_str().unwrap(),
                row["before"].as_u64(),
                row["note"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("against-new/default", None, Some("new")),
            ("against-old/default", Some(2234), None),
        ]
    );

    let page = |rest: &[&str]| {
        let ended = scratch.xtask(["report", "--against", "HEAD"].iter().chain(rest));
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
        let page = String::from_utf8(scratch.read("target/report/index.html")).unwrap();
        let case = |guest: &str| page.contains(&format!("id=\"{guest}/default\""));
        (
            case("against-old"),
            case("against-new"),
            page.matches(">new<").count(),
        )
    };
    assert_eq!(page(&[]), (true, true, 1));
    // Nothing that is asked for existed in that revision.
    assert_eq!(page(&["against-new"]), (false, true, 1));
}
