//! The results as rows of a table.

use serde::{Deserialize, Serialize};

/// All rows of one run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Table {
    /// In the order of the benchmarks.
    pub rows: Vec<Row>,
}

/// One of our figures beside the reference's.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    /// The benchmark, and what of it.
    pub name: String,
    /// What both figures count.
    pub unit: Unit,
    /// Our figure.
    pub ours: f64,
    /// The figure of the reference.
    pub reference: f64,
    /// Ours divided by the reference: the median over pairs, if there were several.
    pub ratio: f64,
    /// The bound that the ratio should hold.
    pub bar: Option<Bar>,
}

/// What `ours` and `reference` count.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Unit {
    /// Time for a unit of fuel.
    NanosecondsPerFuel,
    /// Time.
    Microseconds,
    /// Time.
    Milliseconds,
    /// Runs in a second.
    PerSecond,
    /// Memory.
    KiB,
    /// Things, such as threads.
    Count,
}

/// A bound on the ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Bar {
    /// More would be worse.
    AtMost(f64),
    /// Less would be worse.
    AtLeast(f64),
}

impl Bar {
    /// Whether a ratio is within it.
    pub fn holds(self, ratio: f64) -> bool {
        match self {
            Bar::AtMost(bound) => ratio <= bound,
            Bar::AtLeast(bound) => ratio >= bound,
        }
    }
}

impl Table {
    /// Adds a row at the end.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }
}
