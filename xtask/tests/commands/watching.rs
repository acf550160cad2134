//! `test --watch` and `run --watch`, with stand-ins for the harness and the host: what a change starts, and how they end.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Stdio};
use std::thread;

use crate::guests::{cargo_toml, returning, saying};
use crate::scratch::Scratch;

/// A command that watches, and the lines that it says on standard error.
struct Watching {
    child: Child,
    lines: BufReader<ChildStderr>,
}

impl Watching {
    fn start(scratch: &Scratch, arguments: &[&str]) -> Watching {
        let mut child = scratch
            .command("", arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        // So that it never waits for somebody to read.
        let mut out = child.stdout.take().unwrap();
        thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Watching { child, lines }
    }

    /// Reads what is said until a round has ended. Returns the result, without the time, and everything.
    fn round(&mut self) -> (String, String) {
        let mut said = String::new();
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "it ended: {said}");
            said += &line;
            let waits = line.strip_suffix(" s; waiting for changes, Ctrl-C ends\n");
            if let Some(result) = waits.and_then(|line| line.strip_prefix("watch: ")) {
                let (result, _) = result.rsplit_once(" in ").unwrap();
                return (result.to_owned(), said);
            }
        }
    }

    /// Ends it as Ctrl-C does, and returns its exit code.
    fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-INT", &id])
            .status();
        assert!(kill.unwrap().success());
        self.child.wait().unwrap().code()
    }
}

/// Each run of the harness adds a line to `target/told`.
fn workspace(guest: &str) -> Scratch {
    let scratch = Scratch::new().env("EXPECTED", "pending");
    let told = scratch.path("told").display().to_string();
    let scratch = scratch.env("TOLD", told);
    scratch.add_guest(guest, "what it says first");
    scratch.add_stand_ins_beside_guests();
    for case in ["one", "two"] {
        scratch.write(&format!("tests/cases/{guest}/{case}.toml"), "");
    }
    scratch
}

/// The names that the harness was given the last time, and how often it ran.
fn told(scratch: &Scratch) -> (Vec<String>, usize) {
    let text = String::from_utf8(scratch.read("told")).unwrap();
    let words: Vec<&str> = text.lines().last().unwrap().split('|').collect();
    let names = words.windows(2).filter(|pair| pair[0] == "--only");
    let names = names.map(|pair| pair[1].to_owned()).collect();
    (names, text.lines().count())
}

#[test]
fn a_change_runs_the_cases_that_it_concerns() {
    let guest = "watched-cases";
    let scratch = workspace(guest);
    let mut watching = Watching::start(&scratch, &["test", "--watch", guest]);
    assert_eq!(watching.round().0, "passed");
    assert_eq!(told(&scratch), (vec![guest.to_owned()], 1));

    scratch.write(&format!("tests/cases/{guest}/two.toml"), "about = \"\"");
    let (result, said) = watching.round();
    assert_eq!(result, "passed", "{said}");
    // The first round has completed `Cargo.lock` here.
    let changed = format!("\nwatch: changed: `Cargo.lock`, `tests/cases/{guest}/two.toml`\n");
    assert!(said.starts_with(&changed), "{said}");
    assert_eq!(told(&scratch), (vec![format!("{guest}/two")], 2));

    // What the harness writes for review starts nothing, and neither does another guest's case.
    scratch.write(&format!("tests/snapshots/{guest}/one.fuel.snap.new"), "");
    scratch.write("tests/cases/another/one.toml", "");
    let (result, said) = watching.round();
    assert_eq!(result, "nothing to run", "{said}");
    assert!(
        said.starts_with("\nwatch: changed: `tests/cases/another/one.toml`\n"),
        "{said}"
    );
    assert_eq!(told(&scratch).1, 2);

    let source = format!("guests/{guest}/src/lib.rs");
    scratch.write(&source, "this does not compile");
    let (result, said) = watching.round();
    assert_eq!(result, "failed", "{said}");
    assert!(
        said.contains(&format!("error: `{guest}` does not compile\n")),
        "{said}"
    );
    assert_eq!(told(&scratch).1, 2);

    scratch.write(&source, &saying("what it says later"));
    let (result, said) = watching.round();
    assert_eq!(result, "passed", "{said}");
    assert_eq!(told(&scratch), (vec![guest.to_owned()], 3));
    assert_eq!(watching.interrupt(), Some(130));
}

/// The stand-in for the host changes the guest's source while it runs, once.
const CHANGES_ITS_GUEST: &str = r#"//! A stand-in.
fn main() {
    let source = "guests/watched-run/src/lib.rs";
    let text = std::fs::read_to_string(source).unwrap();
    std::fs::write(source, text.replace("first", "second")).unwrap();
    std::process::exit(std::env::args().count() as i32);
}
"#;

