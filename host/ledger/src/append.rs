//! One transaction: everything that waits becomes the next entries of the chain, or none of it does.

use std::sync::atomic::Ordering;
use std::time::Instant;

use rusqlite::{Statement, params};

use crate::checkpoint::{self, Checkpoint};
use crate::database::{Database, HURRIED_WAIT};
use crate::draft::Draft;
use crate::entry::{Entry, Role};
use crate::error::LedgerError;
use crate::head::Head;
use crate::key::LedgerKey;
use crate::row;
use crate::schema;

/// What is known of drafts that are on disk.
pub(crate) struct Appended {
    /// The id of the first one.
    pub(crate) first: u64,
    /// The checkpoint, if one was to be signed.
    pub(crate) checkpoint: Option<Checkpoint>,
}

/// Appends each group of drafts. If a group comes with a key, its last draft is signed. When this returns, the
/// drafts are on disk, in the file of that name. If it fails, none of them is in the ledger, unless the name led
/// to another file at the very moment of writing.
pub(crate) fn append(
    database: &Database,
    node_id: &str,
    groups: impl IntoIterator<Item = (Vec<Draft>, Option<LedgerKey>)>,
) -> Result<Vec<Appended>, LedgerError> {
    database.reread()?;
    begin(database)?;
    let connection = &database.connection;
    let filled = database
        .check_held()
        .and_then(|()| fill(database, node_id, groups));
    let ended = filled.and_then(|(appended, head)| {
        database.map(connection.execute_batch("COMMIT"))?;
        database.know(head);
        database.check_held()?;
        Ok(appended)
    });
    if ended.is_err() && !connection.is_autocommit() {
        // The first error is reported. If this rollback fails, SQLite rolls back when the file is opened.
        let _ = connection.execute_batch("ROLLBACK");
    }
    ended
}

/// Takes the lock. This comes first, so that no other process appends between reading the head and appending.
///
/// SQLite asks more and more rarely, and then seldom just when a busy neighbour has released the lock. So SQLite
/// is told to give up soon, and is asked again.
fn begin(database: &Database) -> Result<(), LedgerError> {
    let begin = Instant::now();
    loop {
        match database.map(database.connection.execute_batch("BEGIN IMMEDIATE")) {
            Err(LedgerError::Locked { path, .. }) => {
                let waited = begin.elapsed();
                let patience = database.busy_timeout;
                let hurried = database.hurried.load(Ordering::Relaxed);
                if waited >= patience || hurried && waited >= HURRIED_WAIT {
                    let waited = waited.min(patience);
                    return Err(LedgerError::Locked { path, waited });
                }
            }
            ended => return ended,
        }
    }
}

fn fill(
    database: &Database,
    node_id: &str,
    groups: impl IntoIterator<Item = (Vec<Draft>, Option<LedgerKey>)>,
) -> Result<(Vec<Appended>, Head), LedgerError> {
    let connection = &database.connection;
    let mut head = whole_head(database)?;
    let mut appended = Vec::new();
    let mut insert = database.map(connection.prepare_cached(INSERT))?;
    for (drafts, key) in groups {
        let first = head.entry_count + 1;
        let mut signed = None;
        let last = drafts.len().saturating_sub(1);
        for (index, draft) in drafts.into_iter().enumerate() {
            let mut entry = draft.place(head.entry_count + 1, node_id, head.head_hash);
            if let (Some(key), true) = (&key, index == last) {
                let signature = checkpoint::sign(&entry, head.ledger_id, key);
                entry.signature = Some(signature);
                let key = key.public_key();
                signed = Some(Checkpoint::of(&entry, head.ledger_id, key, signature));
            }
            if entry.actor_role == Role::Host && entry.run_id.is_none() {
                // Older programs do not know such entries. The number is part of the transaction.
                let format = schema::FORMAT;
                database.map(connection.pragma_update(None, "user_version", format))?;
            }
            database.map(write(&mut insert, &entry))?;
            head.entry_count = entry.entry_id;
            head.head_hash = entry.hash();
        }
        appended.push(Appended {
            first,
            checkpoint: signed,
        });
    }
    let sql = "UPDATE ledger SET entry_count = ?, head_hash = ?";
    let values = params![head.entry_count as i64, head.head_hash.0];
    let mut update = database.map(connection.prepare_cached(sql))?;
    database.map(update.execute(values))?;
    Ok((appended, head))
}

/// The head, if it matches the last entry. Nothing is appended to a chain that was cut or changed there.
fn whole_head(database: &Database) -> Result<Head, LedgerError> {
    let recorded = database.map(Head::read(&database.connection))??;
    let last = database.map(row::last(&database.connection))??;
    let (id, hash) = match &last {
        Some(entry) => (entry.entry_id, entry.hash()),
        None => (0, recorded.ledger_id.genesis()),
    };
    if (recorded.entry_count, recorded.head_hash) != (id, hash) {
        return Err(LedgerError::Head {
            recorded_count: recorded.entry_count,
            recorded_head: recorded.head_hash,
            last: id,
            head: hash,
        });
    }
    database.check_known(&recorded)?;
    Ok(recorded)
}

const INSERT: &str = "INSERT INTO entries (entry_id, run_id, timestamp, node_id, actor_id, actor_role, \
                      event_type, resource, detail, prev_hash, signature) \
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Ids count up from one and times were checked, so both fit.
fn write(insert: &mut Statement<'_>, entry: &Entry) -> rusqlite::Result<()> {
    insert.execute(params![
        entry.entry_id as i64,
        entry.run_id.map(|id| id as i64),
        entry.timestamp as i64,
        entry.node_id,
        entry.actor_id,
        entry.actor_role.name(),
        entry.event_type,
        entry.resource,
        entry.detail,
        entry.prev_hash.0,
        entry.signature.map(|signature| signature.0),
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests;
