//! How much a run may record, and when: before what it did takes effect.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fractalaw_catalogue::digest::hex;
use fractalaw_host::capability::wasmtime::{Error, Result as Called};
use fractalaw_host::capability::{
    Capability, Ended, Granted, PricedLinker, Session, Table, Verdict,
};
use fractalaw_host::{Effect, HostError, Outcome, Report};
use fractalaw_testing::RUNTIME;
use tempfile::TempDir;

use crate::guests::Does::{self, Embed, Generate};
use crate::guests::{builder, guest, run};
use crate::served::{TEXT, served};
use crate::server::{Server, json};

static TABLE: Table = Table {
    name: "witness",
    wit: &[],
    interfaces: &[],
    keys: &[],
    quotas: &[],
    functions: &[],
};

/// Sees which runs take effect, and may forbid it.
#[derive(Clone, Default)]
struct Witness {
    settled: Arc<Mutex<Vec<Verdict>>>,
    forbids: bool,
}

impl Capability for Witness {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn add_to_linker(&self, _: &mut PricedLinker<'_>) -> Called<()> {
        Ok(())
    }

    fn begin(&self, _: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        Ok(Box::new(self.clone()))
    }
}

impl Session for Witness {
    fn prepare(&mut self, ended: &Ended<'_>) -> Called<Vec<Effect>> {
        match self.forbids && ended.is_completed() {
            true => Err(Error::msg("not this one")),
            false => Ok(Vec::new()),
        }
    }

    fn settle(self: Box<Self>, verdict: Verdict) -> Result<(), HostError> {
        self.settled.lock().unwrap().push(verdict);
        Ok(())
    }
}

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    (folder, file)
}

/// Runs a guest that asks this many questions of a server whose answers are recorded into this file.
fn recorded(
    file: &Path,
    questions: usize,
    lines: &str,
    witness: &Witness,
) -> Result<Report, HostError> {
    let server = Server::tcp((0..questions).map(|_| json(200, TEXT)).collect());
    let record = format!("ai.record = \"{}\"\n{lines}", file.display());
    let does: Vec<Does<'_>> = ["a", "b", "c"][..questions]
        .iter()
        .map(|text| Generate(None, text, 9, 0.5))
        .collect();
    let host = builder().offer(witness.clone()).build().unwrap();
    let app = host.load(&guest(&does)).unwrap();
    RUNTIME.block_on(host.run(&app, &served(&server.url, &record)))
}

#[test]
fn a_recording_that_would_be_too_large_fails_before_anything_takes_effect() {
    let (_folder, file) = file();
    let (most, request) = (64 << 20, r#"{"kind":"other"}"#);
    let key = hex(request.as_bytes());
    let line = |answer: &str| {
        format!("{{\"answer\":\"{answer}\",\"key\":\"{key}\",\"request\":{request}}}\n")
    };
    let before = line(&"x".repeat(most - line("").len()));
    assert_eq!(before.len(), most);
    fs::write(&file, &before).unwrap();
    let witness = Witness::default();
    let error = recorded(&file, 1, "", &witness).unwrap_err();
    let expected = format!(
        "could not write the recording `{}`: it is larger than {most} bytes",
        file.display()
    );
    assert!(format!("{error:?}").contains(&expected), "{error:?}");
    assert_eq!(*witness.settled.lock().unwrap(), []);
    assert!(fs::read(&file).unwrap() == before.as_bytes());
    // With nothing to add, it is no obstacle.
    recorded(&file, 0, "", &witness).unwrap();
    assert_eq!(*witness.settled.lock().unwrap(), [Verdict::Completed]);
}

#[test]
fn the_answers_that_a_run_records_are_in_its_memory() {
    let (_folder, file) = file();
    let witness = Witness::default();
    // A line has some 330 bytes, and the host needs 256 more for it.
    let lines = "quotas.host-memory = 1_000";
    let report = recorded(&file, 3, lines, &witness).unwrap();
    let Outcome::QuotaExceeded { quota, limit } = &report.outcome else {
        panic!("{}", report.outcome);
    };
    assert_eq!((&*quota.name, *limit), ("host-memory", 1_000));
    // What was recorded until then is kept.
    let kept = fs::read_to_string(&file).unwrap();
    assert_eq!(kept.lines().count(), 1);
    assert_eq!(*witness.settled.lock().unwrap(), [Verdict::NotCompleted]);
}

/// Another capability finds that the run cannot complete, after this one has said what the run asked.
#[test]
fn a_run_that_cannot_take_effect_shows_what_it_asked_and_records_it() {
    let (_folder, file) = file();
    let witness = Witness {
        forbids: true,
        ..Witness::default()
    };
    let report = recorded(&file, 2, "", &witness).unwrap();
    assert_eq!(report.outcome.kind(), "trap");
    assert_eq!(report.effects.len(), 2);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2);
    let host = builder().offer(witness).build().unwrap();
    let app = host.load(&guest(&[Embed("a")])).unwrap();
    let report = RUNTIME.block_on(host.run(&app, &run(""))).unwrap();
    assert_eq!(report.effects.len(), 1);
}
