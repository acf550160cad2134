//! Random sequences of everything that callers do, against a model that is so simple that it can be read.
//!
//! The model keeps everything in lists, and goes through all of them for each question. The engine must answer the
//! same, and have the same in its file, after every step, also after a crash at any point.
//! `FRACTALAW_TEST_SEQUENCES` sets how many sequences there are.

mod driver;
mod staging;
mod state;

use driver::Driver;

const SEQUENCES: u64 = 60;
const STEPS: usize = 80;

#[test]
fn the_engine_does_what_the_model_does() {
    let sequences = std::env::var("FRACTALAW_TEST_SEQUENCES");
    let sequences = sequences.map_or(SEQUENCES, |text| text.parse().unwrap());
    let next = std::sync::atomic::AtomicU64::new(0);
    let steps = std::sync::Mutex::new(std::collections::BTreeMap::new());
    // Many at once, because each waits for the disk.
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if seed >= sequences {
                        return;
                    }
                    let mut driver = Driver::new(seed);
                    for _ in 0..STEPS {
                        driver.step();
                    }
                    for (step, count) in driver.counted {
                        *steps.lock().unwrap().entry(step).or_insert(0_u64) += count;
                    }
                }
            });
        }
    });
    let steps = steps.into_inner().unwrap();
    eprintln!("{sequences} sequences: {steps:?}");
    // Every kind of step and every kind of end was seen.
    let expected = [
        "accept",
        "cancel",
        "claim",
        "completed",
        "crash",
        "crash, completed",
        "crash, cut off",
        "crash, failed",
        "drop",
        "emit",
        "exhausted",
        "failed",
        "give back",
        "interrupted",
        "let go",
        "offer again",
        "prepare",
        "refused",
        "retry",
        "run",
        "schedule",
        "set apps",
        "start",
        "time back",
        "time forth",
    ];
    let seen: Vec<&str> = steps.keys().copied().collect();
    assert_eq!(seen, expected);
}
