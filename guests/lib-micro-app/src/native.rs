//! The contract on the machine's own target, where there is no host: its functions are those of [`testing::Host`], which a
//! test makes.
//!
//! The target decides, and not `cfg(test)`: a library that a guest depends on is never compiled with the guest's
//! `cfg(test)`. In a component, nothing of this exists.

pub mod contract;
pub mod testing;
