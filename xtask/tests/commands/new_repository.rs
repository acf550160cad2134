//! `cargo xtask new --repository`: what it writes, what it refuses, and that everything works there from nothing.

use std::fs;

use toml::{Table, Value};

use crate::made::{Made, new, text};
use crate::scratch::repository;

#[test]
fn nothing_is_overwritten_and_names_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("full")).unwrap();
    fs::write(folder.path().join("full/note.txt"), "mine").unwrap();
    let shown = folder.path().display();
    for (path, expected) in [
        (
            folder.path().join("full"),
            format!("`{shown}/full` exists, and nothing is overwritten\nhint: choose another folder, or an empty one"),
        ),
        (
            folder.path().join("My_Desk"),
            "`My_Desk` is no name for a repository\nhint: its packages are called so: use lower-case words and digits with \
             `-` between them, such as `permit-desk`"
                .to_owned(),
        ),
        (
            folder.path().join("wasmtime"),
            "the name `wasmtime` is taken: a package, a binary, a folder of cargo's, or a group of tests is called so\n\
             hint: choose another name"
                .to_owned(),
        ),
        (
            repository().join("desk"),
            format!(
                "`{}` is inside of this repository\nhint: choose a folder beside it, such as `../desk`",
                repository().join("desk").display()
            ),
        ),
        (
            folder.path().join("nowhere/desk"),
            format!(
                "the folder `{shown}/nowhere` cannot be used: No such file or directory (os error 2)\n\
                 hint: make it first, or name another one"
            ),
        ),
    ] {
        let output = new(&path, &[]);
        let said = (output.status.code(), text(&output.stderr));
        assert_eq!(said, (Some(2), format!("error: {expected}\n")));
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1);
    // An empty folder is taken.
    fs::create_dir(folder.path().join("desk")).unwrap();
    assert_eq!(new(&folder.path().join("desk"), &[]).status.code(), Some(0));
}

#[test]
fn git_is_used_only_if_it_is_asked_for() {
    let made = Made::new(&[]);
    assert!(!made.root.join(".git").exists());
    let address = "https://example.com/fractalaw.git";
    let made = Made::new(&["--git", address, "--init"]);
    assert!(made.root.join(".git").is_dir());
    let cargo = made.table("Cargo.toml");
    let dependency = &cargo["workspace"]["dependencies"]["fractalaw-host"];
    assert_eq!(dependency["git"].as_str(), Some(address));
    assert_eq!(dependency["rev"].as_str().map(str::len), Some(40));
}

/// What the bytes and the fuel of guests, and what is compiled, depend on.
#[test]
fn compilers_and_profiles_are_those_of_this_repository() {
    let made = Made::new(&[]);
    let ours = |path: &str| fs::read_to_string(repository().join(path)).unwrap();
    assert_eq!(
        made.read("rust-toolchain.toml"),
        ours("rust-toolchain.toml")
    );
    assert_eq!(made.read("Cargo.lock"), ours("Cargo.lock"));
    let (cargo, our_cargo): (Table, Table) = (
        made.table("Cargo.toml"),
        ours("Cargo.toml").parse().unwrap(),
    );
    let (config, our_config): (Table, Table) = (
        made.table(".cargo/config.toml"),
        ours(".cargo/config.toml").parse().unwrap(),
    );
    assert_eq!(config, our_config);
    let key = |table: &Table, path: &[&str]| -> Value {
        path.iter().fold(Value::Table(table.clone()), |value, key| {
            value[*key].clone()
        })
    };
    for path in [
        &["profile", "guest"][..],
        &["profile", "release"],
        &["workspace", "dependencies", "wit-bindgen"],
        &["workspace", "package", "edition"],
        &["workspace", "package", "rust-version"],
    ] {
        assert_eq!(key(&cargo, path), key(&our_cargo, path), "{path:?}");
    }
    // Those of our packages that no host here has are left out.
    let packages = ["profile", "dev", "package"];
    let (theirs, all) = (key(&cargo, &packages), key(&our_cargo, &packages));
    for (package, profile) in theirs.as_table().unwrap() {
        assert_eq!(Some(profile), all.get(package), "{package}");
    }
}

