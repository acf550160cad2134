//! `fractalaw inspect`: for people and for programs, with the real program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fractalaw_testing::{component, greedy, guest, guest_bytes, with_manifest, workspace};
use sha2::{Digest, Sha256};

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

/// What a manifest asks for of data is shown, and what it does not say but its imports need.
#[test]
fn a_guest_says_what_it_asks_for_of_data() {
    let output = inspect(&guest("permit-register"), &["--grant", "data.read = true"]);
    let text = out(&output);
    for part in [
        "  manifest  {\"tier\":\"lightweight\",\"data\":[\"read\",\"write\"]}\n",
        "  asks for  the tier `lightweight`
            the interface `fractal:app/data-mutate`
            the interface `fractal:app/data-query`
            data: `read`
            data: `write`
            the database, by name or from `--data FILE`: `file`
",
        "  granted   data: `read` (policy)\n",
        "  data.\"write\" = true  # data: `write`\n  data.\"file\" = true  # the database, by name or from",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
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
                    "ai_calls": 10_000,
                    "ai_tokens": 1_000_000,
                    "audit_entries": 10_000,
                    "audit_bytes": 4 << 20,
                    "data_bytes": 10_000_000_000_u64,
                    "data_rows": 100_000_000,
                    "data_statements": 1_000_000,
                    "event_bytes": 16 << 20,
                    "events": 1_000,
                    "handles": 256,
                    "host_memory": 32 << 20,
                    "tasks": 1_000,
                },
                "quotas_of_capabilities": {
                    "ai_calls": { "most": 10_000, "unit": "calls of models" },
                    "ai_tokens": { "most": 1_000_000, "unit": "tokens of models" },
                    "data_bytes": { "most": 10_000_000_000_u64, "unit": "bytes of data" },
                    "data_rows": { "most": 100_000_000, "unit": "rows" },
                    "data_statements": { "most": 1_000_000, "unit": "statements" },
                    "event_bytes": { "most": 16 << 20, "unit": "bytes of events and tasks" },
                    "events": { "most": 1_000, "unit": "events" },
                    "tasks": { "most": 1_000, "unit": "tasks" },
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
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unknown-import.wasm");
    let text = fs::read(workspace().join("tests/fixtures/malformed/unknown-import.wat")).unwrap();
    fs::write(&path, wat::parse_bytes(&text).unwrap()).unwrap();
    let output = inspect(&path, &[]);
    assert_eq!(output.status.code(), Some(0));
    let text = out(&output);
    let end = "it does not start: not offered by this host: `fractal:app/telepathy@0.1.0`, `wasi:http/types@0.2.6`\n\
               hint: this host offers `ai-classify`, `ai-embeddings`, `ai-inference`, `audit-log`, `data-mutate`, `data-query`, `events-emit` and `events-schedule` of `fractal:app@0.1.0`; \
               for tools that keep every import of a world, such as jco and componentize-py, the world `minimal` in \
               `wit/` has only `audit-log`\n";
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
