//! Code that runs while a guest is built: what it is given, and what it may not touch.

use std::fs;

use crate::guests::{cargo_toml, returning};
use crate::scratch::Scratch;

/// What a developer or a CI job has in the environment, and no build of a guest may see.
const SECRETS: [&str; 7] = [
    "AWS_SECRET_ACCESS_KEY",
    "CARGO_REGISTRIES_OURS_TOKEN",
    "CARGO_REGISTRY_TOKEN",
    "GITHUB_TOKEN",
    "HTTPS_PROXY",
    "RUSTFLAGS",
    "SSH_AUTH_SOCK",
];

#[test]
fn build_scripts_and_macros_see_no_secret() {
    let mut scratch = Scratch::new();
    for name in SECRETS {
        scratch = scratch.env(name, "secret");
    }
    // Each writes down the names of all variables that it sees.
    let names = "let mut names: Vec<String> = std::env::vars_os()\n        \
                 .map(|(name, _)| name.to_string_lossy().into_owned()).collect();\n    \
                 names.sort();\n    let names = names.join(\" \");\n";
    scratch.write(
        "guests/script-secrets/build.rs",
        &format!("fn main() {{\n    {names}    std::fs::write(\"../../seen-by-script\", names).unwrap();\n}}\n"),
    );
    scratch.write(
        "guests/script-secrets/macros/Cargo.toml",
        "[package]\nname = \"script-secrets-macros\"\nedition = \"2024\"\n\n[lib]\nproc-macro = true\n",
    );
    scratch.write(
        "guests/script-secrets/macros/src/lib.rs",
        &format!(
            "#[proc_macro]\npub fn nothing(_: proc_macro::TokenStream) -> proc_macro::TokenStream {{\n    \
             {names}    std::fs::write(\"seen-by-macro\", names).unwrap();\n    Default::default()\n}}\n"
        ),
    );
    scratch.add_guest_from(
        "script-secrets",
        "script-secrets-macros = { path = \"macros\" }\n",
        &format!(
            "{}script_secrets_macros::nothing!();\n",
            returning("Ok(String::new())")
        ),
    );
    scratch.build(&[]);
    for file in ["seen-by-script", "seen-by-macro"] {
        let text = String::from_utf8(scratch.read(file)).unwrap();
        let seen: Vec<&str> = text.split(' ').collect();
        assert!(
            seen.contains(&"PATH") && seen.contains(&"CARGO_PKG_NAME"),
            "{file}: {text}"
        );
        for secret in SECRETS {
            assert!(!seen.contains(&secret), "{file}: {secret}");
        }
    }
}

/// A build script that replaces another guest's component by `with` and corrects its record.
fn replacing(victim: &str, with: &str) -> String {
    format!(
        "use std::fs;\n\
         fn main() {{\n    \
             let outputs = std::path::Path::new(\"../../target/guests\");\n    \
             let component = outputs.join(\"{victim}.wasm\");\n    \
             let before = fs::read_to_string(\"before\").unwrap();\n    \
             let after = fs::read_to_string(\"after\").unwrap();\n    \
             fs::write(component, {with:?}).unwrap();\n    \
             let record = outputs.join(\"fresh/{victim}.json\");\n    \
             let text = fs::read_to_string(&record).unwrap();\n    \
             assert!(text.contains(&before));\n    \
             fs::write(&record, text.replace(&before, &after)).unwrap();\n\
         }}\n"
    )
}

fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_build_script_that_replaces_another_guest_is_caught() {
    let scratch = Scratch::new();
    scratch.add_guest("script-victim", "the true one");
    scratch.add_guest("script-beside", "beside it");
    scratch.build(&[]);
    let good = scratch.component("script-victim");

    let folder = "guests/script-attacker";
    scratch.write(
        &format!("{folder}/Cargo.toml"),
        &cargo_toml("script-attacker", ""),
    );
    scratch.write(
        &format!("{folder}/src/lib.rs"),
        &returning("Ok(String::new())"),
    );
    scratch.write(&format!("{folder}/before"), &digest(&good));
    scratch.write(&format!("{folder}/after"), &digest(b"evil"));
    scratch.write(
        &format!("{folder}/build.rs"),
        &replacing("script-victim", "evil"),
    );

    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    let expected = "error: what runs while `script-attacker` is built has changed \
                    `target/guests/fresh/script-victim.json`, `target/guests/script-victim.wasm`, expected to be \
                    left alone\nhint: look at the build script of `script-attacker`";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("error: 2 of 3 guests failed to build: `script-attacker`, `script-victim`"),
        "{}",
        ended.stderr
    );
    assert!(!scratch.path("target/guests/script-victim.wasm").exists());

    // The other guest is fresh. This one is built again, and its component is the right one.
    fs::remove_dir_all(scratch.path(folder)).unwrap();
    let states = scratch.build(&[]);
    assert_eq!(
        (&*states["script-victim"], &*states["script-beside"]),
        ("rebuilt", "fresh")
    );
    assert!(scratch.component("script-victim") == good);
}

#[test]
fn a_variable_that_a_build_misses_is_named() {
    let scratch = Scratch::new()
        .env("CC_wasm32_wasip2", "/no/such/compiler")
        .env("SCRIPT_TABLE", "of the machine")
        .env("SCRIPT", "named nowhere");
    let failing = [
        (
            "script-asks",
            "fn main() {\n    println!(\"CC_wasm32_wasip2 = {:?}\", std::env::var(\"CC_wasm32_wasip2\").ok());\n    \
             panic!(\"failed to find a compiler\");\n}\n",
            returning("Ok(String::new())"),
            "`CC_wasm32_wasip2`",
        ),
        (
            "script-none",
            "fn main() {}\n",
            returning("Ok(env!(\"SCRIPT_TABLE\").into())"),
            "`SCRIPT_TABLE`",
        ),
    ];
    for (name, script, source, missed) in &failing {
        scratch.add_guest_from(name, "", source);
        scratch.write(&format!("guests/{name}/build.rs"), script);
        let ended = scratch.xtask(["build-guests", name]);
        assert_eq!(ended.code, 11, "{}", ended.stderr);
        let expected = format!(
            "error: `{name}` does not compile\nhint: a guest's build does not get {missed} of the environment: what \
             it needs belongs into `[env]` of `.cargo/config.toml`\n"
        );
        assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
    }
    scratch.write(
        ".cargo/config.toml",
        "[env]\nSCRIPT_TABLE = \"of the clone\"\n",
    );
    scratch.build(&["script-none"]);
    let component = scratch.component("script-none");
    assert!(String::from_utf8_lossy(&component).contains("of the clone"));
}
