//! `fractalaw-ledger show`: prints entries as a table for people or as lines for programs. It does not verify
//! what it shows.

use std::collections::VecDeque;
use std::io::{self, BufWriter, Write};

use anyhow::Result;
use comfy_table::{Table, presets};
use fractalaw_ledger::{Entry, Reader, Role};
use fractalaw_manifest::terminal::one_line;

use crate::{app, flags, json, time};

/// Runs the command.
pub(crate) fn run(flags: &flags::Show) -> Result<()> {
    let reader = Reader::open(&flags.ledger)?;
    // The first entry of a run is its opening, and the opening's id is the id of the run.
    let from = flags.run.unwrap_or(1);
    let mut out = BufWriter::new(io::stdout());
    if flags.json {
        reader.visit(from, |entry| {
            if matches(flags, &entry) {
                writeln!(out, "{}", json::entry(&entry)?)?;
            }
            Ok::<(), anyhow::Error>(())
        })?;
        return Ok(out.flush()?);
    }
    let mut found = 0;
    let mut last = VecDeque::new();
    reader.visit(from, |entry| {
        if matches(flags, &entry) {
            found += 1;
            last.push_back(entry);
            if last.len() > flags.last {
                last.pop_front();
            }
        }
        Ok::<(), anyhow::Error>(())
    })?;
    if found > last.len() {
        let shown = last.len();
        let _ = writeln!(
            io::stderr(),
            "note: the last {shown} of {found} entries; `--last N` shows more, `--json` all"
        );
    }
    if let (0, Some(app)) = (found, &flags.app) {
        let _ = writeln!(
            io::stderr(),
            "note: nothing is of `{}`; a digest is compared whole, and `--json` shows it",
            one_line(app)
        );
    }
    writeln!(out, "{}", table(&last).trim_fmt())?;
    Ok(out.flush()?)
}

fn matches(flags: &flags::Show, entry: &Entry) -> bool {
    let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|w| w == found);
    flags.app.as_ref().is_none_or(|app| is_of(app, entry))
        && flags.run.is_none_or(|run| entry.run_id == Some(run))
        && is(&flags.event_type, &entry.event_type)
        && flags.role.is_none_or(|role| entry.actor_role == role)
        && flags.since.is_none_or(|since| entry.timestamp >= since)
        && flags.until.is_none_or(|until| entry.timestamp < until)
}

/// Whether the entry is about that micro-app: `name` for all its builds, or `name@digest` as in the ledger.
fn is_of(app: &str, entry: &Entry) -> bool {
    let of = match entry.actor_role {
        Role::Ledger => return false,
        Role::Host => &entry.resource,
        Role::MicroApp => &entry.actor_id,
    };
    let name = of.rsplit_once('@').map_or(&**of, |(name, _)| name);
    app == of || app == name
}

fn table(entries: &VecDeque<Entry>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "entry", "run", "time", "node", "actor", "role", "type", "resource", "detail",
    ]);
    for entry in entries {
        table.add_row([
            entry.entry_id.to_string(),
            entry.run_id.map_or_else(String::new, |run| run.to_string()),
            time::format(entry.timestamp),
            one_line(&entry.node_id),
            app::shown(&entry.actor_id),
            entry.actor_role.name().to_owned(),
            one_line(&entry.event_type),
            match entry.actor_role {
                Role::Host => app::shown(&entry.resource),
                _ => one_line(&entry.resource),
            },
            one_line(&entry.detail),
        ]);
    }
    table
}
