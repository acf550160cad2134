//! `fractalaw inspect`: for people and for programs, with the real binary.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fractalaw_host::{Inspection, Manifest, Refusal, Run};
use fractalaw_manifest::SECTION;
use sha2::{Digest, Sha256};

use crate::components::{component, guest, guest_bytes, with_manifest, with_section, workspace};
use crate::grants::greedy;

fn inspect(component: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .arg("inspect")
        .arg(component)
        .args(args)
        .current_dir(workspace())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_guest_says_what_it_is_in_text() {
    let output = inspect(&guest("hello-world"), &["--policy", "tests/policy.toml"]);
    assert_eq!(output.status.code(), Some(0));
    let (text, bytes) = (out(&output), guest_bytes("hello-world"));
    let size = bytes.len();
    let policy = sha256(&fs::read(workspace().join("tests/policy.toml")).unwrap());
    let begin = format!(
        "hello-world 0.1.0\n  sha256    {}\n  size      {},{:03} bytes\n  manifest  \
         {{\"tier\":\"lightweight\"}}\n  asks for  the tier `lightweight`\n  metadata  version: 0.1.0\n            \
         description: The first micro-app: writes one audit entry and says hello\n  made by   ",
        sha256(&bytes),
        size / 1000,
        size % 1000,
    );
    assert!(text.starts_with(&begin), "{text}");
    let end = format!(
        "  exports   run\n  policy    `tests/policy.toml`, sha256 {}: no section is about it\nit starts\n",
        policy
    );
    assert!(text.ends_with(&end), "{text}");
    assert!(
        text.contains("  imports   fractal:app/audit-log@0.1.0\n"),
        "{text}"
    );
}

#[test]
fn a_component_without_a_manifest_is_told_from_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = (folder.path().join("plain.wasm"), component("", ""));
    fs::write(&path, &bytes).unwrap();
    assert_eq!(
        out(&inspect(&path, &[])),
        format!(
            "unnamed\n  sha256    {}\n  size      {} bytes\n  manifest  none: the defaults hold\n  \
             asks for  the tier `standard`\n  imports   fractal:app/audit-log@0.1.0\n  exports   run\n  \
             policy    none\nit starts\n",
            sha256(&bytes),
            bytes.len()
        )
    );
    let json: serde_json::Value =
        serde_json::from_slice(&inspect(&path, &["--json"]).stdout).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "version": 1,
            "app": { "name": null, "version": null, "sha256": sha256(&bytes) },
            "bytes": bytes.len(),
            "manifest": null,
            "metadata": [],
            "producers": [],
            "imports": [{ "name": "fractal:app/audit-log@0.1.0", "needs_grant": null }],
            "exports": ["run"],
            "omitted": { "metadata": 0, "producers": 0, "imports": 0, "exports": 0 },
            "asks": [{ "what": "the tier `standard`", "line": "tier = \"standard\"" }],
            "limits": {
                "tier": "standard",
                "fuel": 1_000_000_000,
                "deadline_us": 30_000_000,
                "memory_bytes": 64 << 20,
                "quotas": {
                    "host_calls": 40_000_000,
                    "host_bytes": 10_000_000_000_u64,
                    "audit_entries": 10_000,
                    "audit_bytes": 4 << 20,
                    "handles": 256,
                    "host_memory": 32 << 20,
                },
            },
            "grants": {
                "policy": null, "sections": [], "granted": [], "not_asked": [], "unused": [],
            },
            "starts": true,
            "refusal": null,
        })
    );
}

#[test]
fn what_a_policy_says_is_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, policy) = (
        folder.path().join("greedy.wasm"),
        folder.path().join("p.toml"),
    );
    let bytes = with_manifest(&guest_bytes("wants-everything"), &greedy());
    fs::write(&path, bytes).unwrap();
    fs::write(
        &policy,
        "[apps.wants-everything]\nenv.PATH = true\nenv.HOME = \"/secret\"\n",
    )
    .unwrap();
    let text = out(&inspect(&path, &["--policy", policy.to_str().unwrap()]));
    for line in [
        "  asks for  the tier `heavy`",
        "            the network, `wasi:sockets`",
        "            the folder `/out`, writable",
        "            1000 bytes of audit entries",
        "            wasi:sockets/tcp@0.2.4  needs a grant",
        "  granted   the variable `HOME` (policy)",
        "            the variable `PATH` (policy)",
        "  not asked the variable `HOME`",
        "it does not start: it asks for 7 things that it is not granted; these lines of policy grant it:",
        "  env.SITE = true  # the variable `SITE`",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("secret"), "{text}");
    let json = inspect(&path, &["--json", "--policy", policy.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["starts"], false);
    assert_eq!(json["refusal"]["refusal"], "not-granted");
    assert_eq!(json["refusal"]["missing"].as_array().unwrap().len(), 7);
    assert_eq!(json["refusal"]["missing"][0]["line"], "tier = \"heavy\"");
    assert_eq!(json["grants"]["not_asked"][0]["line"], "env.HOME = true");
    assert_eq!(json["grants"]["sections"][0], "apps.wants-everything");
}

