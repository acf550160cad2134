//! A process is killed at a random moment: what it acknowledged is there, and what is there is complete.
//!
//! `FRACTALAW_TEST_KILLS` sets how often. A kill ends the process and not the machine, and the system still
//! writes what it was given. So this shows the order of writes, and not that they waited for the disk.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use fractalaw_ledger::*;
use sha2::{Digest, Sha256};

use crate::child::{self, trail};
use crate::lab::*;

const KILLS: u64 = 30;

#[test]
fn nothing_that_was_acknowledged_is_lost() {
    let kills = env::var("FRACTALAW_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let lab = Lab::new();
    // The acknowledged runs by id, with their number.
    let (mut begun, mut finished) = (BTreeMap::new(), BTreeMap::new());
    let mut known = 0;
    for kill in 0..kills {
        let durability = ["entry", "run", "group"][kill as usize % 3];
        for (what, run, number) in killed(&lab, durability, kill) {
            let of = if what == "begun" {
                &mut begun
            } else {
                &mut finished
            };
            assert_eq!(of.insert(run, number), None);
        }
        let verified = lab.verify().unwrap();
        assert!(verified.entries >= known);
        known = verified.entries;
        for run in &verified.open_runs {
            assert!(!finished.contains_key(run), "run {run} lost its closing");
        }
    }
    let mut entries: BTreeMap<u64, Vec<Entry>> = BTreeMap::new();
    for entry in lab.entries() {
        if let Some(run) = entry.run_id {
            entries.entry(run).or_default().push(entry);
        }
    }
    for run in begun.keys() {
        assert!(entries.contains_key(run), "run {run} lost its opening");
    }
    for (run, &number) in &finished {
        let of = &entries[run];
        let resources: Vec<_> = of[1..of.len() - 1].iter().map(|e| &e.resource).collect();
        let expected = trail(number);
        let expected: Vec<_> = expected.iter().map(|event| &event.resource).collect();
        assert_eq!(resources, expected, "run {run}");
        assert_eq!(of[of.len() - 1].event_type, event::RUN_CLOSED);
    }
    // A run that was under way at a kill is shown as cut off.
    let open = lab.verify().unwrap().open_runs;
    let seen: Vec<u64> = runs(&Reader::open(&lab.path).unwrap())
        .unwrap()
        .into_iter()
        .filter(|run| run.closed.is_none())
        .map(|run| run.run_id)
        .collect();
    assert_eq!(seen, open);
    assert!(!open.is_empty() && !finished.is_empty());
    eprintln!(
        "{kills} kills: {known} entries, {} runs acknowledged as begun, {} as finished, {} cut off",
        begun.len(),
        finished.len(),
        open.len()
    );
}

/// Starts a process that appends, kills it, and returns what it had acknowledged.
fn killed(lab: &Lab, durability: &str, kill: u64) -> Vec<(String, u64, u64)> {
    let random = Sha256::digest(kill.to_be_bytes());
    let acknowledgements = usize::from(random[0] % 40);
    let delay = Duration::from_micros(u64::from(u16::from_be_bytes([random[1], random[2]])) / 16);
    let mut child = child::appends(&lab.path, durability, 1_000_000);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while text.matches("ack ").count() < acknowledgements {
        assert_ne!(out.read_line(&mut text).unwrap(), 0, "it ended by itself");
    }
    // To the microsecond: a sleeping thread wakes up later than that.
    let begin = Instant::now();
    while begin.elapsed() < delay {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    out.read_to_string(&mut text).unwrap();
    // A line without an end does not count.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let acknowledged = whole.lines().filter_map(|line| {
        let mut words = line.strip_prefix("ack ")?.split(' ');
        let mut word = || words.next().unwrap();
        let what = word().to_owned();
        Some((what, word().parse().unwrap(), word().parse().unwrap()))
    });
    acknowledged.collect()
}
