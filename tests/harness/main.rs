//! Runs every case through the host and holds its report against its snapshots.
//!
//! A test harness of its own, which speaks libtest's protocol: filters, `--list` and cargo-nextest
//! work as with any test. From a case file to a verdict:
//!
//! - `case`: a file in `cases/` or `fixtures/` becomes a run;
//! - `inventory`: guests, cases and snapshots are found, and none may lack the others;
//! - `misplaced`: no file stands where nothing would look at it;
//! - `lab`: the run happens three times, in a fresh slot, in a used one and beside others, under the policy in
//!   `policy.toml`;
//! - `rendering`: the report becomes two texts, behaviour and cost;
//! - `snapshot`: they are compared with what was reviewed;
//! - `functions`: where the cost moved, a profile says in which functions;
//! - `record`: or, where costs are to be shown, it is written down and not compared;
//! - `verdict`: what moved is gathered into one table with the command that accepts it.
//!
//! `own_tests` are those of the harness itself.

#![forbid(unsafe_code)]

mod case;
mod functions;
mod inventory;
mod lab;
mod misplaced;
mod own_tests;
mod record;
mod rendering;
mod snapshot;
mod verdict;

use std::env;
use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::case::Case;
use crate::inventory::Inventory;
use crate::lab::Lab;
use crate::record::Records;
use crate::verdict::Verdict;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let read = Inventory::read(inventory::tests())
        .and_then(|inventory| Ok((inventory.checks()?, inventory)));
    let (mut trials, inventory) = match read {
        Ok(read) => read,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    snapshot::silence_comparisons();
    let lab = Arc::new(Lab::new(&inventory));
    let verdict = Arc::new(Verdict::default());
    if let Some(records) = Records::asked_for() {
        let records = Arc::new(records);
        trials.clear();
        let cases = inventory.cases.into_iter();
        trials.extend(cases.map(|case| recording(case, &lab, &records)));
    } else {
        trials.extend(own_tests::trials());
        let cases = inventory.cases.into_iter();
        trials.extend(cases.map(|case| trial(case, &lab, &verdict)));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    verdict.print();
    // For `cargo xtask bench`, which says what share is the harness's own.
    if let Some(file) = env::var_os("FRACTALAW_TIME_IN_RUNS") {
        let nanos = lab.in_runs().as_nanos().to_string();
        if let Err(error) = fs::write(&file, nanos) {
            eprintln!("error: cannot write `{}`: {error}", file.display());
            return ExitCode::FAILURE;
        }
    }
    conclusion.exit_code()
}

fn recording(case: Case, lab: &Arc<Lab>, records: &Arc<Records>) -> Trial {
    let (lab, records) = (Arc::clone(lab), Arc::clone(records));
    Trial::test(case.name(), move || {
        records
            .write(&case, &lab)
            .map_err(|error| Failed::from(format!("{error:#}")))
    })
}

fn trial(case: Case, lab: &Arc<Lab>, verdict: &Arc<Verdict>) -> Trial {
    let (lab, verdict) = (Arc::clone(lab), Arc::clone(verdict));
    Trial::test(case.name(), move || {
        let report = lab
            .run(&case)
            .map_err(|error| Failed::from(format!("{error:#}")))?;
        let profile = || match lab.profile(&case) {
            Ok(Ok(profile)) => Ok(functions::of(&profile)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(format!("{error:#}")),
        };
        snapshot::check(&case, &report, &profile, &verdict)
    })
}
