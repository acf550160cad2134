//! What a connection to a ledger is set to.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use crate::entry::FIELD_BYTES;

/// What SQLite reads as one row at most: the six texts of an entry, and some.
const ROW_BYTES: i32 = 8 * FIELD_BYTES as i32;

/// What a hostile file could do is switched off.
pub(crate) fn guarded(connection: &Connection, busy_timeout: Duration) -> rusqlite::Result<()> {
    // SQLite counts milliseconds in 32 bits, and who appends asks again until the time is over.
    let most = Duration::from_millis(i32::MAX as u64);
    connection.busy_timeout(busy_timeout.min(most))?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, ROW_BYTES)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.execute_batch("PRAGMA cell_size_check = ON")
}

/// A file that is shorter than it says can be read as far as it goes. SQLite allows it to who may write the schema,
/// which nobody can in a file that is open for reading only.
pub(crate) fn lacks_pages(connection: &Connection) -> rusqlite::Result<bool> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)
}

/// Whether the last one to close the ledger moves what is in the log into the file.
pub(crate) fn merges_at_the_end(connection: &Connection, merges: bool) -> rusqlite::Result<bool> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !merges)
}

/// A commit returns when its pages are on disk: the one promise that everything else rests on.
pub(crate) fn durable(connection: &Connection) -> rusqlite::Result<()> {
    // `fullfsync` is for systems whose plain `fsync` stops at the drive's own memory.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON",
    )
}
