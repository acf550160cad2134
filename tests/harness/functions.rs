//! What each function used in a run, as the text that is committed beside a case's cost; and what changed, as
//! lines for people.
//!
//! In a failing test it says which function became more expensive. It is not compared if the cost is unchanged,
//! because the parts sum to the cost.

use std::fmt::Write;

use fractalaw_report::{FunctionMoved, FunctionsUsed};

/// One function on each line: own fuel, calls, name. `reviewed` reads it.
pub(crate) fn text(functions: &FunctionsUsed) -> String {
    let mut text = String::new();
    for (name, used) in functions.iter() {
        writeln!(text, "{} {} {name}", used.fuel, used.calls).expect("a string takes it");
    }
    text
}

/// The first functions that changed.
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