/// The page shows every file, except for the copies of ours: `Cargo.lock` and the contract.
#[test]
fn the_page_has_the_whole_text() {
    let made = Made::new(&[]);
    let place = repository().join("guests/REPOSITORY.md");
    let page = fs::read_to_string(&place).unwrap_or_default();
    let mark = "<!-- From here on `cargo xtask new --repository ../desk` wrote it. -->\n";
    let (head, _) = page.split_once(mark).unwrap_or((&page, ""));
    let cargo = made.read("Cargo.toml");
    let ours = cargo.lines().find_map(|line| {
        let path = line.strip_prefix("fractalaw-host = { path = \"")?;
        path.strip_suffix("/host\" }")
    });
    let output = new(&made.folder.path().join("again"), &[]);
    let listed = text(&output.stdout).replace("again", "desk");
    let files = listed.lines().filter_map(|line| line.strip_prefix("    "));
    let mut expected = format!("{head}{mark}");
    for path in files.take_while(|path| !path.starts_with("wit/deps/")) {
        let language = match path.rsplit_once('.') {
            Some((_, "rs")) => "rust",
            Some((_, "toml")) => "toml",
            Some((_, "yml")) => "yaml",
            Some((_, "wit")) => "wit",
            Some((_, "md")) => "markdown",
            _ => "text",
        };
        let text = made.read(path).replace(ours.unwrap(), "../fractalaw");
        expected += &format!("\n### `{path}`\n\n````{language}\n{text}````\n");
    }
    if std::env::var_os("XTASK_ACCEPT").is_some() && page != expected {
        fs::write(&place, &expected).unwrap();
    }
    assert!(
        page == expected,
        "`guests/REPOSITORY.md` is not what a new repository has\n\
         hint: write it with `XTASK_ACCEPT=1 cargo test -p xtask the_page_has`, which fails once more, and look at `git diff`"
    );
}

/// A guest in another folder than `guests/`, with another interface.
const TIDE: &str = "//! Says how high the tide is.

