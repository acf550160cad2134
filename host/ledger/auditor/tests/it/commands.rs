//! `init`, `verify`, `show`, `runs` and `checkpoint`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use crate::lab::{Lab, Said};

fn fails(said: &Said, code: i32, err: &str) {
    assert_eq!((said.code, &*said.err), (Some(code), err));
    assert_eq!(said.out, "");
}

/// `cargo xtask ledger --help` prints that file, so nobody has to wait until this program is built.
#[test]
fn the_help_is_what_the_file_says() {
    let said = Lab::new().say("--help");
    assert_eq!(said.out, include_str!("../../help.txt"));
}

/// A program that is started with standard output closed finds `/dev/null` there. It must notice.
#[cfg(target_os = "linux")]
#[test]
fn a_closed_standard_output_keeps_everything_from_being_done() {
    let lab = Lab::new();
    let run = |line: &str| {
        std::process::Command::new("sh")
            .args(["-c", &format!("exec \"$0\" {line}")])
            .arg(env!("CARGO_BIN_EXE_fractalaw-ledger"))
            .current_dir(&lab.folder)
            .output()
            .unwrap()
    };
    for line in [
        "--help >&-",
        "verify --help >&-",
        "--version >&-",
        "verify audit.ledger >&-",
        "verify --json audit.ledger >&-",
        "show audit.ledger >&-",
        "runs --json audit.ledger >&-",
        "init new.ledger --key new.key --node n >&-",
    ] {
        let output = run(line);
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "error: standard output is closed, expected somewhere to print to\n"
        );
        assert_eq!(output.status.code(), Some(3), "{line}");
    }
    assert_eq!(fs::read_dir(&lab.folder).unwrap().count(), 1);
    for line in [
        "--help >/dev/full",
        "show --help >/dev/full",
        "--version >/dev/full",
        "verify audit.ledger >/dev/full",
    ] {
        let output = run(line);
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "error: No space left on device (os error 28)\n",
            "{line}"
        );
        assert_eq!(output.status.code(), Some(3), "{line}");
    }
    for line in [
        "--help >/dev/null",
        "verify audit.ledger >/dev/null",
        "verify audit.ledger 1<>/dev/null",
        "export audit.ledger --format json-lines --out all >&-",
    ] {
        assert_eq!(run(line).status.code(), Some(0), "{line}");
    }
}

#[test]
fn a_ledger_is_made_signed_and_verified() {
    let lab = Lab::new();
    let made = lab.say("init own.ledger --key own.key --node n");
    assert_eq!(made.code, Some(0), "{}", made.err);
    let key_file = lab.folder.path().join("own.key");
    let mode = |file| fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&key_file), 0o600);
    assert_eq!(mode(&lab.folder.path().join("own.ledger")), 0o600);
    let checkpoint = lab.say("checkpoint own.ledger --key own.key");
    assert_eq!(checkpoint.code, Some(0), "{}", checkpoint.err);
    fs::write(lab.folder.path().join("kept"), &checkpoint.out).unwrap();
    let public_key = made.out.lines().nth(1).unwrap().rsplit_once(' ').unwrap().1;
    let line = format!("verify own.ledger --checkpoint kept --public-key {public_key}");
    let verified = lab.say(&line);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    let lines: Vec<&str> = verified.out.lines().collect();
    assert_eq!(lines[0], "the ledger verifies");
    assert_eq!(lines[3], "entries     2, all signed for");
    assert_eq!(lines[5], "runs        0, all closed");

    // The same key for another ledger is accepted; another ledger over an existing one is not.
    assert_eq!(
        lab.say("init two.ledger --key own.key --node n").code,
        Some(0)
    );
    fails(
        &lab.say("init own.ledger --key new.key --node n"),
        3,
        "error: `own.ledger` is already there, expected to make a new ledger\n\
         hint: name a file that is not there yet\n",
    );
    assert!(!lab.folder.path().join("new.key").exists());

    // The checkpoint is of the first ledger only.
    let other = lab.say("verify two.ledger --checkpoint kept");
    assert_eq!(other.code, Some(1));
    assert!(
        other
            .err
            .starts_with("error: the checkpoint is of the ledger ")
    );

    fs::set_permissions(&key_file, fs::Permissions::from_mode(0o640)).unwrap();
    fails(
        &lab.say("checkpoint own.ledger --key own.key"),
        3,
        "error: the key file `own.key` has the permissions 640, expected 600\n\
         hint: whoever read it can sign a forged ledger; if nobody did, run `chmod 600 own.key`\n",
    );
}

