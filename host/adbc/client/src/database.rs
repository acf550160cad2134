//! The program that has a database open. There is one at a time, and a run starts it when it needs it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::OpenError;
use crate::program::Program;
use crate::protocol::Library;
use crate::settings::{Resolved, file_name};

pub(crate) struct Database {
    path: PathBuf,
    library_name: String,
    pub(crate) resolved: Resolved,
    program: Mutex<Option<Arc<Program>>>,
}

impl Database {
    pub(crate) fn new(path: &Path, library_name: String, mut resolved: Resolved) -> Database {
        // The program looks beside itself for a library that is not named.
        if let Library::Name(name) = &resolved.library {
            let beside = path.with_file_name(file_name(name));
            resolved.hidden.hide(&beside.to_string_lossy(), "library");
        }
        Database {
            path: path.to_owned(),
            library_name,
            resolved,
            program: Mutex::new(None),
        }
    }

    /// The program that has the database open. It is started again if it has ended.
    pub(crate) fn program(&self) -> Result<Arc<Program>, OpenError> {
        let mut held = self.held();
        if let Some(program) = held.as_ref().filter(|program| program.is_alive()) {
            return Ok(Arc::clone(program));
        }
        *held = None;
        let program = Arc::new(Program::start(
            &self.path,
            &self.resolved,
            &self.library_name,
        )?);
        *held = Some(Arc::clone(&program));
        Ok(program)
    }

    pub(crate) fn process_id(&self) -> Option<u32> {
        self.held().as_ref().map(|program| program.id())
    }

    fn held(&self) -> MutexGuard<'_, Option<Arc<Program>>> {
        self.program.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Database;
    use crate::settings::Settings;

    /// Errors inside of a driver can have a trace of its calls.
    #[test]
    fn where_a_library_was_found_is_hidden_too() {
        let settings: Settings =
            serde_json::from_str(r#"{"driver": "duckdb", "path": "/data/a.duckdb"}"#).unwrap();
        let resolved = settings.resolve(|_| None).unwrap();
        let program = "/opt/host/fractalaw-adbc".as_ref();
        let database = Database::new(program, "libduckdb.so".to_owned(), resolved);
        assert_eq!(
            database
                .resolved
                .hidden
                .redact("/opt/host/libduckdb.so(+0x1f) opened /data/a.duckdb"),
            "[library](+0x1f) opened [path]"
        );
    }
}