wit_bindgen::generate!({ path: \"../../wit\", world: \"micro-app\", generate_all });

struct Tide;

impl Guest for Tide {
    fn run() -> Result<String, String> {
        Ok(acme::desk::tides::height(\"Dover\").to_string())
    }
}

export!(Tide);
";

#[test]
fn from_nothing_to_green_and_back() {
    let made = Made::new(&[]);
    // The second of two commands. One test is of the host's package, two are of the guest's logic, and five are about the
    // inventory.
    let stdout = made.ends(0, &["test"]);
    assert!(stdout.ends_with("\n11 passed, 0 failed\n"), "{stdout}");
    for test in [
        "storm-notice/calm ",
        "storm-notice/gale ",
        "storm-notice/place-not-granted ",
        "tests::only_a_gale_is_warned_of_and_recorded ",
        "tests::a_harbour_without_a_forecast_is_the_guests_own_error ",
    ] {
        assert!(stdout.contains(test), "{test}\n{stdout}");
    }

    // Formatting, clippy, docs, and the tests once more. Wasmtime is checked here only if clippy never saw it in this repository.
    let stdout = made.ends(0, &["ci"]);
    assert!(stdout.ends_with("\n11 passed, 0 failed\n"), "{stdout}");

    // The host offers its own interface, and the policy grants it.
    let policy = ["--policy", "tests/policy.toml", "--deterministic"];
    let run = ["run", "storm-notice", "--arg", "Dover"];
    let report = made.ends(0, &[&run[..], &policy].concat());
    assert_eq!(
        report,
        "warned: Dover

--- Audit Trail (1 entries) ---
  [warned] Dover — 38 knots are forecast

--- Effects (1 effects) ---
  [weather] looked-up Dover — knots 38 (committed)
Fuel: 17,855 consumed of 100,000,000 (instantiation 1, guest 6,489, host calls 11,365)
"
    );
    // A grant that is missing.
    let refused = made.ends(3, &run);
    let lines =
        "refused: it asks for 1 thing that it is not granted; these lines of policy grant it:
  [apps.storm-notice]
  interfaces.\"acme:desk/weather\" = true  # the interface `acme:desk/weather`
hint: ";
    assert!(refused.starts_with(lines), "{refused}");
    let inspected = made.ends(0, &["inspect", "storm-notice"]);
    assert!(inspected.contains("acme:desk/weather"), "{inspected}");

    // What is read of the cases.
    let fuel = made.ends(0, &["fuel"]);
    assert!(fuel.contains("storm-notice/gale"), "{fuel}");
    let profile = made.ends(0, &["profile", "storm-notice", "gale"]);
    assert!(
        profile.contains("acme:desk/weather@0.1.0 wind"),
        "{profile}"
    );
    made.ends(0, &["report"]);
    assert!(
        made.folder
            .path()
            .join("target/report/index.html")
            .is_file()
    );

    // Another behaviour fails a unit test and two cases, and the message has the line.
    let guest = "guests/storm-notice/src/lib.rs";
    made.edit(guest, "GALE_KNOTS: u32 = 34", "GALE_KNOTS: u32 = 40");
    let stdout = made.ends(12, &["test", "storm-notice"]);
    assert!(stdout.ends_with("\n2 passed, 3 failed\n"), "{stdout}");
    assert!(stdout.contains("-  warned: Dover\n"), "{stdout}");
    made.edit(guest, "GALE_KNOTS: u32 = 40", "GALE_KNOTS: u32 = 34");

    // A guest that is another member of the workspace, and an interface that only `wit/` has.
    made.edit("Cargo.toml", "\"guests/*\"", "\"guests/*\", \"teams/*\"");
    made.edit(
        "wit/world.wit",
        "    import weather;\n",
        "    import weather;\n    import tides;\n",
    );
    made.write(
        "wit/tides.wit",
        "package acme:desk@0.1.0;\n\ninterface tides {\n    height: func(place: string) -> u32;\n}\n",
    );
    let manifest = made.read("guests/storm-notice/Cargo.toml");
    made.write(
        "teams/harbour/Cargo.toml",
        &manifest.replace("storm-notice", "tide-table"),
    );
    made.write("teams/harbour/src/lib.rs", TIDE);
    let refused = made.ends(3, &["run", "tide-table"]);
    assert!(refused.contains("`acme:desk/tides@0.1.0`"), "{refused}");
    let stdout = made.ends(12, &["test", "inventory"]);
    assert!(
        stdout.contains("guest `tide-table` has no case"),
        "{stdout}"
    );
    a_member_outside_of_guests_has_a_case_that_passes(&made);
    fs::remove_dir_all(made.root.join("teams")).unwrap();
    made.edit("Cargo.toml", ", \"teams/*\"", "");

    // A new guest has its first case at once, and a test of its logic.
    made.ends(0, &["new", "buoy-check"]);
    let stdout = made.ends(0, &["test", "buoy-check"]);
    assert!(stdout.ends_with("\n2 passed, 0 failed\n"), "{stdout}");
    a_repository_without_a_host_for_tests_is_told_how_to_have_it(&made);

    // Another contract than the host's is named.
    let copy = "wit/deps/fractal-app/audit.wit";
    let was = made.read(copy);
    made.write(copy, &was.replace("record-event", "record"));
    let (code, _, stderr) = made.xtask(&["build-guests"]);
    assert_eq!(code, Some(12), "{stderr}");
    assert!(
        stderr.contains("`wit/deps/fractal-app/audit.wit` is not the contract's: line "),
        "{stderr}"
    );
    fs::remove_dir_all(made.root.join("wit/deps")).unwrap();
    made.ends(0, &["build-guests"]);
    assert_eq!(made.read(copy), was);

    // What is for this repository alone says so.
    let (code, _, stderr) = made.xtask(&["fuzz"]);
    assert_eq!(
        (code, &*stderr),
        (
            Some(2),
            "error: `cargo xtask fuzz` is not for this workspace: it looks for faults in Fractalaw's own host\n\
             hint: run it in a clone of Fractalaw\n"
        )
    );
}

/// With an interface that the host offers, a guest in `teams/` has cases like any other. It costs what the same source costs in
/// `guests/`, because its name, which is its first argument, is as long.
fn a_member_outside_of_guests_has_a_case_that_passes(made: &Made) {
    let manifest = made.read("guests/storm-notice/Cargo.toml");
    made.write(
        "teams/harbour/Cargo.toml",
        &manifest.replace("storm-notice", "harbour-news"),
    );
    let source = made.read("guests/storm-notice/src/lib.rs");
    made.write("teams/harbour/src/lib.rs", &source);
    let policy = made.read("tests/policy.toml");
    let granted = policy.replace("apps.storm-notice", "apps.harbour-news");
    made.write("tests/policy.toml", &format!("{policy}\n{granted}"));
    for (folder, file) in [
        ("cases", "gale.toml"),
        ("snapshots", "gale.behaviour.snap"),
        ("snapshots", "gale.fuel.snap"),
        ("snapshots", "gale.functions.snap"),
    ] {
        let same = made.read(&format!("tests/{folder}/storm-notice/{file}"));
        made.write(&format!("tests/{folder}/harbour-news/{file}"), &same);
    }
    let stdout = made.ends(0, &["test", "harbour-news"]);
    assert!(stdout.contains("harbour-news/gale "), "{stdout}");
    assert!(stdout.ends_with("\n3 passed, 0 failed\n"), "{stdout}");

    for folder in ["tests/cases/harbour-news", "tests/snapshots/harbour-news"] {
        fs::remove_dir_all(made.root.join(folder)).unwrap();
    }
    made.write("tests/policy.toml", &policy);
}

/// As one is that was made before new guests had unit tests.
fn a_repository_without_a_host_for_tests_is_told_how_to_have_it(made: &Made) {
    let files = [
        "Cargo.toml",
        "guests/storm-notice/Cargo.toml",
        "guests/buoy-check/Cargo.toml",
    ];
    let before = files.map(|file| made.read(file));
    for (file, text) in files.iter().zip(&before) {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("lib-micro-app"));
        let lines: Vec<&str> = lines.collect();
        made.write(file, &lines.join("\n"));
    }
    let (code, _, stderr) = made.xtask(&["new", "tide-check"]);
    assert_eq!(code, Some(2), "{stderr}");
    let expected = "error: `Cargo.toml` has no `lib-micro-app` in `[workspace.dependencies]`, which the unit tests of a new guest use\nhint: ";
    assert!(stderr.contains(expected), "{stderr}");
    for (file, text) in files.iter().zip(&before) {
        made.write(file, text);
    }
}
