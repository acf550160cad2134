//! What a run did takes effect after its closing is in the ledger, and only if the closing says that it
//! completed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fractalaw_host::capability::wasmtime;
use fractalaw_host::capability::{
    Capability, Ended, Granted, PricedLinker, Session, Starting, Table, Verdict, Verdicts,
};
use fractalaw_host::{Deeds, Durability, Effect, Host, HostError, Outcome, Run, Settled};
use fractalaw_ledger::{Ledger, LedgerError, Options};
use fractalaw_testing::{DURABILITIES, Lab};
use rusqlite::Connection;

use crate::components::{RUNTIME, component, guest_bytes};

static TABLE: Table = Table {
    name: "notes",
    wit: &[],
    interfaces: &[],
    keys: &[],
    quotas: &[],
    functions: &[],
};

#[derive(Clone, Default)]
struct Notes {
    said: Arc<Mutex<Vec<String>>>,
    verdicts: Arc<Mutex<Option<Verdicts>>>,
    /// The error of preparing a completed run.
    fails: Option<&'static str>,
    /// Where it panics.
    panics: Option<&'static str>,
    waits: bool,
    /// Done when a run is prepared.
    meanwhile: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Notes {
    fn panics_in(&self, what: &str) {
        assert_ne!(self.panics, Some(what), "as a capability might");
    }

    fn say(&self, what: &str, identity: Option<&str>) {
        let verdicts = self.verdicts.lock().unwrap().clone().unwrap();
        let known = identity.map(|identity| verdicts.of(identity).unwrap());
        let known = known.map_or_else(String::new, |known| format!(", the ledger says {known:?}"));
        self.said.lock().unwrap().push(format!("{what}{known}"));
    }
}

impl Capability for Notes {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn add_to_linker(&self, _: &mut PricedLinker<'_>) -> wasmtime::Result<()> {
        Ok(())
    }

    fn start(&self, starting: &Starting<'_>) -> Result<(), HostError> {
        *self.verdicts.lock().unwrap() = Some(starting.verdicts().clone());
        Ok(())
    }

    fn begin(&self, _: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        self.panics_in("begin");
        Ok(Box::new(Note {
            notes: self.clone(),
            identity: None,
        }))
    }
}

struct Note {
    notes: Notes,
    identity: Option<String>,
}

impl Session for Note {
    fn waits(&self) -> bool {
        self.notes.waits
    }

    fn prepare(&mut self, ended: &Ended<'_>) -> wasmtime::Result<Vec<Effect>> {
        self.notes.panics_in("prepare");
        self.identity = ended.identity().map(str::to_owned);
        let what = format!("prepare {}", ended.outcome().kind());
        self.notes.say(&what, ended.identity());
        if let Some(meanwhile) = &self.notes.meanwhile {
            meanwhile();
        }
        match (ended.is_completed(), self.notes.fails) {
            (true, Some(why)) => Err(wasmtime::Error::msg(why)),
            _ => Ok(vec![Effect {
                capability: "notes".to_owned(),
                kind: "write".to_owned(),
                subject: "a".to_owned(),
                fields: Vec::new(),
                settled: Settled::of(ended.outcome()),
            }]),
        }
    }

    fn unmetered(&self) -> Option<String> {
        self.notes.panics_in("unmetered");
        None
    }

    fn deeds(&self) -> Option<Deeds> {
        self.notes.panics_in("deeds");
        None
    }

