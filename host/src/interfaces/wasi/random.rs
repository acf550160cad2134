//! `wasi:random`: the system's randomness, or in a deterministic run seeded numbers.

use std::time::Instant;

use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::random::WasiRandomView;

use super::offering::offer;
use crate::limits::{RANDOM_BYTES, RANDOM_PIECE_BYTES};
use crate::offer::deadline::DeadlineExceeded;
use crate::offer::state::RunState;

offer! {
    "wasi:random/random@0.2.12", state => state;
        sync "get-random-bytes"(len) asks len -> value = RANDOM, get_random_bytes;
    "wasi:random/random@0.2.12", state => WasiRandomView::random(state);
        sync "get-random-u64"() -> value = RANDOM, random::Host::get_random_u64;
    "wasi:random/insecure@0.2.12", state => state;
        sync "get-insecure-random-bytes"(len) asks len -> value = RANDOM, get_insecure_random_bytes;
    "wasi:random/insecure@0.2.12", state => WasiRandomView::random(state);
        sync "get-insecure-random-u64"() -> value = RANDOM, insecure::Host::get_insecure_random_u64;
    "wasi:random/insecure-seed@0.2.12", state => WasiRandomView::random(state);
        sync "insecure-seed"() -> value = RANDOM, insecure_seed::Host::insecure_seed;
}

fn get_random_bytes(state: &mut &mut RunState, count: u64) -> wasmtime::Result<Vec<u8>> {
    let deadline = state.deadline();
    let draw = random::Host::get_random_bytes;
    in_pieces(WasiRandomView::random(*state), draw, count, deadline)
}

fn get_insecure_random_bytes(state: &mut &mut RunState, count: u64) -> wasmtime::Result<Vec<u8>> {
    let deadline = state.deadline();
    let draw = insecure::Host::get_insecure_random_bytes;
    in_pieces(WasiRandomView::random(*state), draw, count, deadline)
}

/// The same bytes that one call would return. The most that a guest may ask for takes an unoptimised host a
/// quarter of a second, so the deadline is checked in between.
fn in_pieces<R>(
    random: &mut R,
    draw: fn(&mut R, u64) -> wasmtime::Result<Vec<u8>>,
    count: u64,
    deadline: Instant,
) -> wasmtime::Result<Vec<u8>> {
    if count > RANDOM_BYTES {
        // The error says how many bytes it may be.
        return draw(random, count);
    }
    let mut bytes = Vec::new();
    let mut left = count;
    while left > 0 {
        if Instant::now() >= deadline {
            return Err(DeadlineExceeded.into());
        }
        let piece = left.min(RANDOM_PIECE_BYTES);
        bytes.append(&mut draw(random, piece)?);
        left -= piece;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// What was drawn, piece by piece.
    type Drawn = Vec<u64>;

    fn draw(drawn: &mut Drawn, count: u64) -> wasmtime::Result<Vec<u8>> {
        drawn.push(count);
        Ok(vec![0; usize::try_from(count)?])
    }

    #[test]
    fn the_deadline_is_looked_at_before_each_piece() {
        let later = Instant::now() + Duration::from_secs(3_600);
        let mut drawn = Drawn::new();
        let count = 2 * RANDOM_PIECE_BYTES + 1;
        let bytes = in_pieces(&mut drawn, draw, count, later).unwrap();
        assert_eq!(bytes.len() as u64, count);
        assert_eq!(drawn, [RANDOM_PIECE_BYTES, RANDOM_PIECE_BYTES, 1]);
        let ended = in_pieces(&mut drawn, draw, RANDOM_BYTES, Instant::now());
        assert!(ended.unwrap_err().is::<DeadlineExceeded>());
        assert_eq!(drawn.len(), 3, "nothing is drawn after it");
    }
}
