//! The names of the hooks.

/// The interface that a twin imports in addition to the component's own imports.
pub const HOOKS: &str = "fractal:profile/hooks";

/// The function of [`HOOKS`] that each function calls first.
pub const ENTER: &str = "enter";

/// The function of [`HOOKS`] that each function calls last.
pub const EXIT: &str = "exit";
