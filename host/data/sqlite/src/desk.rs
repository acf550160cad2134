//! A connection that is set up for a set of grants. One run after another uses it.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Result};

use crate::bounds;
use crate::catalogue::{Catalogue, Kind};
use crate::error::StoreError;
use crate::ffi::{self, Engine};
use crate::functions;
use crate::grants::Grants;
use crate::guard::{self, SharedGuard, lock};
use crate::limits;
use crate::search;
use crate::touched::Touched;
use crate::work::{self, SharedWork};
use crate::world::{self, World};

pub(crate) struct Desk {
    pub(crate) engine: Engine,
    pub(crate) guard: SharedGuard,
    pub(crate) world: World,
    pub(crate) work: SharedWork,
    pub(crate) touched: Arc<Mutex<Touched>>,
    pub(crate) catalogue: Arc<Catalogue>,
    /// Whether virtual tables have read what they keep, in this run.
    pub(crate) is_warm: bool,
    /// Whether a virtual table was changed. It keeps memory for what is added, and no other run may find it.
    pub(crate) is_used_up: bool,
    /// Whether a table was opened to write on this connection.
    has_written: bool,
    /// What the operator should know about the grants.
    pub(crate) problems: Vec<StoreError>,
    /// A number that changes when the tables' definitions change.
    schema_version: i64,
}

impl Desk {
    pub(crate) fn new(
        path: &Path,
        read_only: bool,
        grants: &Grants,
        durable: bool,
    ) -> std::result::Result<Desk, StoreError> {
        let mut connection = connect(path, read_only)?;
        let failed = |cause| StoreError::Sqlite {
            path: path.to_owned(),
            cause,
        };
        set_up(&connection, durable).map_err(failed)?;
        let catalogue = Arc::new(Catalogue::read(&connection).map_err(failed)?);
        let work = work::install(&mut connection).map_err(failed)?;
        lock(&work).set_page_bytes(page_bytes(&connection).map_err(failed)?);
        functions::install(&connection, &work).map_err(failed)?;
        let guard = guard::install(&mut connection).map_err(failed)?;
        let schema_version = schema_version(&connection).map_err(failed)?;
        touch_virtual(&connection, &catalogue).map_err(failed)?;
        // No run has begun, so nobody pays for this, and no budget stops it.
        lock(&work).is_settling = true;
        touch_parents(&connection, &catalogue).map_err(failed)?;
        lock(&work).is_settling = false;
        let touched = Arc::new(Mutex::new(Touched::new(Arc::clone(&catalogue))));
        let mut engine = Engine::new(connection);
        let noted = Arc::clone(&touched);
        engine.watch(Box::new(move |change| lock(&noted).note(change)));
        let (rules, problems) = world::rules(&mut engine, &guard, &catalogue, grants);
        if rules.reads_parts() {
            // The order of rows would show how a column that was not granted is ordered.
            engine.ignore_unused_indexes();
        }
        // This comes last, because the limits are for guests and not for what the host itself prepares.
        bounds::limit(engine.connection()).map_err(failed)?;
        let world = in_memory()?.and_then(|empty| World::new(empty, &catalogue, &rules, &work));
        let world = world.map_err(failed)?;
        let rules = Arc::new(rules);
        lock(&touched).rules = Arc::clone(&rules);
        lock(&guard).rules = rules;
        Ok(Desk {
            engine,
            guard,
            world,
            work,
            touched,
            catalogue,
            is_warm: false,
            is_used_up: false,
            has_written: false,
            problems,
            schema_version,
        })
    }

    /// SQLite takes a page of memory for writing when a connection first opens a table to write, and keeps it. The cost of a
    /// statement must not depend on that. So it is taken before the first statement of a run.
    pub(crate) fn warm_writing(&mut self) {
        if std::mem::replace(&mut self.has_written, true) {
            return;
        }
        let mut tables = self.catalogue.tables.values();
        let Some(table) = tables.find(|table| table.kind == Kind::Table) else {
            return;
        };
        // SQLite opens the table, and finds no row.
        let column = match table.without_rowid {
            true => table
                .key()
                .first()
                .map(|at| world::quoted(&table.columns[*at].name)),
            false => table.rowid().map(str::to_owned),
        };
        let Some(column) = column else { return };
        let name = world::quoted(&table.name);
        let sql = format!("DELETE FROM main.{name} WHERE {column} = 0 AND {column} = 1");
        // If this fails, the guest's own statement fails too and says why.
        let _ = self.engine.connection().execute_batch(&sql);
    }

