//! Bounds on the time and memory of one input, checked by a thread while the input runs.
//!
//! An input that exceeds a bound cannot be stopped. It is kept as a file, and the process ends.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often the thread checks.
const LOOK: Duration = Duration::from_millis(50);

/// What an input may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The time from its beginning to its end.
    pub time: Duration,
    /// The memory of the process, minus its memory when the bounds were set.
    pub memory_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            // The time to compile the worst accepted component, unoptimised, on a busy machine.
            time: Duration::from_secs(60),
            memory_bytes: 2 << 30,
        }
    }
}

/// The input that is running, and since when.
type Running = Option<(Instant, Vec<u8>)>;

/// The thread that checks. It lives as long as the process.
pub struct Watch {
    running: Arc<Mutex<Running>>,
}

impl Watch {
    /// Starts the thread. It calls `exceeded` with the input and the bound that it exceeded. `exceeded` should
    /// not return.
    pub fn start(bounds: Bounds, exceeded: impl Fn(&[u8], &str) + Send + 'static) -> Watch {
        let running: Arc<Mutex<Running>> = Arc::default();
        let watched = Arc::clone(&running);
        let before = resident_bytes();
        thread::spawn(move || {
            loop {
                thread::sleep(LOOK);
                let running = watched.lock().unwrap_or_else(PoisonError::into_inner);
                let Some((since, input)) = &*running else {
                    continue;
                };
                let (took, holds) = (since.elapsed(), resident_bytes().saturating_sub(before));
                if took > bounds.time {
                    exceeded(input, &format!("it runs for {took:?}"));
                } else if holds > bounds.memory_bytes {
                    exceeded(input, &format!("{} MiB are held", holds >> 20));
                }
            }
        });
        Watch { running }
    }

    /// An input begins.
    pub fn begin(&self, input: &[u8]) {
        self.set(Some((Instant::now(), input.to_vec())));
    }

    /// The input has ended.
    pub fn end(&self) {
        self.set(None);
    }

    fn set(&self, to: Option<(Instant, Vec<u8>)>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

/// The resident memory of the process; 0 if the system does not say.
pub fn resident_bytes() -> u64 {
    let said = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = said
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

/// The most memory that the process has held so far.
pub fn peak_bytes() -> u64 {
    let said = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = said.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// The processor time of all its threads, including those that ended, in hundredths of a second as the system
/// counts.
pub fn processor_time() -> Duration {
    let said = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is a name in parentheses, which may contain spaces.
    let fields = said.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}
