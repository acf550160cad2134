//! The rows of a scenario's database, which a crash must not change.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result};
use fractalaw_data::Data;
use fractalaw_host::{Durability, Host, Policy};
use fractalaw_sqlite::Value;
use fractalaw_sqlite::by_hand::Reader;

/// The least number of an event or task: the first one that the first run of a ledger makes.
const FIRST_NUMBER: i64 = 1 << 16;

/// A line for each row, sorted: a run that was cut off and tried again may write its rows after others. Rowids are left out for the same
/// reason, and so are numbers of events and tasks. A scenario without data has no file, and so no row.
pub(crate) fn rows(ledger: &Path, database: &Path) -> Result<Vec<String>> {
    if !database.exists() {
        return Ok(Vec::new());
    }
    settle(ledger, database)?;
    let reader = Reader::open(database)?;
    let mut tables = Vec::new();
    let names =
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')";
    reader.prepare(names)?.each(|row| {
        tables.extend(row.iter().map(shown));
        ControlFlow::Continue(())
    })?;
    let mut rows = Vec::new();
    for table in tables {
        let quoted = table.replace('"', "\"\"");
        reader
            .prepare(&format!("SELECT * FROM \"{quoted}\""))?
            .each(|row| {
                let values: Vec<_> = row.iter().map(shown).collect();
                rows.push(format!("{table}: {}", values.join(", ")));
                ControlFlow::Continue(())
            })?;
    }
    rows.sort();
    Ok(rows)
}

/// If the last run that a crash cut off was recorded as completed, and nothing used the database since, its rows are still to be written. A host
/// does that when it starts, if its policy names the database.
fn settle(ledger: &Path, database: &Path) -> Result<()> {
    let file = toml::Value::from(database.to_string_lossy().as_ref());
    let policy = Policy::parse(database, &format!("[all]\ndata.file = {file}\n"))
        .context("a policy that names the database")?;
    let host = Host::builder()
        .policy(policy)
        .offer(Data::new())
        .ledger(ledger, Durability::Run);
    drop(host.build()?);
    Ok(())
}

fn shown(value: &Value) -> String {
    let number = |number: i64| (number >= FIRST_NUMBER).then(|| "#".to_owned());
    match value {
        Value::Integer(integer) => number(*integer).unwrap_or_else(|| integer.to_string()),
        Value::Text(text) => {
            let text = String::from_utf8_lossy(text);
            let parsed = text.parse().ok().and_then(number);
            parsed.unwrap_or_else(|| text.into_owned())
        }
        other => format!("{other:?}"),
    }
}
