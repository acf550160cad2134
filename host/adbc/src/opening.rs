//! Loads the driver and opens the database.

use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use adbc_core::Driver;
use adbc_core::options::{AdbcVersion, OptionDatabase, OptionValue};
use adbc_driver_manager::{ManagedDatabase, ManagedDriver};
use fractalaw_adbc_client::limits::LOCKED;
use fractalaw_adbc_client::protocol::{Library, Open, Opened};

pub(crate) fn open(open: &Open) -> Result<ManagedDatabase, Opened> {
    let mut driver = load(open)?;
    let started = Instant::now();
    loop {
        let options = open.options.iter().map(|(name, value)| {
            let value = OptionValue::String(value.clone());
            (OptionDatabase::from(name.as_str()), value)
        });
        match driver.new_database_with_opts(options) {
            Ok(database) => return Ok(database),
            Err(error) if is_locked(&error.message) && started.elapsed() < LOCKED => {
                thread::sleep(LOCKED / 100);
            }
            Err(error) => return Err(Opened::NoDatabase(error.message)),
        }
    }
}

/// DuckDB's words for a file that another process has open.
fn is_locked(message: &str) -> bool {
    message.contains("Could not set lock on file")
}

/// A library that stands beside this program. It comes before the system's.
fn beside(name: &str) -> Option<PathBuf> {
    let (before, after) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let file = format!("{before}{name}{after}");
    let path = std::env::current_exe().ok()?.with_file_name(file);
    path.is_file().then_some(path)
}

/// A driver of version 1.1 can cancel. A driver that has only 1.0 is accepted too.
fn load(open: &Open) -> Result<ManagedDriver, Opened> {
    let driver = load_as(open, AdbcVersion::V110);
    match driver {
        Err(Opened::NoDriver(_)) => load_as(open, AdbcVersion::V100),
        other => other,
    }
}

fn load_as(open: &Open, version: AdbcVersion) -> Result<ManagedDriver, Opened> {
    let entrypoint = Some(open.entrypoint.as_bytes());
    let loaded = match &open.library {
        Library::File(path) => {
            if let Err(error) = std::fs::metadata(path) {
                return Err(Opened::NoLibrary(error.to_string()));
            }
            ManagedDriver::load_dynamic_from_filename(path, entrypoint, version)
        }
        Library::Name(name) => match beside(name) {
            Some(path) => ManagedDriver::load_dynamic_from_filename(path, entrypoint, version),
            None => ManagedDriver::load_dynamic_from_name(name, entrypoint, version),
        },
    };
    loaded.map_err(|error| {
        let said = error.message;
        if said.contains("undefined symbol") || said.contains("symbol not found") {
            Opened::NoEntrypoint(format!("it has no function `{}`", open.entrypoint))
        } else if said.contains("cannot open shared object")
            || said.contains("dlopen")
            || said.contains("invalid ELF")
            || said.contains("file too short")
        {
            Opened::NoLibrary(said)
        } else {
            Opened::NoDriver(said)
        }
    })
}
