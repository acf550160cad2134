//! Files are moved, linked, removed and put back at random moments, while processes append and in between. Then
//! everything that was acknowledged is there, or a process failed, or the ledger does not verify.
//!
//! `FRACTALAW_TEST_MOVES` sets the number of rounds.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use fractalaw_ledger::*;
use sha2::{Digest, Sha256};

use crate::child;
use crate::displaced::{beside, log_of};
use crate::lab::*;

const ROUNDS: u64 = 26;

/// The runs of each of a process's three threads.
const RUNS: u64 = 4;

/// What happens, and through which name the next process appends.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Rename,
    RenameAndMakeAnew,
    Unlink,
    Link,
    RestoreByName,
    RestoreInPlace,
    RemoveLog,
    RemoveIndex,
    RemoveBoth,
    PlantLog,
    PlantLogOfOlder,
    TruncateLog,
    Nothing,
}

const HAPPENS: [Happens; 13] = [
    Happens::Rename,
    Happens::RenameAndMakeAnew,
    Happens::Unlink,
    Happens::Link,
    Happens::RestoreByName,
    Happens::RestoreInPlace,
    Happens::RemoveLog,
    Happens::RemoveIndex,
    Happens::RemoveBoth,
    Happens::PlantLog,
    Happens::PlantLogOfOlder,
    Happens::TruncateLog,
    Happens::Nothing,
];

impl Happens {
    /// Whether the change is detected even if nobody has the ledger open. Another complete file under its name is
    /// detected only with a kept checkpoint.
    fn shows_at_rest(self) -> bool {
        !matches!(
            self,
            Happens::RestoreByName | Happens::RestoreInPlace | Happens::RenameAndMakeAnew
        )
    }
}

/// The ledger of a round, and what its processes said.
struct Round {
    lab: Lab,
    moved: PathBuf,
    older: Vec<u8>,
    acknowledged: BTreeSet<(String, u64)>,
    failed: bool,
}

impl Round {
    fn new() -> Round {
        let lab = Lab::new();
        let older = fs::read(&lab.path).unwrap();
        let mut round = Round {
            moved: lab.folder.path().join("moved.ledger"),
            lab,
            older,
            acknowledged: BTreeSet::new(),
            failed: false,
        };
        round.wait(Process::start("before", &round.lab.path, "run"));
        round
    }

    /// Makes the change, and returns the name through which the next process appends. A missing file cannot be
    /// moved.
    fn happen(&self, what: Happens) -> &Path {
        let path = &self.lab.path;
        let log = beside(path, "-wal");
        let replace = |target: &Path, bytes: &[u8]| {
            let new = path.with_extension("new");
            fs::write(&new, bytes).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs::set_permissions(&new, mode).unwrap();
            fs::rename(new, target).unwrap();
        };
        match what {
            Happens::Rename | Happens::RenameAndMakeAnew => {
                let _ = fs::rename(path, &self.moved);
                if matches!(what, Happens::RenameAndMakeAnew) {
                    let _ = create(path, "node-2", &self.lab.key.public_key(), T0);
                    return path;
                }
                return &self.moved;
            }
            Happens::Unlink => fs::remove_file(path).unwrap(),
            Happens::Link => {
                fs::hard_link(path, &self.moved).unwrap();
                return &self.moved;
            }
            Happens::RestoreByName => replace(path, &self.older),
            Happens::RestoreInPlace => fs::write(path, &self.older).unwrap(),
            Happens::RemoveLog => drop(fs::remove_file(log)),
            Happens::RemoveIndex => drop(fs::remove_file(beside(path, "-shm"))),
            Happens::RemoveBoth => {
                let _ = fs::remove_file(log);
                let _ = fs::remove_file(beside(path, "-shm"));
            }
            Happens::PlantLog => {
                let other = Lab::new();
                other.sample();
                replace(&log, &log_of(&fs::read(&other.path).unwrap()));
            }
            Happens::PlantLogOfOlder => replace(&log, &log_of(&self.older)),
            Happens::TruncateLog => {
                let file = fs::File::options().write(true).open(log);
                let _ = file.and_then(|file| file.set_len(0));
            }
            Happens::Nothing => {}
        }
        path
    }

    fn wait(&mut self, process: Process) {
        let (acknowledged, good) = process.end();
        self.failed |= !good;
        if good {
            self.acknowledged.extend(acknowledged);
        }
    }

