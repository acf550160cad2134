//! The price of what crosses between the parts of a composed component.
//!
//! The parts pay by the byte of room that is asked for, in code that `fractalaw_instrument` puts there, because
//! what copies and transcodes is Wasmtime's own and has no price.

use fractalaw_instrument::Crossing;

use super::operators::TABLE;
use crate::limits::{CROSSING_BYTES, CROSSING_VALUES};

/// Units of fuel for a byte. From UTF-16 to UTF-8, the dearest, one takes 1.4 ns, which is 2.5 times what a unit of
/// the median instruction takes; unoptimised, as tests run, 28 ns.
const FUEL_PER_BYTE: u32 = 4;

/// Bytes that are paid for together, as a power of two: the larger, the less paying takes.
const STEP_BYTES_LOG2: u32 = 6;

/// What going round the loop costs: counting down, and branching back.
const LOOP_FUEL: u32 = TABLE.LocalGet as u32
    + TABLE.I32Const as u32
    + TABLE.I32Sub as u32
    + TABLE.LocalTee as u32
    + TABLE.BrIf as u32;

const STEP_FUEL: u32 = FUEL_PER_BYTE << STEP_BYTES_LOG2;

// What fills a step up is a constant that is loaded and dropped.
const _: () = assert!(TABLE.I32Const == 1 && TABLE.Drop == 0 && LOOP_FUEL < STEP_FUEL);

/// The price.
pub(crate) const PRICE: Crossing = Crossing {
    limit_values: CROSSING_VALUES as u64,
    limit_bytes: CROSSING_BYTES as u32,
    step_bytes_log2: STEP_BYTES_LOG2,
    step_constants: STEP_FUEL - LOOP_FUEL,
};
