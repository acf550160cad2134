//! A machine whose wall clock is wrong: it goes backwards, is before 1970, or centuries ahead. Another clock
//! bounds runs, and events are recorded in their order all the same.
//!
//! The clock is the C library's, replaced in the process that is started.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use fractalaw_ledger::{Reader, Trust, verify};
use fractalaw_testing::{Lab, component, guest};
use serde_json::Value;

/// Each reading of the wall clock is `STEP` seconds after the one before.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_llong readings;

int clock_gettime(clockid_t clock, struct timespec *time) {
    int failed = syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME) {
        time->tv_sec = atoll(getenv("START")) + atoll(getenv("STEP")) * atomic_fetch_add(&readings, 1);
        time->tv_nsec = 0;
    }
    return failed;
}
"#;

struct Machine {
    lab: Lab,
    clock: PathBuf,
    start: i64,
    step: i64,
}

impl Machine {
    fn new(start: i64, step: i64) -> Machine {
        let lab = Lab::new();
        let source = lab.folder.path().join("clock.c");
        let clock = lab.folder.path().join("clock.so");
        fs::write(&source, CLOCK).unwrap();
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(&clock)
            .arg(&source)
            .status();
        assert!(built.unwrap().success());
        Machine {
            lab,
            clock,
            start,
            step,
        }
    }

    fn run(&self, component: &std::path::Path, args: &[&str]) -> (Output, Option<Value>) {
        let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args(["run", "--json", "--cache"])
            .arg(self.lab.folder.path().join("cache"))
            .args(args)
            .arg(component)
            .env("LD_PRELOAD", &self.clock)
            .env("START", self.start.to_string())
            .env("STEP", self.step.to_string())
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let report = serde_json::from_slice(&output.stdout).ok();
        (output, report)
    }

    fn recorded(&self, component: &std::path::Path, args: &[&str]) -> (Output, Option<Value>) {
        let path = self.lab.path.to_str().unwrap();
        self.run(
            component,
            &[&["--ledger", path, "--durability", "entry"], args].concat(),
        )
    }
}

/// 2023-11-14T22:13:20Z.
const NOW: i64 = 1_700_000_000;

#[test]
fn a_clock_that_goes_backwards_changes_no_order_and_no_deadline() {
    let machine = Machine::new(NOW, -3_600);
    let (output, report) = machine.recorded(&guest("time-and-chance"), &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = report.unwrap();
    let times: Vec<u64> = report["audit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["time_unix_ns"].as_u64().unwrap())
        .collect();
    assert_eq!(times.len(), 4);
    assert!(times.is_sorted_by(|a, b| a > b), "{times:?}");
    // An endless guest that only the deadline stops.
    let endless = machine.lab.folder.path().join("endless.wasm");
    fs::write(
        &endless,
        component("", "(call $record) (loop $again (br $again))"),
    )
    .unwrap();
    let limits = ["--fuel", "18446744073709551615", "--timeout", "100ms"];
    let (_, report) = machine.recorded(&endless, &limits);
    assert_eq!(report.unwrap()["outcome"]["kind"], "deadline-exceeded");
    let entries = machine.lab.entries();
    let times: Vec<u64> = entries.iter().map(|entry| entry.timestamp).collect();
    // Six of the first run and three of the second, each with a clock of its own.
    assert_eq!(times.len(), 9);
    assert!(times[..6].is_sorted_by(|a, b| a > b), "{times:?}");
    assert!(times[6..].is_sorted_by(|a, b| a > b), "{times:?}");
    assert!(machine.lab.verified().open_runs.is_empty());
}

#[test]
fn before_1970_it_is_1970() {
    let machine = Machine::new(-1_000, -1);
    let (output, report) = machine.recorded(&guest("time-and-chance"), &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = report.unwrap();
    assert_eq!(report["audit"][0]["detail"], "0.000000000 s of Unix time");
    assert!(
        machine
            .lab
            .entries()
            .iter()
            .all(|entry| entry.timestamp == 0)
    );
    machine.lab.verified();
}

#[test]
fn later_than_a_ledger_can_say_nothing_runs() {
    // 2603.
    let machine = Machine::new(20_000_000_000, 1);
    let (output, report) = machine.run(&guest("time-and-chance"), &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let read = &report.unwrap()["audit"][0]["detail"];
    let read = read.as_str().unwrap();
    assert!(
        read.starts_with("200000000") && read.ends_with(" s of Unix time"),
        "{read}"
    );
    let (output, report) = machine.recorded(&guest("time-and-chance"), &[]);
    assert_eq!((output.status.code(), report), (Some(10), None));
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = "error: the ledger cannot be written, so nothing runs: `timestamp` is 18446744073709551615, \
                    expected at most 2^63 - 1\n";
    assert!(said.starts_with(expected), "{said}");
    let reader = Reader::open(&machine.lab.path).unwrap();
    assert_eq!(verify(&reader, &Trust::default()).unwrap().entries, 1);
}

/// The times of files are the machine's too, and may have any value.
#[test]
fn files_of_any_time_are_read() {
    let machine = Machine::new(NOW, 1);
    let data = machine.lab.folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let day = Duration::from_secs(86_400);
    for (name, time) in [
        ("before-1970", UNIX_EPOCH - 3_650 * day),
        ("far", UNIX_EPOCH + 150_000 * day),
    ] {
        let file = File::create(data.join(name)).unwrap();
        file.set_modified(time).unwrap();
    }
    let grant = format!("{}::/data", data.display());
    let (output, report) = machine.run(&guest("file-facts"), &["--dir", &grant]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let facts = report.unwrap()["outcome"]["ok"]
        .as_str()
        .unwrap()
        .to_owned();
    let files: Vec<&str> = facts.lines().skip(1).collect();
    let expected = [
        "/data/before-1970: file of 0 bytes, modified unknown",
        "/data/far: file of 0 bytes, modified 12960000000 s after 1970",
    ];
    assert_eq!(files, expected);
}
