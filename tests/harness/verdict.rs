//! What moved over all cases, said once at the end: where only fuel did, a table and the command that
//! accepts it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Gathers from all cases.
#[derive(Default)]
pub(crate) struct Verdict {
    moved: Mutex<Vec<Moved>>,
    behaviour: AtomicBool,
}

/// A case whose cost is not what was reviewed.
pub(crate) struct Moved {
    pub(crate) case: String,
    /// Fuel in units; none where the outcome has no repeatable figure.
    pub(crate) before: Option<u64>,
    pub(crate) after: Option<u64>,
}

impl Verdict {
    pub(crate) fn behaviour_moved(&self) {
        self.behaviour.store(true, Ordering::Relaxed);
    }

    pub(crate) fn cost_moved(&self, moved: Moved) {
        self.moved
            .lock()
            .expect("no case panics while it holds this lock")
            .push(moved);
    }

    /// Prints the table below the test results; nothing when nothing moved.
    pub(crate) fn print(&self) {
        let mut moved = self.moved.lock().expect("all cases are done");
        moved.sort_by(|a, b| a.case.cmp(&b.case));
        let behaviour = self.behaviour.load(Ordering::Relaxed);
        if moved.is_empty() && !behaviour {
            return;
        }
        if !moved.is_empty() {
            let also = if behaviour {
                ""
            } else {
                ", and nothing else did"
            };
            let cases = if moved.len() == 1 { "case" } else { "cases" };
            println!(
                "the cost of {} {cases} moved{also}:\n\n{}",
                moved.len(),
                table(&moved)
            );
        }
        println!(
            "hint: find out why; when it is meant, accept it with `cargo xtask test --accept`"
        );
        println!(
            "      or one by one with `cargo xtask test --review`, and commit `tests/snapshots/`\n"
        );
    }
}

fn table(moved: &[Moved]) -> String {
    let heading = ["case", "before", "after", "difference", "percent"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(heading)
        .chain(moved.iter().map(row))
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    rows.iter()
        .map(|row| {
            let mut line = format!("  {:<1$}", row[0], widths[0]);
            for column in 1..5 {
                line += &format!("  {:>1$}", row[column], widths[column]);
            }
            line + "\n"
        })
        .collect()
}

fn row(moved: &Moved) -> [String; 5] {
    let figure = |fuel: Option<u64>| fuel.map_or_else(|| "–".to_owned(), |fuel| fuel.to_string());
    let (difference, percent) = match (moved.before, moved.after) {
        (Some(before), Some(after)) => {
            let difference = i128::from(after) - i128::from(before);
            #[expect(clippy::cast_precision_loss, reason = "two decimals of a percentage")]
            let percent = difference as f64 * 100.0 / before as f64;
            let percent = if before == 0 {
                "from zero".to_owned()
            } else {
                format!("{percent:+.2} %")
            };
            (format!("{difference:+}"), percent)
        }
        _ => ("–".to_owned(), "–".to_owned()),
    };
    [
        moved.case.clone(),
        figure(moved.before),
        figure(moved.after),
        difference,
        percent,
    ]
}
