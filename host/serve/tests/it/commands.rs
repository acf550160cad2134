//! The commands: with a supervisor that runs, and on its files.

use std::io::Write;
use std::os::unix::net::UnixStream;

use serde_json::Value;

use crate::lab::*;
use crate::process::{Process, command};

const APPS: &str = "[apps.good]\nsource = \"good.wasm\"\n[apps.bad]\nsource = \"bad.wasm\"\n";

fn site() -> Site {
    let site = Site::new(APPS);
    site.write("good.wasm", &app(1, ""));
    site.write("bad.wasm", &app(2, ENDLESS));
    site
}

/// Waits until both apps have a component.
fn ready(site: &Site) {
    until("a component of each app", || {
        let (code, out, error) = command(site.path(), "apps ls --json");
        assert_eq!(code, 0, "{error}");
        let apps: Value = serde_json::from_str(&out).unwrap();
        let apps = apps.as_array().unwrap();
        apps.iter().all(|app| !app["digest"].is_null())
    });
}

/// What a command prints, if it succeeds.
fn said(site: &Site, arguments: &str) -> String {
    let (code, out, error) = command(site.path(), arguments);
    assert_eq!((code, error), (0, String::new()), "{arguments}");
    out
}

/// The error that a command prints, with its exit code.
fn failed(site: &Site, arguments: &str) -> (i32, String) {
    let (code, out, error) = command(site.path(), arguments);
    assert_eq!(out, "", "{arguments}");
    (code, error)
}

#[test]
fn each_command_asks_the_supervisor_or_does_the_same_on_its_files() {
    let site = site();
    assert_eq!(
        failed(&site, "status"),
        (
            2,
            "error: no supervisor has served `.` yet\nhint: start one: `fractalaw serve`\n"
                .to_owned()
        )
    );
    let process = Process::start(site.path());
    ready(&site);
    site.write("payload", b"42 rows\x1b[31m");
    let (code, out, error) = command(site.path(), "emit go --payload payload --wait");
    assert_eq!((code, &*error), (1, ""));
    assert!(out.ends_with(", 2 deliveries, 1 completed\n"), "{out}");
    let event = out.split([' ', ',']).nth(1).unwrap();
    let listed = format!(
        "DELIVERY  APP  STATE  OF{pad}ATTEMPTS  LAST RUN\n1         bad  dead   event {event}  1         out-of-fuel\n",
        pad = " ".repeat(event.len() + 6),
    );
    assert_eq!(said(&site, "events ls --dead"), listed);
    let shown = format!(
        "delivery  1\napp       bad\nstate     dead\nevent     {event} (go)\nattempts  1\nfrom      operator\nlast run  \
         out-of-fuel\npayload   12 bytes\n\n42 rows\\u{{1b}}[31m\n"
    );
    assert_eq!(said(&site, "events show 1"), shown);
    let inside: Value = serde_json::from_str(&said(&site, "events show 1 --json")).unwrap();
    assert_eq!(inside["payload"], "NDIgcm93cxtbMzFt");
    assert!(said(&site, "status").starts_with(&format!(
        "running, process {}\n1 deliveries, 12 bytes of payloads\n\nAPP ",
        process.id()
    )));

    let (code, error) = failed(&site, "serve .");
    assert_eq!(code, 2);
    assert_eq!(
        error,
        format!(
            "error: `.` is served by process {}\nhint: `fractalaw status --folder .` asks it; stop it before you start \
             another\n",
            process.id()
        )
    );
    for (arguments, expected) in [
        (
            "emit Go",
            "error: event type `Go` is not a name\nhint: use at most 64 small letters and digits, with `-` between \
             words: `duty-changed`\n",
        ),
        (
            "events show 9",
            "error: there is no delivery 9\nhint: `fractalaw events ls` lists the deliveries\n",
        ),
        (
            "schedule cancel 9",
            "error: there is no task 9\nhint: `fractalaw schedule ls` lists the tasks\n",
        ),
        (
            "apps rollback nobody",
            "error: there is no app `nobody`\nhint: `fractalaw apps ls` lists the apps\n",
        ),
        (
            "apps rollback good",
            "error: there is no version before it\n",
        ),
    ] {
        assert_eq!(
            failed(&site, arguments),
            (2, expected.to_owned()),
            "{arguments}"
        );
    }

    // SIGHUP looks at the files, and ends nothing.
    let digest = || -> Value {
        let apps: Value = serde_json::from_str(&said(&site, "apps ls --json")).unwrap();
        apps[1]["digest"].clone()
    };
    let before = digest();
    site.write("good.wasm", &app(3, ""));
    process.signal("HUP");
    until("the new version", || digest() != before);

    process.signal("TERM");
    assert_eq!(process.end(), Some(0));
    assert_eq!(said(&site, "events ls --dead"), listed);
    assert_eq!(said(&site, "events drop --dead"), "1 delivery\n");
    assert!(said(&site, "emit go").ends_with(", 2 deliveries\n"));
    assert!(said(&site, "status").starts_with("not running\n2 deliveries, 0 bytes"));
    assert_eq!(
        failed(&site, "apps pin good"),
        (
            2,
            "error: no supervisor runs in the folder\nhint: start one: `fractalaw serve`\n"
                .to_owned()
        )
    );
    let _process = Process::start(site.path());
    until("the run", || {
        let status: Value = serde_json::from_str(&said(&site, "status --json")).unwrap();
        let good = &status["apps"][1];
        assert_eq!(good["name"], "good");
        good["totals"]["runs"]["completed"] == 1
    });
}

