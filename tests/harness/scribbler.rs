//! The hostile guest that fills its slot with a pattern before a case's second run.
//!
//! A workspace may have one of its own. This one is for all others.

use anyhow::{Context, Result};

/// The name of a workspace's own.
pub(crate) const GUEST: &str = "slot-scribbler";

/// The component for a workspace that has none.
pub(crate) fn component() -> Result<Vec<u8>> {
    wat::parse_str(include_str!("scribbler.wat")).context("the hostile guest is a component")
}