    /// Whether everything that was acknowledged is there, unless something says that it may not be.
    fn holds(&self, kept: Option<&Checkpoint>) -> Result<(), String> {
        let path = match self.lab.path.exists() {
            true => &self.lab.path,
            false => &self.moved,
        };
        let trust = Trust {
            checkpoints: kept.cloned().into_iter().collect(),
            public_key: None,
        };
        if self.failed || verify_file(path, &trust).is_err() {
            return Ok(());
        }
        let found: BTreeSet<(String, u64)> = entries(path)
            .unwrap()
            .into_iter()
            .filter(|entry| entry.event_type == event::RUN_CLOSED)
            .map(|entry| {
                let name = entry.resource.split('@').next().unwrap().to_owned();
                (name, entry.run_id.unwrap())
            })
            .collect();
        let lost: Vec<_> = self.acknowledged.difference(&found).collect();
        match lost.is_empty() {
            true => Ok(()),
            false => Err(format!("lost {lost:?} of {}", self.acknowledged.len())),
        }
    }
}

struct Process {
    child: Child,
    out: BufReader<ChildStdout>,
    name: String,
    said: String,
}

impl Process {
    fn start(name: &str, path: &Path, durability: &str) -> Process {
        Process::start_with(name, path, durability, Stdio::null())
    }

    fn start_with(name: &str, path: &Path, durability: &str, stdin: Stdio) -> Process {
        let mut child = child::appends_as(name, path, durability, RUNS, stdin);
        Process {
            out: BufReader::new(child.stdout.take().unwrap()),
            child,
            name: name.to_owned(),
            said: String::new(),
        }
    }

    /// Waits until the process has acknowledged that many, or has ended.
    fn until(&mut self, acknowledgements: usize) {
        while self.said.matches("ack ").count() < acknowledgements {
            if self.out.read_line(&mut self.said).unwrap() == 0 {
                return;
            }
        }
    }

    /// The runs that it acknowledged as finished, and whether it ended well.
    fn end(mut self) -> (Vec<(String, u64)>, bool) {
        self.out.read_to_string(&mut self.said).unwrap();
        let good = self.child.wait().unwrap().success();
        let finished = self.said.lines().filter_map(|line| {
            let run = line.strip_prefix("ack finished ")?.split(' ').next()?;
            Some((self.name.clone(), run.parse().unwrap()))
        });
        (finished.collect(), good)
    }
}

#[test]
fn what_was_acknowledged_is_there_or_something_says_that_it_is_not() {
    let rounds = env::var("FRACTALAW_TEST_MOVES").map_or(ROUNDS, |text| text.parse().unwrap());
    let mut lost = Vec::new();
    let (mut said, mut whole) = (0, 0);
    for number in 0..rounds {
        let random = Sha256::digest(number.to_be_bytes());
        let what = HAPPENS[number as usize % HAPPENS.len()];
        let durability = ["entry", "run", "group"][usize::from(random[0] % 3)];
        let mut round = Round::new();
        let during = random[1] % 4 != 0;
        let mut kept = None;
        if during {
            // It goes on to its last run after a change that nothing can detect at rest.
            let (stdin, acknowledgements) = match what.shows_at_rest() {
                true => (Stdio::null(), random[3] % 26),
                false => (Stdio::piped(), 1 + random[3] % 22),
            };
            let path = &round.lab.path;
            let mut first = Process::start_with("first", path, durability, stdin);
            // Alone, or beside another one.
            let beside = random[2] % 2 == 0;
            let beside = beside.then(|| Process::start("beside", &round.lab.path, "run"));
            first.until(usize::from(acknowledgements));
            let delay = u16::from_be_bytes([random[4], random[5]]);
            let (begin, delay) = (Instant::now(), Duration::from_micros(u64::from(delay) / 16));
            while begin.elapsed() < delay {
                std::hint::spin_loop();
            }
            let path = round.happen(what).to_owned();
            drop(first.child.stdin.take());
            let next = Process::start("next", &path, "run");
            for process in [Some(first), beside, Some(next)].into_iter().flatten() {
                round.wait(process);
            }
        } else {
            // While nobody looks, only a checkpoint can show that entries are gone.
            round.wait(Process::start("first", &round.lab.path, durability));
            let ledger = round.lab.ledger();
            kept = Some(ledger.checkpoint(&round.lab.key, T0).unwrap());
            drop(ledger);
            let path = round.happen(what).to_owned();
            round.wait(Process::start("next", &path, "run"));
        }
        match round.holds(kept.as_ref()) {
            Err(why) => lost.push(format!("round {number}, {what:?}, during {during}: {why}")),
            Ok(()) if round.failed => said += 1,
            Ok(()) => whole += 1,
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    eprintln!(
        "{rounds} rounds: a process failed in {said}, {whole} verified or not as they should"
    );
}
