//! The settings of a connection to a ledger.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use crate::entry::FIELD_BYTES;

/// The most that SQLite reads as one row: the six texts of an entry, and some more.
const ROW_BYTES: i32 = 8 * FIELD_BYTES as i32;

/// Switches off what a hostile file could exploit.
pub(crate) fn guarded(connection: &Connection, busy_timeout: Duration) -> rusqlite::Result<()> {
    // SQLite counts milliseconds in 32 bits, and the caller that appends asks again until the time is over.
    let most = Duration::from_millis(i32::MAX as u64);
    connection.busy_timeout(busy_timeout.min(most))?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, ROW_BYTES)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.execute_batch("PRAGMA cell_size_check = ON")
}

/// Lets SQLite read a file that is shorter than it says, as far as it goes. SQLite allows this to connections
/// that may write the schema, and nobody can do that in a file that is open for reading only.
pub(crate) fn lacks_pages(connection: &Connection) -> rusqlite::Result<bool> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)
}

/// Sets whether the last connection that closes the ledger moves the log into the file.
pub(crate) fn merges_at_the_end(connection: &Connection, merges: bool) -> rusqlite::Result<bool> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !merges)
}

/// Makes a commit return only when its pages are on disk. Everything else relies on this.
pub(crate) fn durable(connection: &Connection) -> rusqlite::Result<()> {
    // `fullfsync` is for systems on which plain `fsync` stops at the drive's own memory.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON",
    )
}
