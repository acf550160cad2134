//! The results as rows of a table.

use serde::{Deserialize, Serialize};

use crate::pairs::Pair;

/// All rows of one run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Table {
    /// In the order of the benchmarks.
    pub rows: Vec<Row>,
}

/// One of our figures beside the reference's.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    /// The name of the benchmark, and of the figure if it has several.
    pub name: String,
    /// The unit of both figures.
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
    /// Nanoseconds for a unit of fuel.
    NanosecondsPerFuel,
    /// A duration.
    Microseconds,
    /// A duration.
    Milliseconds,
    /// A duration, of processor time.
    Seconds,
    /// Runs per second.
    PerSecond,
    /// Memory.
    KiB,
    /// A number of things, such as threads.
    Count,
}

/// A bound on the ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Bar {
    /// The ratio should not be higher.
    AtMost(f64),
    /// The ratio should not be lower.
    AtLeast(f64),
}

impl Bar {
    /// Whether a ratio is within the bound.
    pub fn holds(self, ratio: f64) -> bool {
        match self {
            Bar::AtMost(bound) => ratio <= bound,
            Bar::AtLeast(bound) => ratio >= bound,
        }
    }
}

impl Row {
    /// A row of how many runs a second there are, from the times of one run. Ours should have at least `bar` of the
    /// reference's.
    pub fn per_second(name: &str, pair: &Pair, bar: f64) -> Row {
        Row {
            name: name.to_owned(),
            unit: Unit::PerSecond,
            ours: 1.0 / pair.ours.as_secs_f64(),
            reference: 1.0 / pair.reference.as_secs_f64(),
            ratio: 1.0 / pair.ratio,
            bar: Some(Bar::AtLeast(bar)),
        }
    }
}

impl Table {
    /// Adds a row at the end.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }
}
