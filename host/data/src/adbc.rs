//! A run behind an ADBC driver, and what is known of its changes: each call, and how many rows it changed. No driver says
//! which rows.

use fractalaw_adbc_client::{EndError, Run};
use fractalaw_data_call::Failure;
use fractalaw_host::{Effect, Settled};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::effect::{hex, shown_text};
use crate::limits::SHOWN_ROWS;

/// A run, and what it changed so far.
pub(crate) struct AdbcRun {
    run: Run,
    changes: Changes,
}

/// The calls of a run that changed something, in order.
pub(crate) struct Changes {
    /// The driver's name.
    driver: String,
    shown: Vec<Change>,
    further: Further,
}

/// One call.
struct Change {
    kind: &'static str,
    subject: String,
    fields: Vec<(String, Json)>,
}

/// The calls beyond those that are shown. The digest is over all of them, so two different runs never look the same.
#[derive(Default)]
struct Further {
    calls: u64,
    digest: Sha256,
}

/// Why a run was not committed.
pub(crate) enum NotCommitted {
    /// The database refused, and the changes are rolled back.
    Refused(EndError, Box<Changes>),
    /// Nobody knows whether they took effect.
    Unknown(EndError),
}

impl AdbcRun {
    pub(crate) fn new(driver: &str, run: Run) -> AdbcRun {
        AdbcRun {
            run,
            changes: Changes {
                driver: driver.to_owned(),
                shown: Vec::new(),
                further: Further::default(),
            },
        }
    }

    /// The rows that were returned and changed so far.
    pub(crate) fn rows(&self) -> u64 {
        let used = self.run.used();
        used.rows_out.saturating_add(used.rows_changed)
    }

    pub(crate) fn query(&mut self, sql: &str) -> Result<Vec<u8>, Failure> {
        self.run.query(sql)
    }

    pub(crate) fn execute(&mut self, sql: &str) -> Result<u64, Failure> {
        let rows = self.run.execute(sql)?;
        let mut fields = vec![("statement".to_owned(), shown_text(sql))];
        fields.push(("rows".to_owned(), json!(self.run.last_changed())));
        let subject = self.changes.driver.clone();
        self.changes.add("execute", subject, fields);
        Ok(rows)
    }

    pub(crate) fn insert(&mut self, table: &str, stream: &[u8]) -> Result<u64, Failure> {
        let rows = self.run.insert(table, stream)?;
        let digest = hex(&Sha256::digest(stream));
        let fields = vec![
            ("rows".to_owned(), json!(self.run.last_changed())),
            ("stream-sha256".to_owned(), json!(digest)),
        ];
        self.changes.add("insert-rows", table.to_owned(), fields);
        Ok(rows)
    }

    pub(crate) fn commit(self) -> Result<Changes, NotCommitted> {
        match self.run.end(true) {
            Ok(_) => Ok(self.changes),
            Err(error @ EndError::Refused(_)) => {
                Err(NotCommitted::Refused(error, Box::new(self.changes)))
            }
            Err(error @ EndError::Unknown) => Err(NotCommitted::Unknown(error)),
        }
    }

    pub(crate) fn roll_back(self) -> Changes {
        // The connection is closed in any case, and with it the transaction.
        let _ = self.run.end(false);
        self.changes
    }
}

impl Changes {
    fn add(&mut self, kind: &'static str, subject: String, fields: Vec<(String, Json)>) {
        if self.shown.len() < SHOWN_ROWS {
            return self.shown.push(Change {
                kind,
                subject,
                fields,
            });
        }
        let line = json!([kind, subject, fields]).to_string();
        self.further.calls += 1;
        self.further
            .digest
            .update((line.len() as u64).to_le_bytes());
        self.further.digest.update(line);
    }

    pub(crate) fn effects(&self, settled: Settled) -> Vec<Effect> {
        let effect = |kind: &str, subject: &str, fields: Vec<(String, Json)>| Effect {
            capability: "data".to_owned(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            fields,
            settled,
        };
        let shown = self.shown.iter();
        let mut effects: Vec<Effect> = shown
            .map(|change| effect(change.kind, &change.subject, change.fields.clone()))
            .collect();
        if self.further.calls > 0 {
            let digest = self.further.digest.clone().finalize();
            let fields = vec![
                ("calls".to_owned(), json!(self.further.calls)),
                ("sha256".to_owned(), json!(hex(&digest))),
            ];
            effects.push(effect("further-calls", &self.driver, fields));
        }
        effects
    }
}
