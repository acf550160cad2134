//! Guests in other languages than Rust: what `new` makes of them, that their bytes depend on nothing else, and what
//! happens without their tools.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::guests::returning;
use crate::scratch::{Scratch, repository};
use crate::tools::{are_there, with_tools};

/// What `new --language` knows, the folder of its guests, and the source file.
const TEMPLATES: [(&str, &str, &str); 4] = [
    ("c", "c", "main.c"),
    ("javascript", "javascript", "app.js"),
    ("python", "python", "app.py"),
    ("typescript", "javascript", "main.ts"),
];

/// The folders of all templates.
const LANGUAGES: [&str; 3] = ["c", "javascript", "python"];

/// The files of the template for a new guest.
pub(crate) fn add_new(scratch: &Scratch, template: &str, name: &str) {
    let known = TEMPLATES.iter().find(|known| known.0 == template);
    let language = known.unwrap().1;
    let templates = repository().join("xtask/templates").join(template);
    for entry in fs::read_dir(templates).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap().replace("{name}", name);
        scratch.write(&format!("guests/{language}/{name}/{file}"), &text);
    }
}

#[test]
fn a_new_guest_in_each_language_builds_and_is_listed() {
    let test = "languages::a_new_guest_in_each_language_builds_and_is_listed";
    if !are_there(test, &LANGUAGES) {
        return;
    }
    let scratch = with_tools().env("EXPECTED", "accept");
    scratch.add_stand_ins_beside_guests();
    for (template, language, source) in TEMPLATES {
        let name = format!("new-in-{template}");
        let ended = scratch.xtask(["new", &name, "--language", template]);
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
            assert!(!ended.stdout.contains(absent), "{template}: {absent}");
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

/// Of each template a guest, and one in TypeScript that is composed of a part in C.
#[test]
fn two_clones_at_different_times_give_the_same_bytes() {
    let test = "languages::two_clones_at_different_times_give_the_same_bytes";
    if !are_there(test, &LANGUAGES) {
        return;
    }
    let builds = ["UTC", "Asia/Tokyo"].map(|zone| {
        let scratch = with_tools()
            .env("TZ", zone)
            .env("HOME", repository().join(zone).to_str().unwrap())
            .env("PYTHONHASHSEED", zone.len().to_string());
        for (template, ..) in TEMPLATES {
            add_new(&scratch, template, &format!("twin-{template}"));
        }
        scratch.add_composer();
        add_in_c(&scratch, "words", PART, &part_in_c("text"));
        scratch.write("guests/c/words/wit/words.wit", WORDS);
        let folder = "guests/javascript/twin-whole";
        let declared = format!("version = \"0.1.0\"\nsource = \"main.ts\"\n{COMPOSED}");
        scratch.write(&format!("{folder}/micro-app.toml"), &declared);
        scratch.write(&format!("{folder}/main.ts"), WHOLE_IN_TYPESCRIPT);
        let guests = scratch.build(&[]).into_keys();
        BTreeMap::from_iter(guests.map(|guest| (guest.clone(), scratch.component(&guest))))
    });
    assert_eq!(builds[0].len(), TEMPLATES.len() + 2);
    for (guest, component) in &builds[0] {
        assert!(*component == builds[1][guest], "{guest}");
    }
}

#[test]
fn a_guest_is_stale_if_its_folder_changed_but_not_for_what_editors_need() {
    let test = "languages::a_guest_is_stale_if_its_folder_changed_but_not_for_what_editors_need";
    if !are_there(test, &["javascript"]) {
        return;
    }
    let scratch = with_tools();
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
    // What is left out of the comparison is left out of the build: its changes would be built by chance only.
    for folder in ["target", ".git", "node_modules", "__pycache__"] {
        let module = format!("guests/javascript/edited/{folder}/words.js");
        scratch.write(&module, "export const words = 'words';\n");
        state("fresh");
        let import =
            format!("import {{ words }} from \"./{folder}/words.js\";\nconsole.log(words);\n");
        scratch.write("guests/javascript/edited/app.js", &(import + &source));
        let ended = scratch.xtask(["build-guests"]);
        assert_eq!(ended.code, 11, "{folder}: {}", ended.stderr);
        let expected = format!("Could not resolve \"./{folder}/words.js\"");
        assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
        scratch.write("guests/javascript/edited/app.js", &source);
        state("rebuilt");
    }
}

#[test]
fn what_is_wrong_with_a_declaration_is_said() {
    let test = "languages::what_is_wrong_with_a_declaration_is_said";
    if !are_there(test, &["javascript"]) {
        return;
    }
    let scratch = with_tools();
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

#[test]
fn a_type_error_ends_the_build_with_its_file_and_line() {
    let test = "languages::a_type_error_ends_the_build_with_its_file_and_line";
    if !are_there(test, &["javascript"]) {
        return;
    }
    let scratch = with_tools();
    let folder = "guests/javascript/mistyped";
    scratch.write(
        &format!("{folder}/micro-app.toml"),
        "version = \"0.1.0\"\nsource = \"main.ts\"\n",
    );
    let right =
        "export function run(): string {\n  const count: number = 7;\n  return `${count}`;\n}\n";
    let wrong = right.replace("= 7", "= 'seven'");
    scratch.write(&format!("{folder}/main.ts"), &wrong);
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    for expected in [
        "guests/javascript/mistyped/main.ts(2,9): error TS2322: Type 'string' is not assignable to type 'number'.\n",
        "error: the types of `mistyped` are wrong\n\
         hint: the messages above name the lines; `world.ts` there is made of what the guest's world says that it exports\n",
    ] {
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
    scratch.write(&format!("{folder}/main.ts"), right);
    scratch.build(&["mistyped"]);
}

/// The WIT package of a part that gives a text.
const WORDS: &str = "package acme:words@1.0.0;\ninterface text { text: func() -> string; }\n";

/// A part in C that gives this text.
fn part_in_c(text: &str) -> String {
    format!(
        "#include \"guest.h\"\n\
         void exports_acme_words_text_text(guest_string_t *ret) {{ guest_string_dup(ret, \"{text}\"); }}\n"
    )
}

/// What such a part declares, and a guest that asks it.
const PART: &str = "exports = [\"acme:words/text\"]\n[micro-app]\npart = true\n";
const COMPOSED: &str = "[micro-app]\ncompose = { \"acme:words/text\" = \"words\" }\n";

/// Guests that ask such a part.
const WHOLE_IN_TYPESCRIPT: &str =
    "import { text } from \"acme:words/text@1.0.0\";\nexport const run = (): string => text();\n";
const WHOLE_IN_C: &str = "#include \"guest.h\"\n\
    bool exports_guest_run(guest_string_t *ret, guest_string_t *err) {\n\
      (void)err;\n  acme_words_text_text(ret);\n  return true;\n}\n";

fn add_in_c(scratch: &Scratch, name: &str, declared: &str, source: &str) {
    let folder = format!("guests/c/{name}");
    let declared = format!("version = \"0.1.0\"\nsource = \"main.c\"\n{declared}");
    scratch.write(&format!("{folder}/micro-app.toml"), &declared);
    scratch.write(&format!("{folder}/main.c"), source);
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

#[test]
fn guests_in_other_languages_are_composed_and_stale_with_their_parts_and_their_wit() {
    let test = "languages::guests_in_other_languages_are_composed_and_stale_with_their_parts_and_their_wit";
    if !are_there(test, &["c"]) {
        return;
    }
    let scratch = with_tools();
    scratch.add_composer();
    add_in_c(&scratch, "words", PART, &part_in_c("first"));
    let wit = "guests/c/words/wit/words.wit";
    scratch.write(wit, WORDS);
    add_in_c(&scratch, "whole", COMPOSED, WHOLE_IN_C);
    add_new(&scratch, "c", "apart");
    let states = |part: &str, whole: &str, apart: &str| {
        let states = scratch.build(&[]);
        let states: Vec<(&str, &str)> = states.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(
            states,
            [("apart", apart), ("whole", whole), ("words", part)]
        );
    };
    states("rebuilt", "rebuilt", "rebuilt");
    states("fresh", "fresh", "fresh");
    let whole = scratch.component("whole");
    assert!(contains(&whole, &scratch.component("words")));
    // The part says which language it is in, where `inspect` reads it.
    assert!(contains(
        &scratch.component("words"),
        b"\x08language\x01\x01C\x0217"
    ));

    scratch.write("guests/c/words/main.c", &part_in_c("second"));
    let ended = scratch.xtask(["build-guests", "--check"]);
    assert_eq!(ended.stdout, "whole\nwords\n");
    states("rebuilt", "rebuilt", "fresh");
    assert!(contains(&scratch.component("whole"), b"second"));
    // A comment changes no byte of the part, but the bindings of whoever uses it come from the same file.
    scratch.write(wit, &format!("/// Said.\n{WORDS}"));
    states("rebuilt", "rebuilt", "fresh");
}

#[test]
fn what_cannot_be_exchanged_with_a_part_is_said() {
    let test = "languages::what_cannot_be_exchanged_with_a_part_is_said";
    if !are_there(test, &["c"]) {
        return;
    }
    let scratch = with_tools();
    let unexported = PART.replace("words/text", "words/txt");
    let composed = "[micro-app]\ncompose = { \"acme:words/txt\" = \"words\" }\n";
    for (name, declared) in [
        ("words", PART),
        ("no-package", PART),
        ("no-exports", "[micro-app]\npart = true\n"),
        ("no-interface", &unexported),
        ("no-import", composed),
    ] {
        add_in_c(&scratch, name, declared, &part_in_c("text"));
    }
    for name in ["words", "no-interface"] {
        scratch.write(&format!("guests/c/{name}/wit/words.wit"), WORDS);
    }
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    assert!(ended.stdout.contains("words"), "{}", ended.stdout);
    let has = "\nhint: the packages there have `acme:words/text@1.0.0`\n";
    for expected in [
        "`guests/c/no-exports/micro-app.toml`: a part without `exports`\nhint: name the interfaces",
        "error: `no-package` exports `acme:words/text`, and no WIT package in `guests/c/no-package/wit` has it\n\
         hint: put the package of the interface there\n",
        &format!(
            "error: `no-interface` exports `acme:words/txt`, and no WIT package in `guests/c/no-interface/wit` has it{has}"
        ),
        &format!(
            "error: `no-import` imports `acme:words/txt`, and no WIT package in `guests/c/words/wit` has it{has}"
        ),
    ] {
        assert!(
            ended.stderr.contains(expected),
            "{expected}\n{}",
            ended.stderr
        );
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
    let scratch = with_tools().env("EXPECTED", "pending");
    scratch.add_stand_ins_beside_guests();
    scratch.write("host/tests/it.rs", "#[test]\nfn passes() {}\n");
    scratch.add_guest("plain-rust", &returning("Ok(String::new())"));
    add_new(&scratch, "javascript", "needs-node");
    // A guest that cannot be built because of its part needs these tools too.
    let composed =
        "\n[package.metadata.micro-app]\ncompose = { \"acme:words/text\" = \"needs-node\" }\n";
    scratch.add_guest_from("plain-whole", composed, &returning("Ok(String::new())"));
    let told = scratch.path("told").to_str().unwrap().to_owned();
    let path = path_without(&scratch, &["node", "npm"]);
    let scratch = scratch
        .env("PATH", path.to_str().unwrap())
        .env("TOLD", &told);
    let why = "`needs-node` is not built, because the tools for JavaScript cannot be had: `node` cannot be started: ";

    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11);
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
    let last = "error: 2 of 3 guests failed to build: `needs-node`, `plain-whole`\n";
    assert!(ended.stderr.ends_with(last), "{}", ended.stderr);
    assert!(!scratch.component("plain-rust").is_empty());

    let ended = scratch.xtask(["test"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stderr.contains(&format!("SKIPPED {why}")),
        "{}",
        ended.stderr
    );
    let whole = "SKIPPED `plain-whole` is composed of `needs-node`, which could not be built\n";
    assert!(ended.stderr.contains(whole), "{}", ended.stderr);
    let arguments = fs::read_to_string(&told).unwrap();
    let without = ["needs-node", "plain-whole"].map(|guest| format!("--without|{guest}"));
    assert!(arguments.contains(&without.join("|")), "{arguments}");
    assert!(!arguments.contains("--stale"), "{arguments}");

    let scratch = scratch.env("CI", "true").env("EXPECTED", "never");
    let ended = scratch.xtask(["test"]);
    assert_eq!(ended.code, 11, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.ends_with(last), "{}", ended.stderr);
}
