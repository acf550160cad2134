//! What a guest needs that does not link the standard library: an allocator, and what a panic does.
//!
//! The standard library brings forty kilobytes and nineteen imports of WASI into every guest, for the message of a panic
//! and for what few guests use. The host makes each import anew in each run. A guest without it, as `cargo xtask new NAME
//! --lean` makes one, says `#![cfg_attr(target_family = "wasm", no_std)]` and `use lean as _;`, and takes texts and lists
//! from the crate `alloc`.
//!
//! A panic ends the run as a trap, with the names of the functions and without a message.

#![no_std]
#![deny(missing_docs)]

#[cfg(target_family = "wasm")]
mod bump;

/// A panic's message would need a place to write it to.
#[cfg(target_family = "wasm")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
