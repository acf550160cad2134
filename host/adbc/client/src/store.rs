//! One database: its settings, and the program that has it open.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fractalaw_data_call::Budget;

use crate::database::Database;
use crate::error::OpenError;
use crate::run::{Access, Run};
use crate::settings::Settings;

/// The program's name.
const PROGRAM: &str = "fractalaw-adbc";

/// A database for runs of micro-apps, opened by a program of its own. If that program ends, the next run starts
/// it again.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
}

/// The program's usual place: beside the host's own program.
pub fn beside_the_host() -> PathBuf {
    let host = env::current_exe().unwrap_or_default();
    host.with_file_name(format!("{PROGRAM}{}", env::consts::EXE_SUFFIX))
}

impl Store {
    /// Starts the program at `program`, which opens the database. Secrets are read from this process's
    /// environment.
    pub fn open(settings: &Settings, program: &Path) -> Result<Store, OpenError> {
        Store::open_with(settings, program, |name| env::var(name).ok())
    }

    /// The same, with secrets from another place.
    pub fn open_with(
        settings: &Settings,
        program: &Path,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Store, OpenError> {
        let resolved = settings.resolve(secret)?;
        let library_name = settings.library_name(resolved.engine);
        let database = Database::new(program, library_name, resolved);
        database.program()?;
        Ok(Store {
            database: Arc::new(database),
        })
    }

    /// Begins a run with this access. It connects to the program with its first call.
    pub fn run(&self, access: Access, budget: Box<dyn Budget>) -> Run {
        Run::new(Arc::clone(&self.database), access, budget)
    }

    /// The process of the program, if it is running.
    pub fn process_id(&self) -> Option<u32> {
        self.database.process_id()
    }
}
