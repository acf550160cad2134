//! The lines as a table.

use super::lines::{File, Lines};
use crate::tables;

/// A row for each file, and the sum.
pub(super) fn text(lines: &Lines) -> String {
    let mut table = tables::start(["lines", "reached", "percent", "file", "no case reaches"]);
    let row = |reached: usize, count: usize| {
        let percent = match count {
            0 => String::new(),
            // Never 100 if a line is missing.
            count => format!("{:.1}", (reached * 1000 / count) as f64 / 10.0),
        };
        [count.to_string(), reached.to_string(), percent]
    };
    for (name, file) in &lines.0 {
        let [count, reached, percent] = row(file.reached(), file.count());
        table.add_row([count, reached, percent, name.clone(), file.missed()]);
    }
    let sum = |part: fn(&File) -> usize| lines.0.values().map(part).sum();
    let [count, reached, percent] = row(sum(File::reached), sum(File::count));
    table.add_row([count, reached, percent, "all".to_owned(), String::new()]);
    tables::text(table, |column| column < 3)
}
