//! One transaction: what waits becomes the next entries of the chain, all of them or none.

use std::sync::atomic::Ordering;
use std::time::Instant;

use rusqlite::{Statement, params};

use crate::checkpoint::{self, Checkpoint};
use crate::database::{Database, HURRIED_WAIT};
use crate::entry::{Entry, FIELD_BYTES, Hash, Role};
use crate::error::LedgerError;
use crate::key::LedgerKey;
use crate::reader::{Head, last_entry};

/// An entry before it has its place in the chain.
pub(crate) struct Draft {
    pub(crate) belongs: Belongs,
    pub(crate) timestamp: u64,
    pub(crate) actor_id: String,
    pub(crate) actor_role: Role,
    pub(crate) event_type: String,
    pub(crate) resource: String,
    pub(crate) detail: String,
}

/// Which run an entry is of.
#[derive(Clone, Copy)]
pub(crate) enum Belongs {
    /// None: it is the ledger's own.
    ToNone,
    /// The run that it opens.
    Opens,
    /// The run of that id.
    To(u64),
}

impl Draft {
    /// Whether it fits, asked before it waits together with others.
    pub(crate) fn check(&self, node_id: &str) -> Result<(), LedgerError> {
        if i64::try_from(self.timestamp).is_err() {
            return Err(LedgerError::TooLarge {
                field: "timestamp",
                value: self.timestamp,
            });
        }
        let texts = [
            ("node_id", node_id),
            ("actor_id", &self.actor_id),
            ("event_type", &self.event_type),
            ("resource", &self.resource),
            ("detail", &self.detail),
        ];
        match texts.into_iter().find(|(_, text)| text.len() > FIELD_BYTES) {
            Some((field, text)) => Err(LedgerError::TooLong {
                field,
                bytes: text.len(),
                limit: FIELD_BYTES,
            }),
            None => Ok(()),
        }
    }

    fn place(self, entry_id: u64, node_id: &str, prev_hash: Hash) -> Entry {
        Entry {
            entry_id,
            run_id: match self.belongs {
                Belongs::ToNone => None,
                Belongs::Opens => Some(entry_id),
                Belongs::To(run_id) => Some(run_id),
            },
            timestamp: self.timestamp,
            node_id: node_id.to_owned(),
            actor_id: self.actor_id,
            actor_role: self.actor_role,
            event_type: self.event_type,
            resource: self.resource,
            detail: self.detail,
            prev_hash,
            signature: None,
        }
    }
}

/// What is known of drafts that are on disk.
pub(crate) struct Appended {
    /// Id of the first of them.
    pub(crate) first: u64,
    /// Of one that was to be signed.
    pub(crate) checkpoint: Option<Checkpoint>,
}

/// Appends each group of drafts, and signs the last one of each that comes with a key. When it returns,
/// they are on disk, in the file of that name; when it fails, none of them is in the ledger, unless the name led to
/// another file in the very moment of writing.
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
        // The first error is the one to tell; what cannot be rolled back now is when the file is opened.
        let _ = connection.execute_batch("ROLLBACK");
    }
    ended
}

/// Takes the lock. It comes first, so that between reading the head and appending no other process can.
///
/// SQLite asks more and more rarely, and then seldom just when a busy neighbour has let go. So it is told
/// to give up soon, and asked again.
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
    let mut insert = database.map(connection.prepare(INSERT))?;
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
    database.map(connection.execute(sql, values))?;
    Ok((appended, head))
}

/// The head, if it fits the last entry: nothing is built on a chain that was cut or changed there.
fn whole_head(database: &Database) -> Result<Head, LedgerError> {
    let recorded = database.map(Head::read(&database.connection))??;
    let last = database
        .map(last_entry(&database.connection))?
        .transpose()?;
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
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{LedgerKey, Reader, Trust, create, verify};

    pub(crate) fn draft(bytes: usize) -> Vec<Draft> {
        vec![Draft {
            belongs: Belongs::Opens,
            timestamp: 0,
            actor_id: "host".to_owned(),
            actor_role: Role::Host,
            event_type: crate::event::RUN_OPENED.to_owned(),
            resource: "app".to_owned(),
            detail: "x".repeat(bytes),
        }]
    }

    /// A database that may not grow is to SQLite what a full disk is.
    #[test]
    fn without_space_nothing_is_appended_and_with_space_all_of_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.ledger");
        let key = LedgerKey::from_seed(&[7; 32]);
        create(&path, "node", &key.public_key(), 0).unwrap();
        let database = Database::open(&path, Duration::ZERO).unwrap();
        let pages = |database: &Database, pages: u32| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            database.connection.query_row(&sql, (), |_| Ok(())).unwrap();
        };
        // As many as there are.
        pages(&database, 1);
        // The first would fit into what its pages have left, and goes with the others.
        let groups = [(draft(10), None), (draft(100_000), None)];
        let ended = append(&database, "node", groups);
        assert!(matches!(ended, Err(LedgerError::Full { .. })));
        let entries =
            || verify(&Reader::open(&path).unwrap(), &Trust::default()).map(|v| v.entries);
        assert_eq!(entries().unwrap(), 1);
        pages(&database, 1 << 30);
        let groups = [(draft(10), None), (draft(100_000), None)];
        let appended = append(&database, "node", groups).unwrap();
        assert_eq!(appended[1].first, 3);
        assert_eq!(entries().unwrap(), 3);
    }
}
