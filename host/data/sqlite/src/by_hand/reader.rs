//! Reads a database beside hosts that use it, and leaves nothing behind.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, OpenFlags, Statement};

use super::error::ByHandError;
use crate::catalogue::Catalogue;
use crate::functions;
use crate::value::Value;

/// A database that is only read. Everything that is read comes from one snapshot.
pub struct Reader {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// The file as it was, if it is read without locks.
    as_it_was: Option<(PathBuf, Stamp)>,
}

/// The size of a file, and when it was changed.
type Stamp = (u64, SystemTime);

impl Reader {
    /// Opens a database and takes a snapshot of it.
    pub fn open(path: &Path) -> Result<Reader, ByHandError> {
        let place = place(path)?;
        let failed = |source| ByHandError::of(path, source);
        let stamp = is_at_rest(&place).and_then(|at_rest| match at_rest {
            true => stamp(&place).map(Some),
            false => Ok(None),
        });
        let stamp = stamp.map_err(|source| ByHandError::Io {
            path: path.to_owned(),
            source,
        })?;
        let connection = match stamp {
            Some(_) => begin(&unlocked(&place)),
            None => begin(&place),
        };
        Ok(Reader {
            connection: connection.map_err(failed)?,
            path: path.to_owned(),
            as_it_was: stamp.map(|stamp| (place, stamp)),
        })
    }

    /// Checks that what was read is one snapshot.
    pub(super) fn is_unchanged(&self) -> Result<(), ByHandError> {
        match &self.as_it_was {
            Some((place, before)) if stamp(place).ok().as_ref() != Some(before) => {
                Err(ByHandError::Busy {
                    path: self.path.clone(),
                })
            }
            _ => Ok(()),
        }
    }

    /// The query of a text that is one statement.
    pub fn prepare(&self, sql: &str) -> Result<Rows<'_>, ByHandError> {
        let statement = self
            .connection
            .prepare(sql)
            .map_err(|error| self.refused(error))?;
        if statement.expanded_sql().is_none_or(|sql| sql.is_empty()) {
            return Err(ByHandError::NotOneStatement);
        }
        if statement.column_count() == 0 || !statement.readonly() {
            return Err(ByHandError::NotAQuery);
        }
        if statement.parameter_count() > 0 {
            return Err(ByHandError::Parameters);
        }
        Ok(Rows {
            reader: self,
            statement,
        })
    }

    /// Why a statement did not compile.
    fn refused(&self, error: Error) -> ByHandError {
        match error {
            Error::MultipleStatement => ByHandError::NotOneStatement,
            Error::SqlInputError {
                msg, sql, offset, ..
            } => {
                let tables = msg.starts_with("no such table").then(|| self.tables());
                let at = usize::try_from(offset).ok().and_then(|at| sql.get(at..));
                let at = at.map(|rest| rest.chars().take(40).collect::<String>());
                let message = match at.filter(|at| !at.is_empty()) {
                    Some(at) => format!("{msg}, at `{at}`"),
                    None => msg,
                };
                ByHandError::Statement { message, tables }
            }
            Error::SqliteFailure(_, Some(message))
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::Unknown) =>
            {
                let tables = message.starts_with("no such table").then(|| self.tables());
                ByHandError::Statement { message, tables }
            }
            other => ByHandError::of(&self.path, other),
        }
    }

    fn tables(&self) -> Vec<String> {
        let catalogue = Catalogue::read(&self.connection).unwrap_or_default();
        let tables = catalogue.tables.into_values();
        tables
            .filter(|table| table.kind != crate::catalogue::Kind::Shadow)
            .map(|table| table.name)
            .collect()
    }
}

/// The rows of a query.
pub struct Rows<'r> {
    reader: &'r Reader,
    statement: Statement<'r>,
}

impl Rows<'_> {
    /// The names of the columns. Names can be empty and can occur twice.
    pub fn columns(&self) -> Vec<String> {
        let names = self.statement.column_names();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Hands over one row after another, until there are no more or nobody wants more.
    pub fn each(
        &mut self,
        mut take: impl FnMut(&[Value]) -> ControlFlow<()>,
    ) -> Result<(), ByHandError> {
        let reader = self.reader;
        let failed = |source| match reader.is_unchanged() {
            Ok(()) => ByHandError::of(&reader.path, source),
            Err(changed) => changed,
        };
        let columns = self.statement.column_count();
        let mut rows = self.statement.raw_query();
        let mut values = Vec::with_capacity(columns);
        while let Some(row) = rows.next().map_err(failed)? {
            values.clear();
            for at in 0..columns {
                values.push(row.get_ref(at).map_err(failed)?.into());
            }
            if take(&values).is_break() {
                break;
            }
        }
        reader.is_unchanged()
    }
}

/// The place of a regular file. It is absolute, because SQLite reads a name that begins with `file:` as an address, and without
/// symbolic links.
pub(super) fn place(path: &Path) -> Result<PathBuf, ByHandError> {
    let found = path.metadata().and_then(|found| {
        let place = path.canonicalize()?;
        Ok((found, place))
    });
    match found {
        Ok((found, place)) if found.is_file() => Ok(place),
        Ok(_) => Err(ByHandError::NotAFile {
            path: path.to_owned(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(ByHandError::NotFound {
            path: path.to_owned(),
        }),
        Err(source) => Err(ByHandError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Whether this is a database in WAL mode that nobody has open. SQLite would make two files beside it to read it,
/// and leave them there.
fn is_at_rest(place: &Path) -> io::Result<bool> {
    /// Where a database's header has its versions, and the version that stands for WAL mode.
    const VERSIONS: std::ops::Range<usize> = 18..20;
    const WAL: [u8; 2] = [2, 2];
    let mut header = Vec::new();
    File::open(place)?
        .take(VERSIONS.end as u64)
        .read_to_end(&mut header)?;
    let mut log = place.as_os_str().to_owned();
    log.push("-wal");
    Ok(header.get(VERSIONS) == Some(&WAL) && !Path::new(&log).exists())
}

fn stamp(place: &Path) -> io::Result<Stamp> {
    let found = place.metadata()?;
    Ok((found.len(), found.modified()?))
}

/// The address under which SQLite takes no locks and makes no files. Others may then change the database, so
/// whoever reads checks in the end that nobody did.
fn unlocked(place: &Path) -> PathBuf {
    let mut address = String::from("file:");
    for byte in place.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => address.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(*byte)),
            byte => address.push_str(&format!("%{byte:02x}")),
        }
    }
    PathBuf::from(address + "?immutable=1")
}

fn begin(place: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(place, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; BEGIN")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
    functions::install_distance(&connection)?;
    Ok(connection)
}
