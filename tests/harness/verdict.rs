//! What moved over all cases, said once at the end: where only fuel did, a table, and always the
//! command that accepts it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

use crate::functions::{self, Change};

/// Gathers from all cases.
#[derive(Default)]
pub(crate) struct Verdict {
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    moved: Vec<Moved>,
    /// Names of the cases whose behaviour is not what was reviewed.
    behaviour: BTreeSet<String>,
    /// Names of those whose cost was never reviewed.
    new: BTreeSet<String>,
}

/// A case whose cost is not what was reviewed.
pub(crate) struct Moved {
    pub(crate) case: String,
    /// Fuel in units; none where the outcome has no repeatable figure.
    pub(crate) before: Option<u64>,
    pub(crate) after: Option<u64>,
    /// The functions whose fuel moved.
    pub(crate) functions: Vec<Change>,
}

impl Verdict {
    pub(crate) fn behaviour_moved(&self, case: String) {
        self.found().behaviour.insert(case);
    }

    pub(crate) fn cost_is_new(&self, case: String) {
        self.found().new.insert(case);
    }

    pub(crate) fn cost_moved(&self, moved: Moved) {
        self.found().moved.push(moved);
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found
            .lock()
            .expect("no case panics while it holds this lock")
    }

    /// Prints the table below the test results; nothing when nothing moved.
    pub(crate) fn print(&self) {
        let mut found = self.found();
        found.moved.sort_by(|a, b| a.case.cmp(&b.case));
        let Found {
            moved,
            behaviour,
            new,
        } = &*found;
        if !moved.is_empty() {
            let also = if behaviour.is_empty() {
                ", and nothing else did"
            } else {
                ""
            };
            let cases = if moved.len() == 1 { "case" } else { "cases" };
            println!(
                "the cost of {} {cases} moved{also}:\n\n{}",
                moved.len(),
                table(moved)
            );
            let functions = functions::together(moved.iter().flat_map(|case| &case.functions));
            if !functions.is_empty() {
                println!(
                    "functions whose fuel moved, in all of them together:\n\n{}",
                    functions::shown(&functions, 5)
                );
            }
        }
        let moved = moved.iter().map(|moved| &moved.case);
        let failing: BTreeSet<&str> = moved.chain(behaviour).chain(new).map(|s| &**s).collect();
        if failing.is_empty() {
            return;
        }
        let test = command(&failing);
        println!("hint: find out why; when it is meant, accept it with `{test} --accept`");
        println!("      or one by one with `{test} --review`, and commit `tests/snapshots/`\n");
    }
}

/// The command that runs these cases, and as few others as one filter allows.
pub(crate) fn command(cases: &BTreeSet<&str>) -> String {
    let subject = |case: &&str| case.split_once('/').map(|(subject, _)| subject.to_owned());
    let subjects: BTreeSet<_> = cases.iter().map(subject).collect();
    let filter = match (cases.len(), subjects.first()) {
        (1, _) => cases.first().map(|case| format!(" {case}")),
        (_, Some(Some(subject))) if subjects.len() == 1 => Some(format!(" {subject}/")),
        _ => None,
    };
    format!("cargo xtask test{}", filter.unwrap_or_default())
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
