//! Guests in other languages than Rust: what `new` makes of them, that their bytes depend on nothing else, and what
//! happens without their tools.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::guests::returning;
use crate::scratch::{Scratch, repository};

const LANGUAGES: [&str; 3] = ["c", "javascript", "python"];

/// A workspace that shares the tools of this repository's target folder.
fn scratch() -> Scratch {
    let scratch = Scratch::new();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let tools = target.join("tools/languages");
    fs::create_dir_all(&tools).unwrap();
    fs::create_dir_all(scratch.path("target/tools")).unwrap();
    symlink(tools, scratch.path("target/tools/languages")).unwrap();
    scratch
}

/// The files of the template for a new guest.
fn add_new(scratch: &Scratch, language: &str, name: &str) {
    let templates = repository().join("xtask/templates").join(language);
    for entry in fs::read_dir(templates).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap().replace("{name}", name);
        scratch.write(&format!("guests/{language}/{name}/{file}"), &text);
    }
}

#[test]
fn a_new_guest_in_each_language_builds_and_is_listed() {
    let scratch = scratch().env("EXPECTED", "accept");
    scratch.add_stand_ins_beside_guests();
    for (language, source) in LANGUAGES.into_iter().zip(["main.c", "app.js", "app.py"]) {
        let name = format!("new-in-{language}");
        let ended = scratch.xtask(["new", &name, "--language", language]);
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
        let (_, listed) = ended.stdout.split_once("made the guest").unwrap();
        let files = [
            format!("guests/{language}/{name}/micro-app.toml"),
            format!("guests/{language}/{name}/{source}"),
            format!("tests/cases/{name}/default.toml"),
        ];
        let expected = format!(" `{name}`:\n    {}\n", files.join("\n    "));
        assert!(listed.starts_with(&expected), "{listed}");
        let component = scratch.component(&name);
        let contains = |text: &str| {
            component
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(contains(
            r#"{"version":1,"manifest":{"tier":"lightweight"}}"#
        ));
        assert!(contains("fractal:app/audit-log@0.1.0"));
        let ended = scratch.xtask(["build-guests", "--json", &name]);
        for absent in ["fractal:app/data-query", "wasi:sockets/tcp@"] {
            assert!(!ended.stdout.contains(absent), "{language}: {absent}");
        }
    }
    let ended = scratch.xtask(["new", "new-in-c"]);
    assert!(
        ended
            .stderr
            .starts_with("error: the name `new-in-c` is taken: `guests/c/new-in-c` exists"),
        "{}",
        ended.stderr
    );
    let ended = scratch.xtask(["new", "python"]);
    let expected = "error: the name `python` is taken: the folder of guests in Python is called so";
    assert!(ended.stderr.starts_with(expected), "{}", ended.stderr);
}

#[test]
fn two_clones_at_different_times_give_the_same_bytes() {
    let builds = ["UTC", "Asia/Tokyo"].map(|zone| {
        let scratch = scratch()
            .env("TZ", zone)
            .env("HOME", repository().join(zone).to_str().unwrap())
            .env("PYTHONHASHSEED", zone.len().to_string());
        for language in LANGUAGES {
            add_new(&scratch, language, &format!("twin-{language}"));
        }
        scratch.build(&[]);
        LANGUAGES.map(|language| scratch.component(&format!("twin-{language}")))
    });
    for (language, (one, two)) in LANGUAGES.iter().zip(builds[0].iter().zip(&builds[1])) {
        assert!(one == two, "{language}");
    }
}

#[test]
fn a_guest_is_stale_if_its_folder_changed_but_not_for_what_editors_need() {
    let scratch = scratch();
    add_new(&scratch, "javascript", "edited");
    let state = |expected: &str| {
        let built = scratch.build(&["edited"]);
        assert_eq!(
            built,
            BTreeMap::from([("edited".to_owned(), expected.to_owned())])
        );
    };
    state("rebuilt");
    scratch.write("guests/javascript/edited/node_modules/left/index.js", "");
    state("fresh");
    let source = String::from_utf8(scratch.read("guests/javascript/edited/app.js")).unwrap();
    scratch.write(
        "guests/javascript/edited/app.js",
        &source.replace("First run", "Second run"),
    );
    state("rebuilt");
}

#[test]
fn what_is_wrong_with_a_declaration_is_said() {
    let scratch = scratch();
    let file = "guests/javascript/wrong/micro-app.toml";
    add_new(&scratch, "javascript", "wrong");
    for (declared, expected) in [
        (
            "source = \"none.js\"\n",
            "`guests/javascript/wrong/micro-app.toml`: there is no file `none.js`\nhint: name the file",
        ),
        (
            "source = \"app.js\"\nimport = [\"data-query\"]\n",
            "`guests/javascript/wrong/micro-app.toml`: unknown field `import`",
        ),
        (
            "source = \"app.js\"\nimports = [\"data-querry\"]\n",
            "`wrong` imports `data-querry`, expected interfaces of `fractal:app`\nhint: did you mean `data-query`?",
        ),
        (
            "source = \"app.js\"\n[micro-app]\ntier = \"huge\"\n",
            "`guests/javascript/wrong/micro-app.toml`: bad value \"huge\" of key `tier` in `[micro-app]`",
        ),
    ] {
        scratch.write(file, declared);
        let ended = scratch.xtask(["build-guests"]);
        assert_eq!(ended.code, 11, "{}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
}

/// A folder with everything on the path except for the programs that begin so.
fn path_without(scratch: &Scratch, left_out: &[&str]) -> PathBuf {
    let folder = scratch.path("../path");
    fs::create_dir_all(&folder).unwrap();
    for directory in std::env::split_paths(&std::env::var_os("PATH").unwrap()) {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let is_left_out = left_out
                .iter()
                .any(|left_out| name.to_string_lossy().starts_with(left_out));
            if !is_left_out {
                // The first on the path counts.
                let _ = symlink(entry.path(), folder.join(name));
            }
        }
    }
    folder
}

#[test]
fn without_the_tools_of_a_language_everything_else_is_built_and_tested() {
    let scratch = scratch().env("EXPECTED", "pending");
    scratch.add_stand_ins_beside_guests();
    scratch.write("host/tests/it.rs", "#[test]\nfn passes() {}\n");
    scratch.add_guest("plain-rust", &returning("Ok(String::new())"));
    add_new(&scratch, "javascript", "needs-node");
    let told = scratch.path("told").to_str().unwrap().to_owned();
    let path = path_without(&scratch, &["node", "npm"]);
    let scratch = scratch
        .env("PATH", path.to_str().unwrap())
        .env("TOLD", &told);
    let why = "`needs-node` is not built, because the tools for JavaScript cannot be had: `node` cannot be started: ";

    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11);
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
    let last = "error: 1 of 2 guests failed to build: `needs-node`\n";
    assert!(ended.stderr.ends_with(last), "{}", ended.stderr);
    assert!(!scratch.component("plain-rust").is_empty());

    let ended = scratch.xtask(["test"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stderr.contains(&format!("SKIPPED {why}")),
        "{}",
        ended.stderr
    );
    let arguments = fs::read_to_string(&told).unwrap();
    assert!(arguments.contains("--skip|needs-node/"), "{arguments}");

    let scratch = scratch.env("CI", "true").env("EXPECTED", "never");
    let ended = scratch.xtask(["test"]);
    assert_eq!(ended.code, 11, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.ends_with(last), "{}", ended.stderr);
}
