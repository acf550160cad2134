//! `fractalaw-ledger runs`: lists each run on a line, and how it ended. It does not verify what it shows.

use std::io::{self, BufWriter, Write};

use anyhow::Result;
use comfy_table::{CellAlignment, Table, presets};
use fractalaw_ledger::{Closing, Reader, Run};
use fractalaw_manifest::terminal::one_line;
use serde::Serialize;

use crate::{app, flags, json, time};

/// Shown for a run without a closing entry, including one that is still under way.
const CUT_OFF: &str = "cut off";

/// Runs the command.
pub(crate) fn run(flags: &flags::Runs) -> Result<()> {
    let reader = Reader::open(&flags.ledger)?;
    let runs = fractalaw_ledger::runs(&reader)?;
    let runs: Vec<&Run> = runs
        .iter()
        .filter(|run| !flags.cut_off || run.closed.is_none())
        .collect();
    let mut out = BufWriter::new(io::stdout());
    if flags.json {
        for run in runs {
            writeln!(out, "{}", json::line(&Line::of(run))?)?;
        }
    } else {
        writeln!(out, "{}", table(&runs).trim_fmt())?;
    }
    Ok(out.flush()?)
}

fn closing(run: &Run) -> Option<&Closing> {
    run.closed.as_ref()?.closing.as_ref()
}

fn outcome(run: &Run) -> String {
    match (&run.closed, closing(run)) {
        (None, _) => CUT_OFF.to_owned(),
        (Some(_), Some(closing)) => one_line(&closing.outcome),
        (Some(_), None) => "unreadable".to_owned(),
    }
}

fn table(runs: &[&Run]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["run", "opened", "node", "app", "outcome", "entries", "fuel"]);
    for run in runs {
        table.add_row([
            run.run_id.to_string(),
            time::format(run.opened_unix_ns),
            one_line(&run.node_id),
            app::shown(&run.app),
            outcome(run),
            run.entries.to_string(),
            closing(run).map_or_else(String::new, |closing| closing.fuel.consumed.to_string()),
        ]);
    }
    for column in [0, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

#[derive(Serialize)]
struct Line<'a> {
    run_id: u64,
    app: &'a str,
    node_id: &'a str,
    opened: String,
    entries: u64,
    cut_off: bool,
    closed: Option<String>,
    closing: Option<&'a Closing>,
}

impl<'a> Line<'a> {
    fn of(run: &'a Run) -> Line<'a> {
        Line {
            run_id: run.run_id,
            app: &run.app,
            node_id: &run.node_id,
            opened: time::format(run.opened_unix_ns),
            entries: run.entries,
            cut_off: run.closed.is_none(),
            closed: run
                .closed
                .as_ref()
                .map(|closed| time::format(closed.time_unix_ns)),
            closing: closing(run),
        }
    }
}
