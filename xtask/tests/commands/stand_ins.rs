//! Stand-ins for the packages that link Wasmtime: they compile in a moment, and print what they were told.

use crate::scratch::Scratch;

/// The packages that `cargo xtask test --all` tests and builds, by folder.
pub(crate) const PACKAGES: [(&str, &str); 26] = [
    ("ai", "fractalaw-ai"),
    ("arrow", "fractalaw-arrow"),
    ("auditor", "fractalaw-auditor"),
    ("catalogue", "fractalaw-catalogue"),
    ("cli", "fractalaw-cli"),
    ("data", "fractalaw-data"),
    ("data-call", "fractalaw-data-call"),
    ("events", "fractalaw-events"),
    ("events-engine", "fractalaw-events-engine"),
    ("folders", "fractalaw-folders"),
    ("fuzz", "fractalaw-fuzz"),
    ("host", "fractalaw-host"),
    ("contract", "fractalaw-contract"),
    ("instrument", "fractalaw-instrument"),
    ("ledger", "fractalaw-ledger"),
    ("limits", "fractalaw-limits"),
    ("manifest", "fractalaw-manifest"),
    ("models", "fractalaw-models"),
    ("native-host", "fractalaw-native-host"),
    ("provenance", "fractalaw-provenance"),
    ("registry", "fractalaw-registry"),
    ("report", "fractalaw-report"),
    ("serve", "fractalaw-serve"),
    ("sqlite", "fractalaw-sqlite"),
    ("testing", "fractalaw-testing"),
    ("tests", "fractalaw-tests"),
];

/// The harness with three tests. One fails unless the harness is told to do with snapshots what `EXPECTED` says,
/// and unless its environment tells insta the same and nothing else. It prints its arguments, and the text of
/// `SAID` indented, like a guest's text.
const HARNESS: &str = r#"//! A stand-in.
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("arguments: {}", arguments.join("|"));
    if let Ok(told) = std::env::var("TOLD") {
        use std::io::Write;
        let mut file = std::fs::File::options().create(true).append(true).open(told).unwrap();
        writeln!(file, "{}", arguments.join("|")).unwrap();
    }
    let after = |option: &str| {
        let at = arguments.iter().position(|argument| argument == option)?;
        arguments.get(at + 1)
    };
    let variable = |name: &str| std::env::var(name).ok();
    for line in variable("SAID").unwrap_or_default().lines() {
        println!("    {line}");
    }
    assert!(after("--guests").is_some_and(|guests| guests.ends_with("target/guests")));
    let text = arguments.first().filter(|first| !first.starts_with("--"));
    let snapshots = after("--snapshots").map(String::as_str);
    let asked: Vec<&str> = ["good", "updates", "guests"]
        .into_iter()
        .filter(|name| text.is_none_or(|text| name.contains(text.as_str())))
        .filter(|name| after("--skip").is_none_or(|skipped| name != skipped))
        .collect();
    if arguments.iter().any(|argument| argument == "--list") {
        return;
    }
    let update = match snapshots {
        None => None,
        Some("never") => Some("no"),
        Some("pending") => Some("new"),
        Some(_) => Some("always"),
    };
    let insta = std::env::vars().filter(|(name, _)| name.starts_with("INSTA_")).count();
    let told = [("INSTA_OUTPUT", update.and(Some("none"))), ("INSTA_UPDATE", update)];
    assert!(told.iter().all(|(name, value)| variable(name).as_deref() == *value));
    assert_eq!(insta, told.iter().filter(|(_, value)| value.is_some()).count());
    let is_good = |name: &&&str| **name != "updates" || snapshots == variable("EXPECTED").as_deref();
    let passed = asked.iter().filter(is_good).count();
    let failed = asked.len() - passed;
    println!("\nrunning {} tests", asked.len());
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    let filtered = 3 - asked.len();
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {filtered} filtered out"
    );
    std::process::exit(if failed == 0 { 0 } else { 101 });
}
"#;

impl Scratch {
    /// Adds a stand-in for each package. They are not members of a workspace yet.
    pub(crate) fn add_stand_ins(&self) {
        for (folder, name) in PACKAGES {
            let cargo = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
            self.write(&format!("{folder}/Cargo.toml"), &cargo);
            self.write(&format!("{folder}/src/lib.rs"), "//! A stand-in.\n");
        }
        let cases = "[package]\nname = \"fractalaw-tests\"\nedition = \"2024\"\n\
                     [[test]]\nname = \"cases\"\nharness = false\n";
        self.write("tests/Cargo.toml", cases);
        self.write("tests/tests/cases.rs", HARNESS);
    }

    /// Adds them to a workspace of guests, as its members.
    pub(crate) fn add_stand_ins_beside_guests(&self) {
        let root = String::from_utf8(self.read("Cargo.toml")).unwrap();
        let mut root: toml::Table = root.parse().unwrap();
        let folders = PACKAGES.map(|(folder, _)| folder);
        let members = ["guests/*"].into_iter().chain(folders);
        let members: Vec<toml::Value> = members.map(Into::into).collect();
        root["workspace"]["members"] = members.into();
        self.write("Cargo.toml", &toml::to_string(&root).unwrap());
        self.add_stand_ins();
    }
}
