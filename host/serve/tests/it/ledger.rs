//! What a ledger says of deliveries: which runs each had, how they ended, and where its event came from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fractalaw_ledger::{LedgerError, Reader, Trust, verify};
use serde_json::Value;

/// Everything in a ledger that deliveries depend on.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Events that came from outside.
    pub(crate) accepted: BTreeSet<u64>,
    /// Events of runs that completed, by type.
    pub(crate) emitted: BTreeMap<String, BTreeSet<u64>>,
    /// The digests of their payloads.
    pub(crate) payloads: BTreeMap<String, Vec<String>>,
    /// Tasks of runs that completed.
    pub(crate) tasks: BTreeSet<u64>,
    /// The outcomes of each delivery's runs, in their order. A run without a closing is `cut-off`.
    pub(crate) runs: BTreeMap<String, Vec<String>>,
    /// The digest of each run's component.
    pub(crate) digests: BTreeMap<String, u64>,
    /// Each swap: from, to, why.
    pub(crate) swaps: Vec<(Option<String>, String, String)>,
}

impl Book {
    /// Reads a ledger, which must verify.
    pub(crate) fn read(path: &Path) -> Book {
        let reader = Reader::open(path).unwrap();
        verify(&reader, &Trust::default()).unwrap();
        let mut book = Book::default();
        let mut open: BTreeMap<u64, String> = BTreeMap::new();
        let read = reader.visit(1, |entry| {
            let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
            let text = |key: &str| detail[key].as_str().map(str::to_owned);
            match (&*entry.event_type, entry.run_id) {
                ("event-accepted", None) => {
                    book.accepted.insert(entry.entry_id << 16 | 1);
                }
                ("app-swapped", None) => {
                    let (to, why) = (text("to").unwrap(), text("why").unwrap());
                    book.swaps.push((text("from"), to, why));
                }
                ("run-opened", Some(run)) => {
                    let delivery = detail["trigger"]["delivery"].as_str().unwrap();
                    open.insert(run, delivery.to_owned());
                    *book.digests.entry(text("sha256").unwrap()).or_default() += 1;
                }
                ("run-closed", Some(run)) => {
                    let delivery = open.remove(&run).unwrap();
                    let outcome = text("outcome").unwrap();
                    if outcome == "completed" {
                        for event in detail["events"].as_array().into_iter().flatten() {
                            let event_type = event["type"].as_str().unwrap().to_owned();
                            let id = event["id"].as_u64().unwrap();
                            let sha256 = event["sha256"].as_str().unwrap().to_owned();
                            let payloads = book.payloads.entry(event_type.clone());
                            payloads.or_default().push(sha256);
                            book.emitted.entry(event_type).or_default().insert(id);
                        }
                        let tasks = detail["tasks"].as_array().into_iter().flatten();
                        book.tasks
                            .extend(tasks.map(|task| task["id"].as_u64().unwrap()));
                    }
                    book.runs.entry(delivery).or_default().push(outcome);
                }
                _ => {}
            }
            Ok::<_, LedgerError>(())
        });
        read.unwrap();
        for delivery in open.into_values() {
            book.runs
                .entry(delivery)
                .or_default()
                .push("cut-off".to_owned());
        }
        book
    }

    /// How many runs of a delivery completed.
    pub(crate) fn completed(&self, delivery: &str) -> usize {
        let runs = self.runs.get(delivery).into_iter().flatten();
        runs.filter(|outcome| *outcome == "completed").count()
    }

    /// Checks that no delivery completed twice, and that each has an event that somebody brought or that a run which
    /// completed emitted.
    pub(crate) fn check(&self) {
        let emitted: BTreeSet<u64> = self.emitted.values().flatten().copied().collect();
        for delivery in self.runs.keys() {
            assert!(
                self.completed(delivery) <= 1,
                "{delivery}: {:?}",
                self.runs[delivery]
            );
            let Some(event) = delivery.strip_prefix("event:") else {
                continue;
            };
            let (event, _) = event.split_once(':').unwrap();
            let event = event.parse().unwrap();
            assert!(
                self.accepted.contains(&event) || emitted.contains(&event),
                "{delivery} has no event"
            );
        }
    }
}
