//! Guests that are composed of others: what is built again, and what is refused.

use crate::guests::{cargo_toml, saying};
use crate::scratch::{Scratch, repository};

/// A part that gives a text.
const PART: &str = r#"//! A part of the tests.
wit_bindgen::generate!({ inline: "package acme:NAME@1.0.0;
    interface text { text: func() -> string; }
    world part { IMPORT export text; }
    OTHERS", world: "acme:NAME/part", generate_all });
struct Part;
impl exports::acme::MODULE::text::Guest for Part {
    fn text() -> String {
        TEXT
    }
}
export!(Part);
"#;

/// A guest that asks a part.
const WHOLE: &str = r#"//! A guest of the tests.
wit_bindgen::generate!({ path: "../../wit", inline: "package acme:whole-of-NAME;
    interface unused { unused: func(); }
    world whole { include fractal:app/minimal@0.1.0; import acme:NAME/text@1.0.0; import unused; }
    package acme:NAME@1.0.0 { interface text { TYPE } }", world: "acme:whole-of-NAME/whole", generate_all });
struct Whole;
impl Guest for Whole {
    fn run() -> Result<String, String> {
        let _ = acme::MODULE::text::text();
        Ok("whole".into())
    }
}
export!(Whole);
"#;

impl Scratch {
    /// A workspace that also has the program that composes guests.
    fn with_composer() -> Scratch {
        let scratch = Scratch::new();
        scratch.add_composer();
        scratch
    }

    /// Adds the program that composes guests.
    pub(crate) fn add_composer(&self) {
        let here = repository().join("xtask/compose");
        for file in ["Cargo.toml", "src/main.rs"] {
            let text = std::fs::read_to_string(here.join(file)).unwrap();
            self.write(&format!("compose/{file}"), &text);
        }
        let root = String::from_utf8(self.read("Cargo.toml")).unwrap();
        let root = root.replace("\"guests/*\"", "\"guests/*\", \"compose\"");
        self.write("Cargo.toml", &root);
    }

    /// Adds a part that gives the value of an expression.
    fn add_part(&self, name: &str, text: &str) {
        self.add(name, "part = true\n", &part(name, text));
    }

    fn add(&self, name: &str, manifest: &str, source: &str) {
        let cargo = cargo_toml(name, "");
        let manifest = format!("\n[package.metadata.micro-app]\n{manifest}");
        self.write(&format!("guests/{name}/Cargo.toml"), &(cargo + &manifest));
        self.write(&format!("guests/{name}/src/lib.rs"), source);
    }
}

fn part(name: &str, text: &str) -> String {
    asking_part(name, text, "", "")
}

/// A part that imports something from other packages.
fn asking_part(name: &str, text: &str, import: &str, others: &str) -> String {
    let source = PART.replace("NAME", name).replace("IMPORT", import);
    let source = source.replace("OTHERS", others).replace("TEXT", text);
    source.replace("MODULE", &name.replace('-', "_"))
}

/// A guest that asks the part with this name, whose function has this type.
fn whole(part: &str, of_type: &str) -> String {
    let source = WHOLE.replace("NAME", part).replace("TYPE", of_type);
    source.replace("MODULE", &part.replace('-', "_"))
}

/// What the part's function is.
const TEXT: &str = "text: func() -> string;";

/// The key `compose` with one interface.
fn compose(interface: &str, part: &str) -> String {
    format!("compose = {{ \"acme:{interface}\" = \"{part}\" }}\n")
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_change_of_a_part_reaches_everyone_who_is_composed_of_it_and_nobody_else() {
    let scratch = Scratch::with_composer();
    scratch.add_part("inner", "\"first\".into()");
    let source = whole("inner", TEXT);
    scratch.add("middle", &compose("inner/text", "inner"), &source);
    scratch.add("outer", &compose("inner/text@1.0.0", "inner"), &source);
    scratch.add_guest("composed-apart", "apart");
    let states = |expected: &[(&str, &str)]| {
        let states = scratch.build(&[]);
        let states: Vec<(&str, &str)> = (states.iter()).map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(states, expected);
    };
    let all = |part: &'static str, whole: &'static str| {
        [
            ("composed-apart", "fresh"),
            ("inner", part),
            ("middle", whole),
            ("outer", whole),
        ]
    };
    scratch.build(&["composed-apart"]);
    states(&all("rebuilt", "rebuilt"));
    states(&all("fresh", "fresh"));
    // Each part is in the whole as it was built.
    assert!(contains(
        &scratch.component("outer"),
        &scratch.component("inner")
    ));

    scratch.add_part("inner", "\"second\".into()");
    let ended = scratch.xtask(["build-guests", "--check"]);
    assert_eq!(ended.stdout, "inner\nmiddle\nouter\n");
    let ended = scratch.xtask(["build-guests", "--check", "outer"]);
    assert_eq!(ended.stdout, "outer\n");
    // Whoever is asked for is built with its parts, and nothing else.
    let built = scratch.build(&["outer"]);
    assert_eq!(built.keys().collect::<Vec<_>>(), ["inner", "outer"]);
    assert_eq!(built["inner"], "rebuilt");
    assert!(contains(&scratch.component("outer"), b"second"));
    states(&[
        ("composed-apart", "fresh"),
        ("inner", "fresh"),
        ("middle", "rebuilt"),
        ("outer", "fresh"),
    ]);
    // The part is compiled to the same bytes, so the whole stays as it is.
    scratch.add_part("inner", "\"second\".into() // said");
    states(&all("rebuilt", "fresh"));

    // What was composed of a part is not fresh when the part is refused before it is compiled.
    let refused = format!("part = true\n{}", compose("x/x", "nobody"));
    scratch.add("inner", &refused, &part("inner", "\"second\".into()"));
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    for expected in [
        "error: `inner` is composed of `nobody`, and no guest is called so\n",
        "error: `middle` is composed of `inner`, which could not be built\n",
        "error: `outer` is composed of `inner`, which could not be built\n",
    ] {
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
    let ended = scratch.xtask(["build-guests", "--check"]);
    assert_eq!(ended.stdout, "inner\nmiddle\nouter\n");
}

#[test]
fn a_part_of_a_part_is_built_in_and_asks_for_the_same_grants() {
    let scratch = Scratch::with_composer();
    let asks = "part = true\ntier = \"heavy\"\nenv = [\"SITE\"]\n";
    let inner = |text: &str| scratch.add("deep-inner", asks, &part("deep-inner", text));
    inner("std::env::var(\"SITE\").unwrap()");
    let middle = asking_part(
        "deep-middle",
        "acme::deep_inner::text::text()",
        "import acme:deep-inner/text@1.0.0;",
        &format!("package acme:deep-inner@1.0.0 {{ interface text {{ {TEXT} }} }}"),
    );
    let manifest = "part = true\ntier = \"lightweight\"\n".to_owned();
    let manifest = manifest + &compose("deep-inner/text", "deep-inner");
    scratch.add("deep-middle", &manifest, &middle);
    let outer = compose("deep-middle/text", "deep-middle");
    scratch.add("deep-outer", &outer, &whole("deep-middle", TEXT));
    scratch.build(&[]);
    let whole = scratch.component("deep-outer");
    for part in ["deep-inner", "deep-middle"] {
        assert!(contains(&whole, &scratch.component(part)), "{part}");
    }
    let manifest = br#"{"version":1,"manifest":{"env":["SITE"],"tier":"heavy"}}"#;
    assert!(whole.ends_with(manifest));
    // A change at the bottom reaches the top.
    inner("\"changed\".into()");
    let built = scratch.build(&["deep-outer"]);
    assert!(built.values().all(|state| state == "rebuilt"), "{built:?}");
    assert_eq!(built.len(), 3);
}

#[test]
fn more_parts_than_a_slot_has_memories_are_refused_in_words() {
    let scratch = Scratch::with_composer();
    let parts = ["many-a", "many-b", "many-c", "many-d"];
    let wants = |parts: &[&str]| {
        let each = |of: &dyn Fn(&str) -> String, between: &str| {
            parts
                .iter()
                .map(|part| of(part))
                .collect::<Vec<_>>()
                .join(between)
        };
        let imports = each(&|part| format!("import acme:{part}/text@1.0.0;"), " ");
        let packages = each(
            &|part| format!("package acme:{part}@1.0.0 {{ interface text {{ {TEXT} }} }}"),
            "\n",
        );
        let calls = each(
            &|part| format!("acme::{}::text::text();", part.replace('-', "_")),
            " ",
        );
        let source = whole("many-a", TEXT)
            .replace("import acme:many-a/text@1.0.0;", &imports)
            .replace("let _ = acme::many_a::text::text();", &calls);
        let from = source.find("package acme:many-a@1.0.0").unwrap();
        let to = from + source[from..].find('"').unwrap();
        let source = format!("{}{packages}{}", &source[..from], &source[to..]);
        let compose = each(&|part| format!("\"acme:{part}/text\" = \"{part}\""), ", ");
        (format!("compose = {{ {compose} }}\n"), source)
    };
    for part in parts {
        scratch.add_part(part, "\"text\".into()");
    }
    let (manifest, source) = wants(&parts[..3]);
    scratch.add("many-fits", &manifest, &source);
    let (manifest, source) = wants(&parts);
    scratch.add("many-over", &manifest, &source);
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    assert!(ended.stdout.contains("many-fits"), "{}", ended.stdout);
    let expected = "error: `many-over` is refused by the host: too large: memories: 5, expected at most 4\n\
                    hint: compose it of fewer guests: each, and each of its own parts, has a memory and two tables\n\
                    error: 1 of 6 guests failed to build: `many-over`";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
}

#[test]
fn what_cannot_be_composed_is_named_and_the_others_are_built() {
    let scratch = Scratch::with_composer();
    scratch.add_part("bad-part", "\"text\".into()");
    let good = whole("bad-part", TEXT);
    for (name, manifest) in [
        ("bad-circle-a", compose("x/x", "bad-circle-b")),
        ("bad-circle-b", compose("x/x", "bad-circle-a")),
        ("bad-good", compose("bad-part/text", "bad-part")),
        ("bad-interface", compose("bad-part/other", "bad-part")),
        ("bad-missing", compose("bad-part/text", "bad-prt")),
        ("bad-user", compose("bad-part/text", "bad-circle-a")),
        ("bad-shape", "compose = [\"bad-part\"]\n".to_owned()),
    ] {
        scratch.add(name, &manifest, &good);
    }
    let other = whole("bad-part", "text: func() -> u32;");
    scratch.add("bad-type", &compose("bad-part/text", "bad-part"), &other);
    scratch.add("bad-runs", "part = true\n", &saying("runs"));

    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    assert!(ended.stdout.contains("bad-good"), "{}", ended.stdout);
    let circle = "`bad-circle-a` -> `bad-circle-b` -> `bad-circle-a`\nhint: take one of these out";
    for expected in [
        &*format!("error: `bad-circle-a` is composed of itself: {circle}"),
        &*format!("error: `bad-circle-b` is composed of itself: {circle}"),
        "error: `bad-interface` does not import `acme:bad-part/other`, which it is to have from `bad-part`\n\
         hint: it imports `acme:bad-part/text@1.0.0`, ",
        "error: `bad-missing` is composed of `bad-prt`, and no guest is called so\n\
         hint: did you mean `bad-part`? ",
        "error: `bad-user` is composed of `bad-circle-a`, which could not be built\n",
        "error: `bad-runs` exports `run`, expected a part without it\nhint: ",
        "error: `guests/bad-shape/Cargo.toml`: bad value [\"bad-part\"] of key `compose` in ",
        "error: `bad-type` cannot be composed: `acme:bad-part/text@1.0.0` of `bad-part` does not fit: ",
        "error: 8 of 10 guests failed to build: ",
    ] {
        assert!(
            ended.stderr.contains(expected),
            "{expected}\n{}",
            ended.stderr
        );
    }
}
