//! Policies on the command line: from one refusal to a policy with which the component starts.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fractalaw_testing::{cache, greedy, guest, guest_bytes, with_manifest, workspace};
use sha2::{Digest, Sha256};

fn run(component: &Path, args: &[&str]) -> Output {
    fractalaw("run", component, args)
}

fn fractalaw(command: &str, component: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args([command, "--cache"])
        .arg(cache())
        .arg(component)
        .args(args)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn from_one_message_its_author_can_write_the_policy() {
    let folder = tempfile::tempdir().unwrap();
    let (wasm, file) = (folder.path().join("a.wasm"), folder.path().join("p.toml"));
    let bytes = with_manifest(&guest_bytes("wants-everything"), &greedy());
    fs::write(&wasm, bytes).unwrap();
    fs::write(&file, "").unwrap();
    let policy = ["--policy", file.to_str().unwrap()];
    let refused = run(&wasm, &policy);
    assert_eq!(refused.status.code(), Some(3));
    let message = text(&refused.stdout);
    // Everything except the first line and the hint.
    let lines: Vec<&str> = message.lines().collect();
    let lines = &lines[1..lines.len() - 1];
    assert_eq!(lines.len(), 1 + 8);
    fs::write(&file, lines.join("\n")).unwrap();
    let ran = run(&wasm, &policy);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stdout));
    // And each line on the command line.
    let without_header = lines[1..].iter().map(|line| line.trim());
    let args: Vec<&str> = without_header.flat_map(|line| ["--grant", line]).collect();
    assert_eq!(run(&wasm, &args).status.code(), Some(0));
}

#[test]
fn the_json_of_a_refusal_has_each_line() {
    let refused = run(&guest("wants-everything"), &["--json"]);
    let json: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(json["outcome"]["kind"], "refused");
    assert_eq!(json["outcome"]["refusal"], "not-granted");
    assert_eq!(
        json["outcome"]["missing"],
        serde_json::json!([{
            "what": "the network, `wasi:sockets`",
            "line": "interfaces.\"wasi:sockets\" = true",
            "instead": null,
        }])
    );
    assert_eq!(json["app"]["name"], "wants-everything");
    let ran = run(
        &guest("hello-world"),
        &["--json", "--arg", "x", "--grant", "env.A = true"],
    );
    let json: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(
        json["grants"],
        serde_json::json!({
            "policy": null,
            "sections": ["command line"],
            "granted": [
                { "what": "arguments", "line": "args = true", "by": "run" },
                { "what": "the variable `A`", "line": "env.A = true", "by": "policy" },
            ],
            "not_asked": [
                { "what": "arguments", "line": "args = true" },
                { "what": "the variable `A`", "line": "env.A = true" },
            ],
            "unused": [
                { "what": "arguments", "line": "args = true" },
                { "what": "the variable `A`", "line": "env.A = true" },
            ],
        })
    );
}

#[test]
fn a_variable_is_given_once() {
    let twice = run(
        &guest("hello-world"),
        &["--env", "SITE=7", "--env", "SITE=7"],
    );
    assert_eq!(twice.status.code(), Some(2));
    assert_eq!(
        text(&twice.stderr),
        "error: two values are given to the variable `SITE`, expected one\n\
         hint: give `SITE` once, as `--env NAME=VALUE`\n"
    );
}

#[test]
fn a_policy_that_is_wrong_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.toml");
    fs::write(&file, "[all]\n\nevn.A = true\n").unwrap();
    let hello = guest("hello-world");
    let output = run(&hello, &["--policy", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        format!(
            "error: `{}`:3: unknown key `evn`, expected `tier`, `interfaces`, `dirs`, `env`, `args`, \
             `stdin`, `quotas`, `require-signature`, `data`, `ai`, `on`, `emits`, `schedules`\n\
             hint: `host/POLICY.md` describes every key\n",
            file.display()
        )
    );
    let output = run(&hello, &["--grant", "stdin = 1"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "error: `stdin` is integer, expected `true`\nhint: `host/POLICY.md` describes every key\n"
    );
}

#[test]
fn a_profile_is_taken_under_the_policy_and_in_no_ledger() {
    let policy = workspace().join("tests/policy.toml");
    let policy = ["--policy", policy.to_str().unwrap()];
    let guest = guest("wants-everything");
    let refused = fractalaw("profile", &guest, &[]);
    assert_eq!(refused.status.code(), Some(3));
    let message = "error: it asks for 1 thing that it is not granted; ";
    assert!(
        text(&refused.stderr).starts_with(message),
        "{}",
        text(&refused.stderr)
    );
    let profiled = fractalaw("profile", &guest, &policy);
    assert_eq!(
        profiled.status.code(),
        Some(0),
        "{}",
        text(&profiled.stderr)
    );
    let with_ledger = fractalaw("profile", &guest, &["--ledger", "any"]);
    assert_eq!(with_ledger.status.code(), Some(2));
    assert_eq!(
        text(&with_ledger.stderr),
        "error: `--ledger` with `profile`, expected no ledger: a measurement is not recorded\n\
         hint: record the run itself, with `fractalaw run --ledger`\n"
    );
}

/// Somebody who has rebuilt a component is told why its grants no longer apply.
#[test]
fn a_policy_that_names_other_builds_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.toml");
    let hello = guest("hello-world");
    let digest = Sha256::digest(guest_bytes("hello-world"));
    let this: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let (old, older) = ("0".repeat(64), "1".repeat(64));
    let cases = [
        (
            format!(
                "[apps.\"hello-world@{old}\"]\nenv.A = true\n\
                 [groups.g]\napps = [\"hello-world@{older}\", \"other@{old}\"]\n"
            ),
            Some(format!("`hello-world@{old}`, `hello-world@{older}`")),
        ),
        // A policy for several builds; one for other builds; one for any build.
        (
            format!("[apps.\"hello-world@{old}\"]\n[apps.\"hello-world@{this}\"]\n"),
            None,
        ),
        (
            format!("[apps.\"hello-world@{old}\"]\n[apps.\"@{this}\"]\n"),
            None,
        ),
        (format!("[apps.\"other@{old}\"]\n[apps.\"@{old}\"]\n"), None),
        ("[apps.hello-world]\nenv.A = true\n".to_owned(), None),
    ];
    for (policy, builds) in cases {
        fs::write(&file, &policy).unwrap();
        let expected = builds.map_or_else(String::new, |builds| {
            format!(
                "warning: the policy `{}` names {builds}, and not this build of the component\n\
                 hint: this build has the digest {this}: name it in the policy, if it is to have the same grants\n",
                file.display()
            )
        });
        let args = ["--policy", file.to_str().unwrap(), "--json"];
        assert_eq!(text(&run(&hello, &args).stderr), expected, "{policy}");
        let inspected = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .arg("inspect")
            .arg(&hello)
            .args(args)
            .output()
            .unwrap();
        assert_eq!(text(&inspected.stderr), expected, "{policy}");
        assert_eq!(inspected.status.code(), Some(0));
    }
}
