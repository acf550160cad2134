//! A host that is killed at any moment: each delivery has exactly one completed run, and nothing takes effect that a run
//! staged which has no closing as completed.
//!
//! `FRACTALAW_TEST_KILLS` sets how often. A kill ends the process and not the machine, and the system still writes what
//! it was given. So this shows the order of writes, and not that they waited for the disk.

mod book;
mod host;
mod verdict;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const KILLS: u64 = 40;

#[test]
fn each_delivery_completes_once_whenever_the_host_is_killed() {
    let kills = std::env::var("FRACTALAW_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut random = ChaCha8Rng::seed_from_u64(14);
    let mut accepted = Vec::new();
    for _ in 0..kills {
        let words = random.next_u64() % 120;
        let more = Duration::from_micros(random.next_u64() % 4_000);
        accepted.extend(kill_after(folder, words, more));
    }
    // The others are killed at any moment, which may be between runs.
    accepted.extend(kill_in_a_run(folder));
    // The last one works off what is left, and ends by itself.
    let mut last = spawn(folder, host::DRAIN, Stdio::null());
    assert!(last.wait().unwrap().success());
    let seen = verdict::check(folder, &accepted);
    eprintln!(
        "{kills} kills, {} events acknowledged: {seen:?}",
        accepted.len()
    );
    assert!(seen.completed > kills && seen.cut_off > 0 && seen.failed > 0);
    assert!(seen.ticks > 0 && !accepted.is_empty());
}

fn spawn(folder: &Path, task: &str, stdout: Stdio) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kills::host::works_until_it_is_killed",
            "--nocapture",
        ])
        .env(host::FOLDER, folder)
        .env(host::TASK, task)
        .stdout(stdout)
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Starts the host, and kills it after this many words and this much more time. Returns the events from outside that
/// it acknowledged.
fn kill_after(folder: &Path, words: u64, more: Duration) -> Vec<u64> {
    kill_when(folder, "", |said| said.len() == words as usize, more)
}

/// Starts the host with runs that do not end, and kills it in one.
fn kill_in_a_run(folder: &Path) -> Vec<u64> {
    let is_held = |said: &[String]| said.last().is_some_and(|last| last == "at held");
    kill_when(folder, host::HOLD, is_held, Duration::ZERO)
}

fn kill_when(
    folder: &Path,
    task: &str,
    has_said: impl Fn(&[String]) -> bool,
    more: Duration,
) -> Vec<u64> {
    let mut child = spawn(folder, task, Stdio::piped());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said: Vec<String> = Vec::new();
    while !has_said(&said) {
        let line = lines.next().expect("the host ended by itself").unwrap();
        if line.starts_with("at ") {
            said.push(line);
        }
    }
    // To the microsecond: a sleeping thread wakes up later than that.
    let heard = Instant::now();
    while heard.elapsed() < more {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    said.extend(lines.map_while(Result::ok));
    let accepted = said
        .iter()
        .filter_map(|line| line.strip_prefix("at accepted "));
    // A line without its end was not acknowledged: it ends in a full stop.
    accepted
        .filter_map(|id| id.strip_suffix('.')?.parse().ok())
        .collect()
}
