//! Several runs of the benchmarks as one: the median of each figure, and how far its ratio spread.

use std::fs;

use fractalaw_measure::table::{Row, Table};

/// The runs in their order, each with the load of the machine before it.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    runs: Vec<Table>,
    loads: Vec<String>,
}

/// The ratios of one figure.
#[derive(Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) least: f64,
    pub(super) most: f64,
    /// How many of them hold the bar. `None` without a bar.
    pub(super) holds: Option<usize>,
    /// How many runs had the figure.
    pub(super) runs: usize,
}

impl Repeated {
    pub(super) fn add(&mut self, load: String, run: Table) {
        self.runs.push(run);
        self.loads.push(load);
    }

    pub(super) fn is_one(&self) -> bool {
        self.runs.len() == 1
    }

    /// The row of each figure that some run has, with the medians over the runs.
    pub(super) fn medians(&self) -> Table {
        let mut table = Table::default();
        for row in self.runs.iter().flat_map(|run| &run.rows) {
            if table.rows.iter().any(|known| known.name == row.name) {
                continue;
            }
            let median = |of: fn(&Row) -> f64| median(self.all(&row.name).map(of).collect());
            table.add(Row {
                name: row.name.clone(),
                unit: row.unit,
                ours: median(|row| row.ours),
                reference: median(|row| row.reference),
                ratio: median(|row| row.ratio),
                bar: row.bar,
            });
        }
        table
    }

    pub(super) fn spread(&self, name: &str) -> Spread {
        let mut ratios: Vec<f64> = self.all(name).map(|row| row.ratio).collect();
        ratios.sort_by(f64::total_cmp);
        let bar = self.all(name).find_map(|row| row.bar);
        Spread {
            least: ratios.first().copied().unwrap_or(f64::NAN),
            most: ratios.last().copied().unwrap_or(f64::NAN),
            holds: bar.map(|bar| ratios.iter().filter(|&&ratio| bar.holds(ratio)).count()),
            runs: ratios.len(),
        }
    }

    /// The machine, for the line below the table.
    pub(super) fn machine(&self) -> String {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        format!(
            "{processors} processors, load before each run: {}",
            self.loads.join(", ")
        )
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Row> {
        let rows = self.runs.iter().flat_map(|run| &run.rows);
        rows.filter(move |row| row.name == name)
    }
}

/// How many processes wanted a processor in the last minute, as the system counts them.
pub(super) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ')
        .next()
        .filter(|load| !load.is_empty())
        .map_or_else(|| "unknown".to_owned(), str::to_owned)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() % 2 {
        1 => figures[middle],
        _ => (figures[middle - 1] + figures[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use fractalaw_measure::table::{Bar, Unit};

    use super::*;

    fn run(ours: &[(&str, f64)]) -> Table {
        let row = |&(name, ours): &(&str, f64)| Row {
            name: name.to_owned(),
            unit: Unit::Count,
            ours,
            reference: 2.0,
            ratio: ours / 2.0,
            bar: (name == "a").then_some(Bar::AtMost(1.0)),
        };
        Table {
            rows: ours.iter().map(row).collect(),
        }
    }

    #[test]
    fn a_figure_that_some_run_lacks_counts_where_it_is() {
        let mut runs = Repeated::default();
        for (load, ours) in [
            ("0.10", &[("a", 1.0), ("b", 8.0)][..]),
            ("0.20", &[("a", 4.0)]),
            ("0.30", &[("a", 2.0), ("b", 4.0)]),
        ] {
            runs.add(load.to_owned(), run(ours));
        }
        let medians = runs.medians();
        let medians: Vec<_> = medians
            .rows
            .iter()
            .map(|row| (&*row.name, row.ours, row.ratio))
            .collect();
        assert_eq!(medians, [("a", 2.0, 1.0), ("b", 6.0, 3.0)]);
        let spread = |least, most, holds, runs| Spread {
            least,
            most,
            holds,
            runs,
        };
        assert_eq!(runs.spread("a"), spread(0.5, 2.0, Some(2), 3));
        assert_eq!(runs.spread("b"), spread(2.0, 4.0, None, 2));
        let machine = runs.machine();
        assert!(
            machine.ends_with(" processors, load before each run: 0.10, 0.20, 0.30"),
            "{machine}"
        );
        assert!(!runs.is_one());
    }
}
