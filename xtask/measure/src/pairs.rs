//! Measures two things in turn, so that both suffer equally when a shared machine becomes slower.
//!
//! A harness that samples one after the other (criterion, divan) compares two minutes of a machine with two other
//! minutes. Here batches of ours and of the reference alternate, and the result is the median of the ratios of
//! neighbouring batches.

use std::time::{Duration, Instant};

/// The medians over all batches.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// The time of one of ours.
    pub ours: Duration,
    /// The time of one of the reference's.
    pub reference: Duration,
    /// Ours divided by the reference.
    pub ratio: f64,
}

/// Alternates `batches` times. Each call returns how many runs it did.
pub fn measure(
    batches: usize,
    mut ours: impl FnMut() -> u32,
    mut reference: impl FnMut() -> u32,
) -> Pair {
    let time = |batch: &mut dyn FnMut() -> u32| {
        let start = Instant::now();
        let count = batch();
        start.elapsed().as_secs_f64() / f64::from(count)
    };
    // Warms caches, the pool's slots and the branch predictor.
    time(&mut ours);
    time(&mut reference);
    let mut pairs = Vec::with_capacity(batches);
    for i in 0..batches {
        // Each side goes first as often as the other.
        pairs.push(if i % 2 == 0 {
            (time(&mut ours), time(&mut reference))
        } else {
            let reference = time(&mut reference);
            (time(&mut ours), reference)
        });
    }
    let median = |of: fn(&(f64, f64)) -> f64| median(pairs.iter().map(of).collect());
    Pair {
        ours: Duration::from_secs_f64(median(|pair| pair.0)),
        reference: Duration::from_secs_f64(median(|pair| pair.1)),
        ratio: median(|pair| pair.0 / pair.1),
    }
}

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
