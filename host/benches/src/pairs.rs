//! Measures two things in turn, so that the drift of a shared machine falls on both alike.
//!
//! A harness that samples one after the other (criterion, divan) compares two minutes of a machine
//! with two others of it. Here a batch of ours and a batch of the reference alternate, and what counts
//! is the median of the ratios of neighbours.

use std::time::{Duration, Instant};

/// The medians over all batches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// One of ours.
    pub(crate) ours: Duration,
    /// One of the reference's.
    pub(crate) reference: Duration,
    /// Ours for one of the reference's.
    pub(crate) ratio: f64,
}

/// Alternates `batches` times; each call does as many as it returns.
pub(crate) fn measure(
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
        // Each goes first as often as the other.
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

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
