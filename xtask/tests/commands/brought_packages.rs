//! Packages of npm and PyPI that guests bring: with a lock file in JavaScript, and with `requirements.txt` in Python.

use std::fs;

use crate::guests::returning;
use crate::made::Made;
use crate::scratch::Scratch;
use crate::tools::{are_there, share, with_tools};

const LOCK: &str = r#"{
  "name": "NAME",
  "lockfileVersion": 3,
  "requires": true,
  "packages": {
    "": { "name": "NAME", "dependencies": { "ms": "2.1.3" } },
    "node_modules/ms": {
      "version": "2.1.3",
      "integrity": "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA=="
    }
  }
}
"#;

const REQUIREMENTS: &str = "isodate==0.7.2 --hash=sha256:28009937d8031054830160fce6d409ed342816b543597cece116d966c6d99e15\n";

const IN_TYPESCRIPT: &str = "\
// A guest of the tests.

import { args } from \"micro-app\";
import ms from \"ms\";

export function run(): string {
  return `${ms(args()[0] ?? \"\")} ms`;
}
";

/// The package has no types of its own.
const TYPES: &str =
    "declare module \"ms\" {\n  export default function ms(text: string): number;\n}\n";

const IN_PYTHON: &str = "\
import isodate
import wit_world


class WitWorld(wit_world.WitWorld):
    def run(self) -> str:
        return f\"{isodate.parse_duration('P1DT2H').total_seconds():.0f} s\"
";

/// The files of a guest in TypeScript and of one in Python, each with a package.
fn files(name: &str) -> [(String, String); 7] {
    let declared = |source: &str| format!("version = \"0.1.0\"\nsource = \"{source}\"\n");
    let (script, python) = (
        format!("guests/javascript/{name}-in-typescript"),
        format!("guests/python/{name}-in-python"),
    );
    let package =
        format!("{{ \"name\": \"{name}\", \"dependencies\": {{ \"ms\": \"2.1.3\" }} }}\n");
    [
        (format!("{script}/micro-app.toml"), declared("main.ts")),
        (format!("{script}/main.ts"), IN_TYPESCRIPT.to_owned()),
        (format!("{script}/ms.d.ts"), TYPES.to_owned()),
        (format!("{script}/package.json"), package),
        (
            format!("{script}/package-lock.json"),
            LOCK.replace("NAME", name),
        ),
        (format!("{python}/micro-app.toml"), declared("app.py")),
        (format!("{python}/app.py"), IN_PYTHON.to_owned()),
    ]
}

/// Nothing is reached from here, and nothing that was fetched before is there.
const UNREACHABLE: [(&str, &str); 8] = [
    ("HOME", "/nowhere"),
    ("NPM_CONFIG_CACHE", "CACHE"),
    ("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9/"),
    ("NPM_CONFIG_FETCH_RETRIES", "0"),
    ("PIP_INDEX_URL", "http://127.0.0.1:9/"),
    ("PIP_FIND_LINKS", ""),
    ("PIP_NO_CACHE_DIR", "1"),
    ("PIP_RETRIES", "0"),
];

fn unreachable(scratch: Scratch) -> Scratch {
    let cache = scratch.path("../cache").to_str().unwrap().to_owned();
    UNREACHABLE.iter().fold(scratch, |scratch, (name, value)| {
        scratch.env(name, value.replace("CACHE", &cache))
    })
}

#[test]
fn packages_of_npm_and_pypi_are_built_in_and_run() {
    let test = "brought_packages::packages_of_npm_and_pypi_are_built_in_and_run";
    if !are_there(test, &["javascript", "python"]) {
        return;
    }
    let made = Made::new(&[]);
    share(&made.folder.path().join("target"));
    for (path, text) in files("brings") {
        made.write(&path, &text);
    }
    made.write(
        "guests/python/brings-in-python/requirements.txt",
        REQUIREMENTS,
    );
    let result = |guest: &str, arguments: &[&str]| {
        // A host that is not optimised compiles an interpreter of Python in a minute, or more on a busy machine.
        let patient = ["run", guest, "--compile-time", "10m"];
        let said = made.ends(0, &[&patient[..], arguments].concat());
        said.lines().next().unwrap().to_owned()
    };
    let days = ["--arg", "2 days"];
    assert_eq!(result("brings-in-typescript", &days), "172800000 ms");
    assert_eq!(result("brings-in-python", &[]), "93600 s");
}

