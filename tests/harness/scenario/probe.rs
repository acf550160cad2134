//! Two capabilities without functions, one before all others and one after them. They see each run at the points at which
//! something has just become durable. A crash is a copy of all files at such a point: what a process that ended there would
//! have left.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{
    Capability, Ended, Granted, PricedLinker, Session, Table, Verdict,
};
use fractalaw_host::{Effect, HostError};
use tempfile::TempDir;

use super::spec::Crash;

/// When to crash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Never,
    /// At the point with this number, from 1.
    At(u64),
    /// At the next point of this name.
    Next(Crash),
}

/// The points of one host. Clones share them.
#[derive(Clone)]
pub(crate) struct Probe(Arc<Mutex<Points>>);

struct Points {
    /// The folder with all files of the host.
    files: PathBuf,
    reached: u64,
    when: When,
    /// The copy, and where it was made.
    copy: Option<(TempDir, &'static str)>,
}

impl Probe {
    pub(crate) fn new(files: &Path, reached: u64, when: When) -> Probe {
        Probe(Arc::new(Mutex::new(Points {
            files: files.to_owned(),
            reached,
            when,
            copy: None,
        })))
    }

    /// Something has become durable.
    pub(crate) fn reached(&self, name: &'static str) -> std::io::Result<()> {
        let mut points = self.state();
        points.reached += 1;
        let is_due = match points.when {
            When::Never => false,
            When::At(number) => points.reached == number,
            When::Next(crash) => name_of(crash) == name,
        };
        if is_due && points.copy.is_none() {
            points.copy = Some((copy(&points.files)?, name));
        }
        Ok(())
    }

    pub(crate) fn crash_at(&self, when: When) {
        self.state().when = when;
    }

    /// How many points were reached.
    pub(crate) fn points(&self) -> u64 {
        self.state().reached
    }

    /// The crash, if there was one: the copy of the files, and the name of the point.
    pub(crate) fn take_crash(&self) -> Option<(TempDir, &'static str)> {
        let mut points = self.state();
        let crash = points.copy.take();
        if crash.is_some() {
            points.when = When::Never;
        }
        crash
    }

    /// The same points, for the host that goes on over these files.
    pub(crate) fn over(&self, files: &Path) -> Probe {
        let points = self.state();
        Probe::new(files, points.reached, points.when)
    }

    fn state(&self) -> MutexGuard<'_, Points> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name_of(crash: Crash) -> &'static str {
    match crash {
        Crash::Now => "now",
        Crash::Started => "started",
        Crash::Prepared => "prepared",
        Crash::Closed => "closed",
        Crash::Settled => "settled",
    }
}

/// Copies the files as they are on disk. SQLite makes its index beside a log anew.
pub(crate) fn copy(files: &Path) -> std::io::Result<TempDir> {
    let copy = tempfile::tempdir()?;
    for entry in fs::read_dir(files)? {
        let entry = entry?;
        let is_index = entry.file_name().to_string_lossy().ends_with("-shm");
        if entry.file_type()?.is_file() && !is_index {
            fs::copy(entry.path(), copy.path().join(entry.file_name()))?;
        }
    }
    Ok(copy)
}

static BEFORE: Table = Table {
    name: "probe-before",
    wit: &[],
    interfaces: &[],
    keys: &[],
    quotas: &[],
    functions: &[],
};

static AFTER: Table = Table {
    name: "probe-after",
    wit: &[],
    interfaces: &[],
    keys: &[],
    quotas: &[],
    functions: &[],
};

/// Offered before all others.
pub(crate) struct Before(pub(crate) Probe);

/// Offered after all others.
pub(crate) struct After(pub(crate) Probe);

struct BeforeSession(Probe);

struct AfterSession(Probe);

impl Capability for Before {
    fn table(&self) -> &'static Table {
        &BEFORE
    }

    fn add_to_linker(&self, _: &mut PricedLinker<'_>) -> Called<()> {
        Ok(())
    }

    fn begin(&self, _: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        Ok(Box::new(BeforeSession(self.0.clone())))
    }
}

impl Capability for After {
    fn table(&self) -> &'static Table {
        &AFTER
    }

    fn add_to_linker(&self, _: &mut PricedLinker<'_>) -> Called<()> {
        Ok(())
    }

    fn begin(&self, _: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        Ok(Box::new(AfterSession(self.0.clone())))
    }
}

impl Session for BeforeSession {
    /// The closing is in the ledger, and nothing is settled yet.
    fn settle(self: Box<Self>, _: Verdict) -> Result<(), HostError> {
        self.0.reached("closed").map_err(failed)
    }
}

impl Session for AfterSession {
    /// The attempt is on disk, and the guest has not started.
    fn start(&mut self) -> Result<(), HostError> {
        self.0.reached("started").map_err(failed)
    }

    /// Everything that the run did is on disk, and the ledger has no closing.
    fn prepare(&mut self, _: &Ended<'_>) -> Called<Vec<Effect>> {
        self.0.reached("prepared").map_err(failed)?;
        Ok(Vec::new())
    }

    fn settle(self: Box<Self>, _: Verdict) -> Result<(), HostError> {
        self.0.reached("settled").map_err(failed)
    }
}

fn failed(source: std::io::Error) -> HostError {
    HostError::Capability {
        capability: "probe",
        source: source.into(),
    }
}