    fn settle(self: Box<Self>, verdict: Verdict) -> Result<(), HostError> {
        self.notes.panics_in("settle");
        let what = format!("settle {verdict:?}");
        self.notes.say(&what, self.identity.as_deref());
        Ok(())
    }
}

fn said(notes: Notes, ledger: Option<(&Lab, Durability)>, body: &str) -> (Vec<String>, Outcome) {
    let mut host = Host::builder().slots(1).offer(notes.clone());
    if let Some((lab, durability)) = ledger {
        host = host.ledger(&lab.path, durability);
    }
    let host = host.build().unwrap();
    let app = host.load(&component("", body)).unwrap();
    let report = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap();
    assert_eq!(report.effects.len(), 1);
    assert_eq!(report.effects[0].settled, Settled::of(&report.outcome));
    let said = notes.said.lock().unwrap().clone();
    (said, report.outcome)
}

#[test]
fn a_run_is_prepared_before_its_closing_and_settled_after_it() {
    for (durability, _) in DURABILITIES {
        for waits in [false, true] {
            let lab = Lab::new();
            let notes = Notes {
                waits,
                ..Notes::default()
            };
            let (said, _) = said(notes, Some((&lab, durability)), "");
            assert_eq!(
                said,
                [
                    "prepare completed, the ledger says NotCompleted",
                    "settle Completed, the ledger says Completed",
                ]
            );
        }
    }
}

#[test]
fn a_run_that_traps_takes_no_effect() {
    let lab = Lab::new();
    let ledger = Some((&lab, Durability::Run));
    let (said, _) = said(Notes::default(), ledger, "unreachable");
    assert_eq!(
        said,
        [
            "prepare trap, the ledger says NotCompleted",
            "settle NotCompleted, the ledger says NotCompleted",
        ]
    );
}

#[test]
fn without_a_ledger_the_outcome_decides() {
    let (said, _) = said(Notes::default(), None, "");
    assert_eq!(said, ["prepare completed", "settle Completed"]);
}

#[test]
fn a_run_whose_effects_cannot_be_prepared_has_not_completed() {
    for waits in [false, true] {
        let lab = Lab::new();
        let notes = Notes {
            fails: Some("a row points to none"),
            waits,
            ..Notes::default()
        };
        let (said, outcome) = said(notes, Some((&lab, Durability::Run)), "");
        assert_eq!(
            outcome.to_string(),
            "trap in the result of `run`: a row points to none"
        );
        assert_eq!(
            said,
            [
                "prepare completed, the ledger says NotCompleted",
                "prepare trap, the ledger says NotCompleted",
                "settle NotCompleted, the ledger says NotCompleted",
            ]
        );
    }
}

/// Nothing of the closing was written, so what the run did is taken back at once, and not by a host that starts later.
#[test]
fn a_run_whose_closing_a_locked_ledger_did_not_take_has_not_completed() {
    for (durability, _) in DURABILITIES {
        for waits in [false, true] {
            let lab = Lab::new();
            let other = Connection::open(&lab.path).unwrap();
            let other = Arc::new(Mutex::new(other));
            let locks = Arc::clone(&other);
            let notes = Notes {
                waits,
                meanwhile: Some(Arc::new(move || {
                    let other = locks.lock().unwrap();
                    other.execute_batch("BEGIN IMMEDIATE").unwrap();
                })),
                ..Notes::default()
            };
            let options = Options {
                durability,
                busy_timeout: Duration::from_millis(20),
                node_id: None,
            };
            let ledger = Ledger::open(&lab.path, options).unwrap();
            let host = Host::builder().slots(1).open_ledger(ledger);
            let host = host.offer(notes.clone()).build().unwrap();
            let app = host.load(&component("", "")).unwrap();
            let error = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap_err();
            let is_locked = matches!(
                error,
                HostError::NotAcknowledged(LedgerError::Locked { .. })
            );
            assert!(is_locked, "{error:?}");
            other.lock().unwrap().execute_batch("ROLLBACK").unwrap();
            assert_eq!(
                *notes.said.lock().unwrap(),
                [
                    "prepare completed, the ledger says NotCompleted",
                    "settle NotCompleted, the ledger says NotCompleted",
                ]
            );
            drop(host);
            assert_eq!(lab.outcomes(), [None]);
        }
    }
}

#[test]
fn a_run_of_another_ledger_is_unknown() {
    let (lab, other) = (Lab::new(), Lab::new());
    let notes = Notes::default();
    said(notes.clone(), Some((&lab, Durability::Run)), "");
    let identity = {
        let verdicts = notes.verdicts.lock().unwrap().clone().unwrap();
        let id = lab.entries()[0].entry_id;
        let ledger = fractalaw_ledger::Reader::open(&lab.path).unwrap();
        let identity = format!("{}:{id}", ledger.identity().ledger_id);
        assert_eq!(verdicts.of(&identity).unwrap(), Verdict::Completed);
        identity
    };
    let notes = Notes::default();
    said(notes.clone(), Some((&other, Durability::Run)), "");
    let verdicts = notes.verdicts.lock().unwrap().clone().unwrap();
    for unknown in [&*identity, "", "x:1", ":"] {
        assert_eq!(verdicts.of(unknown).unwrap(), Verdict::Unknown, "{unknown}");
    }
}

/// The trail is kept, the run is closed, and the only slot serves the next run.
#[test]
fn a_capability_that_panics_ends_its_run_and_no_other() {
    let bytes = guest_bytes("ordered-entries");
    for (durability, _) in DURABILITIES {
        for (panics, waits, closed, kept) in [
            ("begin", false, "host-failed", false),
            ("prepare", false, "host-failed", true),
            ("prepare", true, "host-failed", true),
            ("unmetered", false, "host-failed", true),
            ("deeds", false, "host-failed", true),
            ("settle", false, "completed", true),
        ] {
            let lab = Lab::new();
            let notes = Notes {
                panics: Some(panics),
                waits,
                ..Notes::default()
            };
            let host = Host::builder().slots(1).ledger(&lab.path, durability);
            let host = host.offer(notes).build().unwrap();
            let app = host.load(&bytes).unwrap();
            for _ in 0..2 {
                let error = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap_err();
                let HostError::Capability { capability, source } = error else {
                    panic!("{error}");
                };
                assert_eq!(capability, "notes");
                assert!(source.to_string().starts_with("it panicked: "), "{source}");
            }
            let closed = Some(closed.to_owned());
            assert_eq!(lab.outcomes(), [closed.clone(), closed], "{panics}");
            let entries = lab.entries();
            // Without those of the guest, a run has an opening and a closing.
            assert_eq!(entries.len() > 4, kept, "{panics}: {}", entries.len());
        }
    }
}
