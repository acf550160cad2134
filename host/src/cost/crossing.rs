//! The price of the data that the parts of a composed component hand to each other.
//!
//! The parts pay for each byte of memory that is asked for, in code that `fractalaw_instrument` adds. Wasmtime
//! itself copies and transcodes the data, and that has no price.

use fractalaw_instrument::Crossing;

use super::operators::TABLE;
use crate::limits::{CROSSING_BYTES, CROSSING_VALUES};

/// Units of fuel for a byte. The most expensive byte, from UTF-16 to UTF-8, takes 1.4 ns. That is 2.5 times as
/// long as a unit of the median instruction takes. Unoptimised, as tests run, it takes 28 ns.
const FUEL_PER_BYTE: u32 = 4;

/// The bytes that are paid for together, as a power of two. A larger step makes paying faster.
const STEP_BYTES_LOG2: u32 = 6;

/// The cost of one iteration of the loop: counting down, and branching back.
const LOOP_FUEL: u32 = TABLE.LocalGet as u32
    + TABLE.I32Const as u32
    + TABLE.I32Sub as u32
    + TABLE.LocalTee as u32
    + TABLE.BrIf as u32;

const STEP_FUEL: u32 = FUEL_PER_BYTE << STEP_BYTES_LOG2;

// The rest of a step is filled with constants that are loaded and dropped.
const _: () = assert!(TABLE.I32Const == 1 && TABLE.Drop == 0 && LOOP_FUEL < STEP_FUEL);

/// The price.
pub(crate) const PRICE: Crossing = Crossing {
    limit_values: CROSSING_VALUES as u64,
    limit_bytes: CROSSING_BYTES as u32,
    step_bytes_log2: STEP_BYTES_LOG2,
    step_constants: STEP_FUEL - LOOP_FUEL,
};