#[test]
fn what_changes_during_a_run_starts_one_more() {
    let scratch = workspace("watched-run");
    scratch.write("cli/src/bin/fractalaw.rs", CHANGES_ITS_GUEST);
    scratch.write("input.txt", "one");
    let mut watching = Watching::start(
        &scratch,
        &["run", "watched-run", "--stdin", "input.txt", "--watch"],
    );
    // The program's name, `run`, the component and two words: the flag is not among them.
    assert_eq!(watching.round().0, "exit code 5");
    let (result, said) = watching.round();
    assert_eq!(result, "exit code 5", "{said}");
    assert!(
        said.starts_with("\nwatch: changed: `Cargo.lock`, `guests/watched-run/src/lib.rs`\n"),
        "{said}"
    );

    scratch.write("input.txt", "two");
    let (result, said) = watching.round();
    assert_eq!(result, "exit code 5", "{said}");
    assert!(said.contains("input.txt`\n"), "{said}");

    // A comment gives the same component.
    let source = "guests/watched-run/src/lib.rs";
    let text = String::from_utf8(scratch.read(source)).unwrap();
    scratch.write(source, &format!("{text}// A comment.\n"));
    assert_eq!(watching.round().0, "the same component, nothing to run");
    assert_eq!(watching.interrupt(), Some(130));
}

#[test]
fn names_that_mean_nothing_are_said_at_once() {
    let scratch = workspace("watched-names");
    for arguments in [
        &["test", "--watch", "watched-name/three", "watched-names"][..],
        &["run", "watched-name", "--watch"],
        &["run", "watched-names", "--watch", "--stdin", "-"],
    ] {
        let ended = scratch.xtask(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
    }
}

/// A guest that is a member of the workspace elsewhere, and depends on a package beside it.
#[test]
fn a_change_is_seen_wherever_a_guest_is_and_what_it_reads() {
    let scratch = workspace("watched-near");
    let root = String::from_utf8(scratch.read("Cargo.toml")).unwrap();
    let root = root.replace("\"guests/*\"", "\"guests/*\", \"teams/*\"");
    scratch.write("Cargo.toml", &root);
    let far = "watched-far-helper = { path = \"../../helper\" }\n\n[package.metadata.micro-app]\n";
    scratch.write(
        "teams/watched-far/Cargo.toml",
        &cargo_toml("watched-far", far),
    );
    let source = returning("Ok(watched_far_helper::TEXT.into())");
    scratch.write("teams/watched-far/src/lib.rs", &source);
    scratch.write(
        "helper/Cargo.toml",
        "[package]\nname = \"watched-far-helper\"\nedition = \"2024\"\n",
    );
    let helper = |text: &str| format!("//! Helps.\n/// Text.\npub const TEXT: &str = {text:?};\n");
    scratch.write("helper/src/lib.rs", &helper("one"));
    scratch.write("tests/cases/watched-far/one.toml", "");
    let mut watching = Watching::start(&scratch, &["test", "--watch", "watched-far"]);
    assert_eq!(watching.round().0, "passed");

    // The second is known since the first build. The last is not there at first.
    for (file, text) in [
        ("teams/watched-far/src/lib.rs", source + "// A comment.\n"),
        ("helper/src/lib.rs", helper("two")),
        (
            ".cargo/config.toml",
            "[env]\nOF_THE_MACHINE = \"1\"\n".to_owned(),
        ),
    ] {
        scratch.write(file, &text);
        let (result, said) = watching.round();
        assert_eq!(result, "passed", "{said}");
        assert!(said.contains(&format!("`{file}`\n")), "{said}");
        assert_eq!(told(&scratch).0, ["watched-far"], "{file}");
    }
    assert_eq!(watching.interrupt(), Some(130));
}

#[test]
fn a_component_by_its_path_and_an_input_that_comes_later_are_watched() {
    let scratch = workspace("watched-inputs");
    let host = "//! A stand-in.\nfn main() {\n    std::process::exit(9);\n}\n";
    scratch.write("cli/src/bin/fractalaw.rs", host);
    scratch.write("x.wasm", "one");
    let arguments = [
        "run",
        "./x.wasm",
        "--stdin=input.txt",
        "--dir",
        "facts::/facts",
        "--watch",
    ];
    let mut watching = Watching::start(&scratch, &arguments);
    assert_eq!(watching.round().0, "exit code 9");
    for (file, text) in [
        ("x.wasm", "two"),
        ("input.txt", "one"),
        ("facts/.env", "one"),
        ("facts/target/a.tmp", "one"),
    ] {
        scratch.write(file, text);
        let (result, said) = watching.round();
        assert_eq!(result, "exit code 9", "{said}");
        assert!(said.contains(&format!("{file}`\n")), "{said}");
    }
    assert_eq!(watching.interrupt(), Some(130));
}

#[test]
fn what_a_round_could_not_run_is_run_by_the_next_one() {
    let guest = "watched-later";
    let scratch = workspace(guest);
    let mut watching = Watching::start(&scratch, &["test", "--watch", guest]);
    assert_eq!(watching.round().0, "passed");
    let lock = String::from_utf8(scratch.read("Cargo.lock")).unwrap();
    scratch.write("Cargo.lock", "no lock file");
    assert_eq!(watching.round().0, "failed");
    scratch.write(&format!("tests/cases/{guest}/two.toml"), "about = \"\"");
    assert_eq!(watching.round().0, "failed");
    scratch.write("Cargo.lock", &lock);
    let (result, said) = watching.round();
    assert_eq!(result, "passed", "{said}");
    assert_eq!(told(&scratch), (vec![format!("{guest}/two")], 2));
    assert_eq!(watching.interrupt(), Some(130));
}
