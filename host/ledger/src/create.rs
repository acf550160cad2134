//! Makes a ledger: a complete one under its name, or none.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::append::append;
use crate::connection::durable;
use crate::database::Database;
use crate::entry::LedgerId;
use crate::error::LedgerError;
use crate::identity::Identity;
use crate::key::PublicKey;
use crate::place::is_free;
use crate::schema;
use crate::whole_file;

/// Makes a ledger that only its owner can read, with its first entry.
///
/// The entries that hosts append have this `node_id`, unless they are given another one.
pub fn create(
    path: &Path,
    node_id: &str,
    key: &PublicKey,
    time_unix_ns: u64,
) -> Result<LedgerId, LedgerError> {
    let failed = |error| LedgerError::io(path, error);
    is_free(path)?;
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| failed(std::io::Error::other(error.to_string())))?;
    let ledger_id = LedgerId(id);
    let file = whole_file::begin(path, ".ledger-")
        .map_err(failed)?
        .into_temp_path();
    let connection = Connection::open(&file)
        .map_err(|error| LedgerError::sqlite(path, Duration::ZERO, error))?;
    let database = Database::new(connection, path);
    database.map(set_up(&database.connection, ledger_id))?;
    let created = Identity::draft(ledger_id, *key, time_unix_ns);
    created.check(node_id)?;
    append(&database, node_id, [(vec![created], None)])?;
    // Closing moves everything from the log into the file.
    let closed = database.connection.close().map_err(|(_, error)| error);
    closed.map_err(|error| LedgerError::sqlite(path, Duration::ZERO, error))?;
    whole_file::finish(file, path).map_err(failed)?;
    Ok(ledger_id)
}

fn set_up(connection: &Connection, ledger_id: LedgerId) -> rusqlite::Result<()> {
    durable(connection)?;
    schema::make(connection)?;
    connection.execute(
        "INSERT INTO ledger VALUES (1, ?, 0, ?)",
        params![ledger_id.0, ledger_id.genesis().0],
    )?;
    Ok(())
}
