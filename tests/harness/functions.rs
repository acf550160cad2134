//! What each function used in a run, as the text that is committed beside a case's cost, and what moved, as lines for a
//! person.
//!
//! It says in a failing test which function became dearer. It is not compared when the cost is as it was: the
//! parts sum to the whole, which is.

use std::fmt::Write;

use fractalaw_report::{FunctionMoved, FunctionsUsed};

/// One function a line: own fuel, calls, name. `reviewed` reads it.
pub(crate) fn text(functions: &FunctionsUsed) -> String {
    let mut text = String::new();
    for (name, used) in functions.iter() {
        writeln!(text, "{} {} {name}", used.fuel, used.calls).expect("a string takes it");
    }
    text
}

/// The first of those that moved.
pub(crate) fn shown(moved: &[FunctionMoved], most: usize) -> String {
    let mut text = String::new();
    for function in moved.iter().take(most) {
        writeln!(
            text,
            "  {:+} in `{}`: {} → {}, calls {} → {}",
            function.difference(),
            function.name,
            function.before.fuel,
            function.after.fuel,
            function.before.calls,
            function.after.calls,
        )
        .expect("a string takes it");
    }
    if moved.len() > most {
        writeln!(text, "  … and {} more functions", moved.len() - most).expect("a string takes it");
    }
    text
}