#[test]
fn a_wrong_file_or_folder_is_an_error_of_usage() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\nconcurency = 1\n");
    let (code, error) = failed(&site, "serve .");
    assert_eq!(code, 2);
    assert_eq!(
        error,
        "error: `./fractalaw.toml`:9: unknown key `concurency`, expected `source`, `concurrency`, `retry`, `swap`, \
         `check`, `cron`\nhint: did you mean `concurrency`?\n"
    );
    assert_eq!(failed(&site, "emit go --folder nowhere").0, 2);
    assert_eq!(failed(&site, "emit go --payload nowhere").0, 10);
}

#[test]
fn errors_have_the_hint_of_their_cause() {
    let site = site();
    drop(Process::start(site.path()));
    assert_eq!(
        failed(
            &site,
            "schedule add nobody --name n --at 2026-03-01T12:00:00Z"
        ),
        (
            2,
            "error: there is no app `nobody`\nhint: `fractalaw apps ls` lists the apps\n"
                .to_owned()
        )
    );
    let last = u64::MAX;
    assert_eq!(
        said(&site, &format!("events ls --after {last} --json")),
        "[]\n"
    );
    assert_eq!(
        said(&site, &format!("schedule ls --after {last} --json")),
        "[]\n"
    );
    std::fs::remove_file(site.file("events.db-wal")).ok();
    std::fs::write(site.file("events.db"), "no database".repeat(1_000)).unwrap();
    assert_eq!(
        failed(&site, "events ls"),
        (
            10,
            "error: `./events.db`: file is not a database\nhint: restore it from a copy; the ledger has what ran\n"
                .to_owned()
        )
    );
}

/// One that nobody has a version for waits, whoever asks for it.
#[test]
fn commands_that_wait_do_not_keep_others_from_being_answered() {
    const WAITS: usize = 128;
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\nconcurrency = 0\n");
    site.write("a.wasm", &app(1, ""));
    let process = Process::start(site.path());
    let socket = site.file(".fractalaw/control.sock");
    let wait = || {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream
            .write_all(
                b"{\"command\":\"emit\",\"event_type\":\"go\",\"payload\":\"\",\"wait\":true}\n",
            )
            .unwrap();
        stream
    };
    let mut waits: Vec<_> = (0..WAITS).map(|_| wait()).collect();
    let ready = || {
        let status: Value = serde_json::from_str(&said(&site, "status --json")).unwrap();
        status["deliveries"].as_u64().unwrap()
    };
    until("all that may wait", || ready() >= WAITS as u64);
    assert_eq!(
        failed(&site, "emit go --wait"),
        (
            10,
            "error: 128 commands wait for runs already\nhint: leave out `--wait`, or ask again later\n".to_owned()
        )
    );
    // One that has gone does not wait.
    waits.pop();
    until("one more", || {
        waits.push(wait());
        ready() > WAITS as u64
    });
    drop(process);
}

/// A supervisor looks at its files each second, for years.
#[test]
fn a_file_that_is_missing_is_told_of_once() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\n[apps.b]\nsource = \"b.wasm\"\n");
    site.write("b.wasm", &app(0, ""));
    let (process, errors) = Process::start_with_errors(site.path());
    let digest = || said(&site, "apps ls --json");
    let mut before = digest();
    // Each version of `b` is found by another look, and `a` is looked at first.
    for version in 1..=3 {
        site.write("b.wasm", &app(version, ""));
        process.signal("HUP");
        until("the new version", || digest() != before);
        before = digest();
    }
    process.signal("TERM");
    assert_eq!(process.end(), Some(0));
    let errors = std::io::read_to_string(errors).unwrap();
    let told = errors.matches("`a` is not swapped");
    assert_eq!(told.count(), 1, "{errors}");
}