#[test]
fn what_would_be_refused_anyway_says_so_and_what_is_no_component_fails() {
    let output = inspect(&guest("asks-for-ai"), &[]);
    assert_eq!(output.status.code(), Some(0));
    let text = out(&output);
    let end = "it does not start: not offered by this host: `fractal:app/ai-embeddings@0.1.0`, \
               `fractal:app/ai-classify@0.1.0`\nhint: this host offers `audit-log` of `fractal:app@0.1.0`; \
               for tools that keep every import of a world, such as jco and componentize-py, the world `minimal` in \
               `wit/` has only that\n";
    assert!(text.ends_with(end), "{text}");
    let output = inspect(
        &workspace().join("tests/fixtures/malformed/random.bin"),
        &[],
    );
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: not a component: not WebAssembly at all, expected a WebAssembly component\nhint: build the \
         guest with `cargo xtask build-guests` or `cargo build --target wasm32-wasip2`\n"
    );
    assert_eq!(
        inspect(Path::new("/no/such.wasm"), &[]).status.code(),
        Some(2)
    );
}

/// Two bytes of a component list a tool, and three an import: what is past the bound is counted, in text, in JSON and
/// in the refusal.
#[test]
fn what_a_component_lists_without_end_is_counted() {
    let names = |prefix: &'static str| (0..5_000).map(move |i| format!("{prefix}{i}"));
    let front: String = names("import-")
        .map(|name| format!("(import \"{name}\" (func))"))
        .chain(names("export-").map(|name| format!("(export \"{name}\" (func 0))")))
        .collect();
    let text = include_str!("../components/one-function.wat");
    let text = text.replace("{items}", "").replace("{body}", "");
    let text = text.replacen("(component", &format!("(component {front}"), 1);
    let mut bytes = wat::parse_str(text).unwrap();
    for _ in 0..5_000 {
        bytes = with_section(&bytes, "source", &[b's'; 122]);
    }
    bytes = with_section(&bytes, "version", &vec![b'v'; 1 << 20]);
    let tools = [
        &[1, 12][..],
        b"processed-by",
        &[0xc0, 0x84, 0x3d],
        &[0; 2_000_000],
    ]
    .concat();
    bytes = with_section(&bytes, "producers", &tools);
    let inspection = Inspection::of(&bytes).unwrap();
    let lengths = |kept: usize, omitted: u64| (kept, omitted);
    let metadata = &inspection.metadata;
    // 128 bytes each, with their name.
    assert_eq!(lengths(metadata.len(), metadata.omitted()), (1_000, 4_001));
    let producers = &inspection.producers;
    assert_eq!(
        lengths(producers.len(), producers.omitted()),
        (1_000, 999_000)
    );
    let imports = &inspection.imports;
    assert_eq!(lengths(imports.len(), imports.omitted()), (1_000, 4_001));
    assert_eq!(imports[999], "import-999");
    let exports = &inspection.exports;
    assert_eq!(lengths(exports.len(), exports.omitted()), (1_000, 4_001));
    assert_eq!(inspection.app.version.as_ref().unwrap().len(), 128 << 10);
    let refusal = inspection.refusal.as_ref().unwrap().to_string();
    let shown: Vec<_> = (0..20).map(|i| format!("`import-{i}`")).collect();
    let expected = format!(
        "not offered by this host: {} and 4980 more",
        shown.join(", ")
    );
    assert_eq!(refusal, expected);
    let verdict = inspection.verdict(&Run::new(), None);
    let json: serde_json::Value = serde_json::from_str(&inspection.json(&verdict)).unwrap();
    let omitted = serde_json::json!({
        "metadata": 4_001, "producers": 999_000, "imports": 4_001, "exports": 4_001,
    });
    assert_eq!(json["omitted"], omitted);
    let text = inspection.text(&verdict);
    for (more, times) in [
        ("            and 4,001 more", 3),
        ("            and 999,000 more", 1),
    ] {
        assert_eq!(
            text.lines().filter(|line| *line == more).count(),
            times,
            "{more}"
        );
    }
}

#[test]
fn a_manifest_that_is_larger_than_any_is_refused_unread() {
    let limit = 256 << 10;
    let section = |bytes: usize| {
        let mut manifest = Manifest::default().encode();
        manifest.resize(bytes, b' ');
        with_section(&component("", ""), SECTION, &manifest)
    };
    assert_eq!(Inspection::of(&section(limit)).unwrap().refusal, None);
    let expected = Refusal::Manifest {
        message: "the manifest section has 262145 bytes, expected at most 262144".to_owned(),
    };
    let found = Inspection::of(&section(limit + 1)).unwrap().refusal;
    assert_eq!(found, Some(expected));
}

/// What a parser or a manifest's reader quotes can be as long as the component.
#[test]
fn a_message_quotes_no_more_than_a_person_reads() {
    let long = format!(
        "{{\"version\":1,\"manifest\":{{\"{}\":1}}}}",
        "é".repeat(100_000)
    );
    let bytes = with_section(&component("", ""), SECTION, long.as_bytes());
    let refusal = Inspection::of(&bytes).unwrap().refusal.unwrap();
    assert_eq!(refusal.kind(), "manifest");
    assert_eq!(refusal.to_string().len(), 4_096);
}

#[test]
fn a_reader_that_closes_the_pipe_early_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["inspect", "--json"])
        .arg(guest("duty-finder"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
