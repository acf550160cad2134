//! Measures the time and memory for compiling the most expensive components that are accepted: the figures in
//! `.github/SECURITY.md`. Each is measured in a process of its own.

use std::env;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use fractalaw_fuzz::bombs::{self, SHAPES};
use fractalaw_fuzz::bounds;
use fractalaw_host::{Host, LoadError, Refusal};

/// The most bytes that a function may have.
const FUNCTION_BYTES: usize = 640 << 10;

fn main() {
    if let Some(what) = env::args().nth(1) {
        return measure(&what);
    }
    let us = env::current_exe().expect("we are a file");
    let others = ["functions", "types", "elements", "adapters", "whole"];
    for what in SHAPES.iter().map(|shape| shape.name).chain(others) {
        let status = Command::new(&us).arg(what).status();
        assert!(status.expect("we can be started").success(), "{what}");
    }
}

fn measure(what: &str) {
    match what {
        "functions" => largest(what, 2_000_000, bombs::functions),
        "types" => largest(what, 900_000, bombs::types),
        "elements" => largest(what, 2_000_000, bombs::elements),
        "adapters" => largest(what, 3_000, |count| bombs::adapters(count as usize, 20)),
        // As many of the most expensive function as a component may have.
        "whole" => largest(what, 2_000, |count| SHAPES[0].component(20_000, count)),
        _ => {
            let shape = SHAPES.iter().find(|shape| shape.name == what);
            let shape = shape.expect("it is a shape");
            largest(what, FUNCTION_BYTES as u32 - 64, |bytes| {
                shape.component(bytes as usize, 1)
            });
        }
    }
}

/// Measures the largest component that is accepted. A refusal says by how much a component is too large.
fn largest(what: &str, most: u32, make: impl Fn(u32) -> Vec<u8>) {
    let host = Host::builder()
        .slots(1)
        .compile_time(Duration::from_secs(3600));
    let host = host.build().expect("a host starts");
    let mut size = most;
    loop {
        let bytes = make(size);
        // Makes Linux forget the peak so far.
        let _ = fs::write("/proc/self/clear_refs", "5");
        let before = bounds::resident_bytes();
        let (used, started) = (bounds::processor_time(), Instant::now());
        let loaded = host.load(&bytes);
        let (took, used) = (started.elapsed(), bounds::processor_time() - used);
        match loaded {
            Err(LoadError::Refused(Refusal::OverSlot { found, limit, .. })) => {
                // Counting stops at the limit, so this approaches the limit only step by step.
                let next = (u64::from(size) * limit / found).min(u64::from(size) * 9 / 10);
                size = u32::try_from(next).expect("it is less than before");
                assert!(size > 0, "{what}: it is not its size that is too much");
            }
            Ok(_) => {
                let held = bounds::peak_bytes().saturating_sub(before);
                let (bytes, seconds) = (bytes.len(), took.as_secs_f64());
                println!(
                    "{what:32} {bytes:>10} bytes {seconds:>8.2} s {:>8.2} s of processors {:>6} MiB",
                    used.as_secs_f64(),
                    held >> 20
                );
                return;
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }
}