    /// Whether the tables are still those that the connection was set up for. The open transaction decides what
    /// the tables are.
    pub(crate) fn is_current(&self) -> Result<bool> {
        Ok(schema_version(self.engine.connection())? == self.schema_version)
    }
}

pub(crate) fn connect(path: &Path, read_only: bool) -> std::result::Result<Connection, StoreError> {
    let vfs = ffi::file_system().ok_or(StoreError::NotConfigured)?;
    let access = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags_and_vfs(as_file(path), flags, vfs);
    opened
        .and_then(|connection| {
            ffi::without_small_pieces(&connection)?;
            // SQLite does not wait by itself. Whoever waits looks at a run's budget meanwhile.
            connection.busy_timeout(Duration::ZERO)?;
            Ok(connection)
        })
        .map_err(|cause| StoreError::Open {
            path: path.to_owned(),
            cause,
            hint: "name an SQLite database that exists and may be read",
        })
}

/// An empty database in memory. It has the run's clock too.
fn in_memory() -> std::result::Result<Result<Connection>, StoreError> {
    let vfs = ffi::file_system().ok_or(StoreError::NotConfigured)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags_and_vfs(":memory:", flags, vfs))
}

/// The same path, as SQLite reads it. SQLite reads the relative name `:memory:`, an empty one, and one that begins with
/// `file:` as something else than a file.
fn as_file(path: &Path) -> Cow<'_, Path> {
    let name = path.as_os_str().as_encoded_bytes();
    if name.is_empty() || name == b":memory:" || name.starts_with(b"file:") {
        return Cow::Owned(Path::new(".").join(path));
    }
    Cow::Borrowed(path)
}

pub(crate) fn set_up(connection: &Connection, durable: bool) -> Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false)?;
    let synchronous = if durable { "FULL" } else { "OFF" };
    connection.execute_batch(&format!(
        "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; \
         PRAGMA cache_size = -{}; PRAGMA synchronous = {synchronous}",
        limits::CACHE_KIB
    ))
}

fn page_bytes(connection: &Connection) -> Result<u64> {
    let bytes = connection.query_row("PRAGMA main.page_size", (), |row| row.get::<_, u32>(0))?;
    Ok(u64::from(bytes))
}

fn schema_version(connection: &Connection) -> Result<i64> {
    connection.query_row("PRAGMA main.schema_version", (), |row| row.get(0))
}

/// Virtual tables read their settings when they are first used. This makes them do it now and not during a
/// guest's statement. Searches of full text are watched from here on.
fn touch_virtual(connection: &Connection, catalogue: &Catalogue) -> Result<()> {
    for table in catalogue.tables.values() {
        if table.kind == Kind::Virtual && table.module() != "" {
            let name = world::quoted(&table.name);
            // If the module is not compiled in, the table does not exist for guests either.
            let touched = connection.prepare(&format!("SELECT * FROM main.{name}"));
            if touched.is_ok() && table.module() == "fts5" {
                search::watch(connection, &name)?;
            }
        }
    }
    Ok(())
}

/// SQLite makes a trigger of what a foreign key does when its parent is first changed, and keeps it. The cost of a statement must not
/// depend on that.
fn touch_parents(connection: &Connection, catalogue: &Catalogue) -> Result<()> {
    let mut list = connection.prepare(
        "SELECT DISTINCT lower(f.\"table\") FROM main.sqlite_schema s, pragma_foreign_key_list(s.name) f WHERE s.type = 'table'",
    )?;
    let parents = list.query_map((), |row| row.get::<_, String>(0))?;
    for parent in parents {
        let Some(table) = catalogue.get(&parent?) else {
            continue;
        };
        let name = world::quoted(&table.name);
        let set = |column: &str| format!("{0} = {0}", world::quoted(column));
        let columns = table.columns.iter().filter(|column| !column.generated);
        let columns: Vec<String> = columns.map(|column| set(&column.name)).collect();
        // If a foreign key is wrong, this fails, and so does the guest's own statement.
        let _ = connection.prepare(&format!("DELETE FROM main.{name}"));
        let _ = connection.prepare(&format!("UPDATE main.{name} SET {}", columns.join(", ")));
    }
    Ok(())
}
