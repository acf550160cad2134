//! Guests that cannot be built: each failure is reported, and does not stop the other guests.

use crate::guests::{cargo_toml, returning, saying, with_wit};
use crate::scratch::Scratch;

const RESULT: &str = "result<string, string>";

/// Name, end of `Cargo.toml`, source, expected message.
fn broken() -> Vec<(&'static str, &'static str, String, String)> {
    let run = |body: &str| format!("fn run() -> Result<String, String> {{ {body} }}");
    vec![
        (
            "broken-source",
            "",
            returning("Ok(missing_name)"),
            "`broken-source` does not compile\nhint: the compiler's messages stand above".into(),
        ),
        (
            "broken-import",
            "",
            with_wit(
                &format!(
                    "package other:thing@1.0.0;
                     interface secret {{ tell: func() -> string; }}
                     world app {{ import secret; export run: func() -> {RESULT}; }}"
                ),
                &run("Ok(other::thing::secret::tell())"),
            ),
            "`broken-import` imports `other:thing/secret@1.0.0`, expected WASI 0.2 or an interface of \
             the world `micro-app`\nhint: "
                .into(),
        ),
        (
            "broken-version",
            "",
            with_wit(
                &format!(
                    "package fractal:app@0.2.0;
                     interface data-query {{ query: func(sql: string); }}
                     world app {{ import data-query; export run: func() -> {RESULT}; }}"
                ),
                &run("fractal::app::data_query::query(\"\"); Ok(String::new())"),
            ),
            "`broken-version` imports `fractal:app/data-query@0.2.0`, expected WASI 0.2 or an \
             interface of the world `micro-app`\nhint: did you mean `fractal:app/data-query@0.1.0`? "
                .into(),
        ),
        (
            "broken-signature",
            "",
            with_wit(
                &format!(
                    "package fractal:app@0.1.0;
                     interface audit-log {{ record-event: func(entry: string); }}
                     world app {{ import audit-log; export run: func() -> {RESULT}; }}"
                ),
                &run("fractal::app::audit_log::record_event(\"\"); Ok(String::new())"),
            ),
            "`broken-signature` imports `record-event` of `fractal:app/audit-log@0.1.0` as \
             `func(entry: string)`, expected `func(entry: record { event-type: string, \
             resource: string, detail: string })`\nhint: "
                .into(),
        ),
        (
            "broken-function",
            "",
            with_wit(
                &format!(
                    "package fractal:app@0.1.0;
                     interface audit-log {{ erase-event: func(); }}
                     world app {{ import audit-log; export run: func() -> {RESULT}; }}"
                ),
                &run("fractal::app::audit_log::erase_event(); Ok(String::new())"),
            ),
            "`broken-function` imports `erase-event` of `fractal:app/audit-log@0.1.0`, expected one of \
             `record-event`\nhint: "
                .into(),
        ),
        (
            "broken-export",
            "",
            with_wit(
                "package other:thing@1.0.0; world app { export run: func() -> string; }",
                "fn run() -> String { String::new() }",
            ),
            format!("`broken-export` exports `run` as `func() -> string`, expected `func() -> {RESULT}`\nhint: "),
        ),
        (
            "broken-length",
            "",
            with_wit(
                &format!(
                    "package fractal:app@0.1.0;
                     interface audit-log {{ enum many {{ {} }} record-event: func(entry: many); }}
                     world app {{ import audit-log; export run: func() -> {RESULT}; }}",
                    (0..3_000).map(|case| format!("c{case}, ")).collect::<String>(),
                ),
                &run("fractal::app::audit_log::record_event(fractal::app::audit_log::Many::C0); Ok(String::new())"),
            ),
            "`broken-length` imports `record-event` of `fractal:app/audit-log@0.1.0` with a type that is too long: \
             written out it has more than 16384 bytes or 64 levels, expected `func(entry: record { "
                .into(),
        ),
        (
            "broken-depth",
            "",
            format!("{}{}", saying("never read"), described_by(&nested(20_000))),
            "`broken-depth`: cannot read the section `component-type:deep`: types are nested too deep, expected at most \
             64 levels\nhint: generate the bindings from this repository's `wit` folder, with types of fewer levels"
                .into(),
        ),
        (
            "broken-world",
            "",
            with_wit(
                "package other:thing@1.0.0; world app { export go: func(); }",
                "fn go() {}",
            ),
            format!("`broken-world` does not export `run`, expected `func() -> {RESULT}`\nhint: "),
        ),
        (
            "broken-key",
            "[package.metadata.micro-app]\nteir = \"heavy\"\n",
            saying("never built"),
            "`guests/broken-key/Cargo.toml`: unknown key `teir` in `[package.metadata.micro-app]`, \
             expected `tier`, `interfaces`, `args`, `env`, `stdin`, `dirs`, `quotas`, `data`, `ai`, `on`, `emits`, `schedules`, `compose`, `part`\nhint: correct or \
             remove `teir`"
                .into(),
        ),
        (
            "broken-value",
            "[package.metadata.micro-app]\ntier = \"huge\"\n",
            saying("never built"),
            "`guests/broken-value/Cargo.toml`: bad value \"huge\" of key `tier` in \
             `[package.metadata.micro-app]`: unknown value `huge`, expected one of `lightweight`, \
             `standard`, `heavy`\nhint: correct `tier`, or remove it for the default"
                .into(),
        ),
        (
            "broken-table",
            "[package.metadata]\nmicro-app = 3\n",
            saying("never built"),
            "`guests/broken-table/Cargo.toml`: `[package.metadata.micro-app]` is integer, expected a \
             table\nhint: "
                .into(),
        ),
    ]
}

