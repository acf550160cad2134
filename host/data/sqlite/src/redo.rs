//! What a run left is compared with the database, and written again if it is not there.

use rusqlite::{Connection, params_from_iter};

use crate::catalogue::Catalogue;
use crate::changes::{Access, Changes, bound, row_now};

pub(crate) enum State {
    Before,
    After,
    Neither(String),
}

/// Whether the run's rows are as before or as after. All rows are compared: a commit is whole, so they agree.
pub(crate) fn state(connection: &Connection, changes: &Changes) -> rusqlite::Result<State> {
    let catalogue = Catalogue::read(connection)?;
    let (mut before, mut after) = (true, true);
    for table in &changes.tables {
        let neither = || Ok(State::Neither(table.table.clone()));
        let known = catalogue.get(&table.table).and_then(Access::of);
        let Some(access) = known.filter(|access| access.columns == table.columns) else {
            return neither();
        };
        let mut statement = connection.prepare(&access.select(&table.table))?;
        for row in &table.rows {
            let now = row_now(&mut statement, &access, &row.key)?;
            before &= now == row.before;
            after &= now == row.after;
            if !before && !after {
                return neither();
            }
        }
    }
    // If no rows show it, the automatic keys do.
    let is_before = before && (!after || !has_sequences(connection, changes)?);
    Ok(if is_before {
        State::Before
    } else {
        State::After
    })
}

/// Whether the automatic keys are as the run left them.
fn has_sequences(connection: &Connection, changes: &Changes) -> rusqlite::Result<bool> {
    if changes.sequences.is_empty() {
        return Ok(true);
    }
    let mut found =
        connection.prepare("SELECT 1 FROM main.sqlite_sequence WHERE name = ?1 AND seq = ?2")?;
    for sequence in &changes.sequences {
        if !found.exists((&sequence.0, sequence.1))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes the rows as the run left them. Triggers and foreign keys are off, because their changes are among the
/// rows.
pub(crate) fn do_again(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    let catalogue = Catalogue::read(connection)?;
    let tables = || {
        changes
            .tables
            .iter()
            .filter_map(|table| Some((table, Access::of(catalogue.get(&table.table)?)?)))
    };
    // Deletes come first, so that no unique value is in the way of a row that is inserted.
    for (table, access) in tables() {
        let mut delete = connection.prepare(&access.delete(&table.table))?;
        for row in table.rows.iter().filter(|row| row.before.is_some()) {
            delete.execute(params_from_iter(bound(&row.key)))?;
        }
    }
    for (table, access) in tables() {
        let mut insert = connection.prepare(&access.insert(&table.table))?;
        for row in &table.rows {
            if let Some(after) = &row.after {
                insert.execute(params_from_iter(access.inserted(&row.key, after)))?;
            }
        }
    }
    for (table, seq) in &changes.sequences {
        let updated = connection.execute(
            "UPDATE main.sqlite_sequence SET seq = ?2 WHERE name = ?1",
            (table, seq),
        )?;
        if updated == 0 {
            connection.execute(
                "INSERT INTO main.sqlite_sequence (name, seq) VALUES (?1, ?2)",
                (table, seq),
            )?;
        }
    }
    Ok(())
}
