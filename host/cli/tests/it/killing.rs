//! Hosts that are killed at random moments: this program is started again as one of its own tests, says on standard
//! output what it has acknowledged, and is killed.
//!
//! `FRACTALAW_TEST_KILLS` sets how often.

use std::env;
use std::io::{BufRead, BufReader, Read, Write, stdout};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fractalaw_host::{Durability, Run};
use fractalaw_testing::{DURABILITIES, Lab};

const LEDGER: &str = "FRACTALAW_TEST_LEDGER";
const TASK: &str = "FRACTALAW_TEST_TASK";

/// The runs that a process has under way.
const WRITERS: usize = 2;

pub(crate) fn kills() -> u64 {
    env::var("FRACTALAW_TEST_KILLS").map_or(24, |text| text.parse().unwrap())
}

/// A number from 0 to 65535. The sequence is the same each time.
pub(crate) fn random(seed: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 48
}

/// What a process that is to be killed has to do.
pub(crate) struct Task {
    pub(crate) ledger: PathBuf,
    pub(crate) durability: Durability,
    /// The number of its next run.
    pub(crate) next: AtomicU64,
}

impl Task {
    /// This process's task. There is none if it runs as an ordinary test.
    pub(crate) fn given() -> Option<Task> {
        let (ledger, task) = (env::var_os(LEDGER)?, env::var(TASK).ok()?);
        let (name, first) = task.split_once(' ').unwrap();
        let named = |(_, known): &(Durability, &str)| *known == name;
        let (durability, _) = DURABILITIES.into_iter().find(named).unwrap();
        // The test's own line ends before the first acknowledgement.
        say("\n".to_owned());
        Some(Task {
            ledger: ledger.into(),
            durability,
            next: AtomicU64::new(first.parse().unwrap()),
        })
    }

    /// Makes runs on two threads until this process is killed. The clock of a run is its number, and `run` makes it.
    pub(crate) fn without_end(&self, run: impl Fn(u64, &Run) + Sync) {
        self.without_end_if(|number, settings| {
            run(number, settings);
            true
        });
    }

    /// The same, if not every run is acknowledged: `run` says whether it is.
    pub(crate) fn without_end_if(&self, run: impl Fn(u64, &Run) -> bool + Sync) {
        thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    loop {
                        let number = self.next.fetch_add(1, Ordering::Relaxed);
                        if run(number, &Run::new().clock(Duration::from_secs(number))) {
                            self.acknowledge(number);
                        }
                    }
                });
            }
        });
    }

    /// Says that a run has a report.
    pub(crate) fn acknowledge(&self, number: u64) {
        say(format!("ack {number}\n"));
    }
}

/// Written in one piece, so that the text is in the pipe when the process is killed.
fn say(text: String) {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Starts a process that has this test for its task, with runs from `first` on. Kills it after so many acknowledgements and this
/// time, and returns the numbers that it acknowledged.
pub(crate) fn killed(
    lab: &Lab,
    test: &str,
    kill: u64,
    first: u64,
    acknowledgements: u64,
    delay: Duration,
) -> Vec<u64> {
    let (_, durability) = DURABILITIES[kill as usize % 3];
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(LEDGER, &lab.path)
        .env(TASK, format!("{durability} {first}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while (text.matches("ack ").count() as u64) < acknowledgements {
        assert_ne!(out.read_line(&mut text).unwrap(), 0, "it ended by itself");
    }
    end_after(&mut child, delay);
    child.wait().unwrap();
    out.read_to_string(&mut text).unwrap();
    // A line without an end does not count.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let numbers = whole.lines().filter_map(|line| line.strip_prefix("ack "));
    numbers.map(|number| number.parse().unwrap()).collect()
}

/// To the microsecond: a sleeping thread wakes up later than that.
pub(crate) fn end_after(child: &mut Child, delay: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < delay {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
}
