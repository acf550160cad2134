//! The summary of all cases, printed once at the end: a table if only fuel moved, and always the command that
//! accepts it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

use fractalaw_report::FunctionMoved;

use crate::functions;
use crate::name::Name;

/// Collects results from all cases.
pub(crate) struct Verdict {
    /// All cases that exist.
    all: BTreeSet<Name>,
    /// The cases that are run.
    asked: BTreeSet<Name>,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    moved: Vec<Moved>,
    /// The cases whose behaviour is not as it was reviewed.
    behaviour: BTreeSet<Name>,
    /// The cases that differ otherwise: their cost was never reviewed, or their functions differ.
    otherwise: BTreeSet<Name>,
}

/// A case whose cost is not as it was reviewed.
pub(crate) struct Moved {
    pub(crate) case: Name,
    /// Fuel in units; `None` if the outcome has no repeatable figure.
    pub(crate) before: Option<u64>,
    pub(crate) after: Option<u64>,
    /// The functions whose fuel moved.
    pub(crate) functions: Vec<FunctionMoved>,
}

impl Verdict {
    pub(crate) fn new(all: BTreeSet<Name>, asked: BTreeSet<Name>) -> Verdict {
        Verdict {
            all,
            asked,
            found: Mutex::default(),
        }
    }

    pub(crate) fn behaviour_moved(&self, case: &Name) {
        self.found().behaviour.insert(case.clone());
    }

    pub(crate) fn differs(&self, case: &Name) {
        self.found().otherwise.insert(case.clone());
    }

    pub(crate) fn cost_moved(&self, moved: Moved) {
        self.found().moved.push(moved);
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found
            .lock()
            .expect("no case panics while it holds this lock")
    }

    /// Prints the table below the test results. Prints nothing if nothing moved.
    pub(crate) fn print(&self) {
        let mut found = self.found();
        found.moved.sort_by(|a, b| a.case.cmp(&b.case));
        let Found {
            moved,
            behaviour,
            otherwise,
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
            let functions = FunctionMoved::together(moved.iter().flat_map(|case| &case.functions));
            if !functions.is_empty() {
                println!(
                    "functions whose fuel moved, in all of them together:\n\n{}",
                    functions::shown(&functions, 5)
                );
            }
        }
        let moved = moved.iter().map(|moved| &moved.case);
        let failing: BTreeSet<&Name> = moved.chain(behaviour).chain(otherwise).collect();
        if failing.is_empty() {
            return;
        }
        let test = command(&failing, &self.asked, &self.all);
        println!("hint: find out why; when it is meant, accept it with `{test} --accept`");
        println!("      or one by one with `{test} --review`, and commit `tests/snapshots/`\n");
    }
}

/// The command that runs these cases and no other case that did not run now. Nobody looked at those, so they must
/// not be accepted with the others.
pub(crate) fn command(
    failing: &BTreeSet<&Name>,
    asked: &BTreeSet<Name>,
    all: &BTreeSet<Name>,
) -> String {
    let subjects: BTreeSet<&str> = failing.iter().map(|name| &*name.subject).collect();
    if subjects.len() > 1 && asked == all {
        return "cargo xtask test".to_owned();
    }
    let mut command = "cargo xtask test".to_owned();
    for subject in subjects {
        let of_subject = |name: &&Name| name.subject == subject;
        let failing: Vec<_> = failing.iter().filter(|name| of_subject(name)).collect();
        if failing.len() > 1
            && all
                .iter()
                .filter(of_subject)
                .all(|name| asked.contains(name))
        {
            command += &format!(" {subject}");
        } else {
            failing
                .iter()
                .for_each(|name| command += &format!(" {name}"));
        }
    }
    command
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
        moved.case.to_string(),
        figure(moved.before),
        figure(moved.after),
        difference,
        percent,
    ]
}