#[test]
fn what_was_fetched_once_is_built_again_without_a_network() {
    let test = "brought_packages::what_was_fetched_once_is_built_again_without_a_network";
    if !are_there(test, &["javascript", "python"]) {
        return;
    }
    let scratch = with_tools();
    for (path, text) in files("again") {
        scratch.write(&path, &text);
    }
    scratch.write(
        "guests/python/again-in-python/requirements.txt",
        REQUIREMENTS,
    );
    scratch.build(&[]);
    let first = ["again-in-typescript", "again-in-python"].map(|guest| scratch.component(guest));
    fs::remove_dir_all(scratch.path("target/guests")).unwrap();
    let scratch = unreachable(scratch);
    scratch.build(&[]);
    let again = ["again-in-typescript", "again-in-python"].map(|guest| scratch.component(guest));
    assert!(first == again);
}

#[test]
fn without_a_network_the_error_names_the_guest_and_others_are_built() {
    let test = "brought_packages::without_a_network_the_error_names_the_guest_and_others_are_built";
    if !are_there(test, &["javascript", "python"]) {
        return;
    }
    let scratch = unreachable(with_tools());
    scratch.add_guest("needs-nothing", &returning("Ok(String::new())"));
    for (path, text) in files("cut-off") {
        scratch.write(&path, &text);
    }
    // Another text, so that what another test has fetched is not this.
    scratch.write(
        "guests/python/cut-off-in-python/requirements.txt",
        &format!("# cut off\n{REQUIREMENTS}"),
    );
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    for (guest, tool, pins) in [
        ("cut-off-in-typescript", "npm ci", "package-lock.json"),
        ("cut-off-in-python", "pip install", "requirements.txt"),
    ] {
        let expected = format!(
            "`{guest}` does not build: `{tool}` ended with exit status: 1\n\
             hint: the messages of `{tool}` stand above: it fetches what `{pins}` pins, and refuses a package with another \
             digest; a build that has fetched it once needs no network\n"
        );
        assert!(
            ended.stderr.contains(&expected),
            "{expected}\n{}",
            ended.stderr
        );
    }
    assert!(ended.stderr.contains("127.0.0.1:9"), "{}", ended.stderr);
    assert!(!scratch.component("needs-nothing").is_empty());
}

#[test]
fn a_package_with_another_digest_is_refused() {
    let test = "brought_packages::a_package_with_another_digest_is_refused";
    if !are_there(test, &["javascript", "python"]) {
        return;
    }
    let scratch = with_tools();
    for (path, text) in files("forged") {
        scratch.write(&path, &text.replace("sha512-6F", "sha512-7F"));
    }
    scratch.write(
        "guests/python/forged-in-python/requirements.txt",
        &REQUIREMENTS.replace("sha256:28", "sha256:38"),
    );
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    for expected in [
        "EINTEGRITY",
        "THESE PACKAGES DO NOT MATCH THE HASHES",
        "`forged-in-typescript` does not build: `npm ci` ended with ",
        "`forged-in-python` does not build: `pip install` ended with ",
    ] {
        assert!(
            ended.stderr.contains(expected),
            "{expected}\n{}",
            ended.stderr
        );
    }
    // Without a digest, nothing is installed either.
    scratch.write(
        "guests/python/forged-in-python/requirements.txt",
        "isodate==0.7.2\n",
    );
    let ended = scratch.xtask(["build-guests", "forged-in-python"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    let expected = "In --require-hashes mode, all requirements must have their versions pinned";
    assert!(
        ended.stderr.contains("require-hashes") || ended.stderr.contains(expected),
        "{}",
        ended.stderr
    );
}