/// A component with a type inside a type, that many times.
fn nested(levels: usize) -> Vec<u8> {
    let types = [&[1][..], &[0x42, 1, 1].repeat(levels), &[0x42, 0]].concat();
    let mut component = b"\0asm\x0d\0\x01\0\x07".to_vec();
    // The length of the section, in seven bits for each byte.
    let mut length = types.len();
    while length > 127 {
        component.push(length as u8 | 128);
        length >>= 7;
    }
    component.push(length as u8);
    component.extend(types);
    component
}

/// Source code that puts these bytes where the encoder looks for the description of a world.
fn described_by(section: &[u8]) -> String {
    format!(
        "#[used]\n#[unsafe(link_section = \"component-type:deep\")]\nstatic DEEP: [u8; {}] = {section:?};\n",
        section.len()
    )
}

#[test]
fn every_failure_is_reported_and_the_other_guests_are_built() {
    let scratch = Scratch::new();
    scratch.add_guest("broken-beside", "built nevertheless");
    for (name, cargo, source, _) in &broken() {
        scratch.add_guest_from(name, cargo, source);
    }
    // A library that is not a cdylib gives no module.
    let library = cargo_toml("broken-kind", "").replace("cdylib", "rlib");
    scratch.write("guests/broken-kind/Cargo.toml", &library);
    scratch.write("guests/broken-kind/src/lib.rs", "//! Nothing.\n");
    // A program does not either, and cargo would only say that there is no library.
    let program = cargo_toml("broken-program", "").replace(
        "[lib]\ncrate-type = [\"cdylib\"]",
        "[[bin]]\nname = \"broken-program\"",
    );
    scratch.write("guests/broken-program/Cargo.toml", &program);
    scratch.write(
        "guests/broken-program/src/main.rs",
        "//! Nothing.\nfn main() {}\n",
    );
    scratch.write(
        "guests/broken-name/Cargo.toml",
        &cargo_toml("other-name", ""),
    );
    scratch.write("guests/broken-name/src/lib.rs", "//! Nothing.\n");

    let ended = scratch.xtask(["build-guests", "--json"]);

    assert_eq!(ended.code, 11, "{}", ended.stderr);
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["schema-version"], 1);
    assert_eq!(document["guests"].as_array().unwrap().len(), 1);
    assert_eq!(document["guests"][0]["name"], "broken-beside");
    assert_eq!(document["guests"][0]["state"], "rebuilt");
    let failures = document["failures"].as_array().unwrap();
    let message = |name: &str| {
        let failure = failures.iter().find(|failure| failure["name"] == name);
        failure.unwrap_or_else(|| panic!("`{name}` did not fail"))["message"]
            .as_str()
            .unwrap()
    };
    for (name, _, _, expected) in &broken() {
        let message = message(name);
        assert!(
            message.starts_with(expected),
            "expected:\n{expected}\nfound:\n{message}"
        );
        assert!(
            ended.stderr.contains(&format!("error: {message}")),
            "{}",
            ended.stderr
        );
    }
    for name in ["broken-kind", "broken-program"] {
        assert_eq!(
            message(name),
            format!(
                "`{name}` gives no WebAssembly module\n\
                 hint: `guests/{name}/Cargo.toml` needs `[lib]` with `crate-type = [\"cdylib\"]`; if guests are \
                 to share it as a library, call it `guests/lib-{name}`"
            )
        );
    }
    assert_eq!(
        message("broken-name"),
        "`guests/broken-name/Cargo.toml`: the package is called `other-name`, expected `broken-name`\n\
         hint: a guest's package has the name of its folder"
    );
    assert_eq!(failures.len(), broken().len() + 3);
    // The compiler's own words, with the file as one would open it.
    assert!(
        ended
            .stderr
            .contains("cannot find value `missing_name` in this scope"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("guests/broken-source/src/lib.rs:6:"),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains("error: 15 of 16 guests failed to build: "),
        "{}",
        ended.stderr
    );
}
