//! `fractalaw-ledger verify-set`: checks ledgers of several nodes together.

use std::io::{self, Write};

use anyhow::{Result, bail};
use fractalaw_ledger::{LedgerId, VerifiedSet, verify_set};
use serde::Serialize;

use crate::fault::Contradicted;
use crate::{flags, json};

/// Runs the command. What contradicts is printed as well, one on a line.
pub(crate) fn run(flags: &flags::VerifySet) -> Result<()> {
    let set = verify_set(&flags.ledgers)?;
    let text = match flags.json {
        true => json::line(&Line::of(&set))? + "\n",
        false => text(&set),
    };
    io::stdout().write_all(text.as_bytes())?;
    match set.flaws.len() {
        0 => Ok(()),
        flaws => bail!(Contradicted { flaws }),
    }
}

fn text(set: &VerifiedSet) -> String {
    let mut lines = String::new();
    for flaw in &set.flaws {
        lines += &fractalaw_manifest::terminal::one_line(&flaw.to_string());
        lines += "\n";
    }
    let entries: u64 = set.ledgers.iter().map(|(_, one)| one.entries).sum();
    let runs: u64 = set.ledgers.iter().map(|(_, one)| one.runs).sum();
    let open: usize = set.ledgers.iter().map(|(_, one)| one.open_runs.len()).sum();
    if set.flaws.is_empty() {
        lines += "the ledgers verify together\n";
    }
    lines += &format!(
        "ledgers     {}\n\
         entries     {entries}\n\
         runs        {runs}, {open} cut off or under way\n\
         events      {}\n\
         deliveries  {} completed\n",
        set.ledgers.len(),
        set.events,
        set.deliveries,
    );
    lines
}

#[derive(Serialize)]
struct Line {
    ledgers: Vec<Ledger>,
    events: u64,
    deliveries: u64,
    flaws: Vec<String>,
}

#[derive(Serialize)]
struct Ledger {
    ledger_id: LedgerId,
    entries: u64,
    runs: u64,
    open_runs: Vec<u64>,
}

impl Line {
    fn of(set: &VerifiedSet) -> Line {
        let ledgers = set.ledgers.iter().map(|(id, verified)| Ledger {
            ledger_id: *id,
            entries: verified.entries,
            runs: verified.runs,
            open_runs: verified.open_runs.clone(),
        });
        Line {
            ledgers: ledgers.collect(),
            events: set.events,
            deliveries: set.deliveries,
            flaws: set.flaws.iter().map(ToString::to_string).collect(),
        }
    }
}