#[test]
fn what_is_wrong_decides_the_exit_code() {
    let lab = Lab::new();
    lab.run("finder", 1);
    fails(
        &lab.say("verify missing"),
        3,
        "error: there is no ledger `missing`\nhint: make one with `fractalaw ledger init missing --key missing.key --node NAME`\n",
    );
    assert_eq!(lab.say("verify").code, Some(2));
    assert_eq!(lab.say("verify audit.ledger --public-key 00").code, Some(2));
    assert_eq!(lab.say("show audit.ledger --since tomorrow").code, Some(2));
    fs::write(lab.folder.path().join("kept"), "{}").unwrap();
    let said = lab.say("verify audit.ledger --checkpoint kept");
    assert_eq!(said.code, Some(3));
    let connection = Connection::open(&lab.path).unwrap();
    let trigger: String = connection
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = 'entries_never_change'",
            (),
            |row| row.get(0),
        )
        .unwrap();
    let change =
        "DROP TRIGGER entries_never_change; UPDATE entries SET detail = 'x' WHERE entry_id = 3";
    connection.execute_batch(change).unwrap();
    let said = lab.say("verify audit.ledger");
    fails(
        &said,
        1,
        "error: the schema of `audit.ledger` was altered: `entries_never_go` instead of `entries_never_change`\n\
         hint: keep the file as it is, begin a new ledger, and compare with a copy and the last checkpoint\n",
    );
    connection.execute_batch(&trigger).unwrap();
    let said = lab.say("verify audit.ledger");
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.starts_with("error: entry 3 has the hash "),
        "{}",
        said.err
    );
    assert!(said.err.contains(
        ", as entry 4 says\nhint: keep the file as it is; what a checkpoint that was kept,"
    ));
}

#[test]
fn entries_are_shown_safely_and_as_they_were_asked_for() {
    let lab = Lab::new();
    lab.run("finder", 2);
    lab.run("finder-2", 1);
    lab.cut_off("finder");
    let ids = |line: &str| -> Vec<u64> {
        let said = lab.say(format!("show audit.ledger --json {line}").trim_end());
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.out
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|entry| entry["entry_id"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(ids(""), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(ids("--app finder"), [2, 3, 4, 5, 9]);
    let digest = "ab".repeat(32);
    assert_eq!(ids(&format!("--app finder@{digest}")), [2, 3, 4, 5, 9]);
    // The first digits of a digest find nothing.
    assert_eq!(ids("--app finder@abab"), [0; 0]);
    assert_eq!(ids("--app finder@abababababab"), [0; 0]);
    assert_eq!(ids("--app find"), [0; 0]);
    assert_eq!(ids("--run 6"), [6, 7, 8]);
    assert_eq!(ids("--type found --role micro-app"), [3, 4, 7]);
    assert_eq!(ids("--role ledger"), [1]);
    assert_eq!(ids("--since 2025-01-01T00:00:00.000002Z"), [3, 4, 5, 7, 8]);
    assert_eq!(ids("--until 2025-01-01T00:00:00.000001Z"), [1]);

    let said = lab.say("show audit.ledger --type found --last 2");
    assert_eq!(
        said.err,
        "note: the last 2 of 3 entries; `--last N` shows more, `--json` all\n"
    );
    let detail = r"\u{1b}[2J\u{9b}§\n\u{202e}";
    let expected = format!(
        " entry  run  time                            node    actor                   role       type   resource  detail
 4      2    2025-01-01T00:00:00.000002001Z  node-1  finder@abababababab…    micro-app  found  act/1     {detail}
 7      6    2025-01-01T00:00:00.000002000Z  node-1  finder-2@abababababab…  micro-app  found  act/0     {detail}
"
    );
    assert_eq!(said.out, expected);
    let json = lab.say("show audit.ledger --json --type found");
    assert!(json.out.contains(r#""detail":"\u001b[2J\u009b§\n\u202e""#));
}

#[test]
fn runs_are_listed_with_how_they_ended() {
    let lab = Lab::new();
    lab.run("finder", 2);
    lab.cut_off("finder");
    let said = lab.say("runs audit.ledger");
    let expected = " run  opened                          node    app                   outcome    entries  fuel
   2  2025-01-01T00:00:00.000001000Z  node-1  finder@abababababab…  completed        2  1707
   6  2025-01-01T00:00:00.000001000Z  node-1  finder@abababababab…  cut off          0
";
    assert_eq!(said.out, expected);
    let said = lab.say("runs audit.ledger --cut-off --json");
    let expected = r#"{"run_id":6,"app":"finder@DIGEST","node_id":"node-1","opened":"2025-01-01T00:00:00.000001000Z","entries":0,"cut_off":true,"closed":null,"closing":null}"#;
    let expected = expected.replace("DIGEST", &"ab".repeat(32));
    assert_eq!(said.out, format!("{expected}\n"));
    let said = lab.say("verify audit.ledger --json");
    assert!(
        said.out.contains(r#""entries":6,"signed_entries":0,"#),
        "{}",
        said.out
    );
    assert!(
        said.out.ends_with("\"runs\":2,\"open_runs\":[6]}\n"),
        "{}",
        said.out
    );
}
