//! A host with events, alone or with an engine that delivers them by a clock that the test sets.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fractalaw_events::{Events, LedgerClosings};
use fractalaw_events_engine::{Apps, Delivery, DeliveryId, Engine, State, Time};
use fractalaw_host::{Durability, Host, MicroApp, Policy, Report, Run, Section};
use fractalaw_ledger::Reader;
use fractalaw_testing::{Lab as LedgerLab, RUNTIME};

/// 2026-03-01T12:00:00Z.
pub(crate) const NOON_MS: i64 = 1_772_366_400_000;

const INTERFACES: &str = "interfaces.\"fractal:app/events-emit\" = true\n\
                          interfaces.\"fractal:app/events-schedule\" = true\n";

/// A host that delivers nothing.
pub(crate) fn alone() -> Host {
    Host::builder()
        .slots(4)
        .offer(Events::new())
        .build()
        .unwrap()
}

/// A deterministic run that is granted both interfaces and these lines.
pub(crate) fn run(lines: &str) -> Run {
    let lines = Section::parse(&format!("{INTERFACES}{lines}")).unwrap();
    Run::new().deterministic().grant(lines)
}

/// Loads and runs a component.
pub(crate) fn ran(host: &Host, component: &[u8], run: &Run) -> Report {
    let app = host.load(component).unwrap();
    RUNTIME.block_on(host.run(&app, run)).unwrap()
}

pub(crate) fn effects(report: &Report) -> Vec<String> {
    report.effects.iter().map(ToString::to_string).collect()
}

/// A host that delivers, in a folder of its own.
pub(crate) struct Lab {
    pub(crate) ledger: LedgerLab,
    clock: Arc<AtomicI64>,
    pub(crate) host: Host,
    pub(crate) events: Events,
    pub(crate) engine: Engine,
}

impl Lab {
    pub(crate) fn new(apps: Apps, policy: &str) -> Lab {
        Lab::over(LedgerLab::new(), apps, policy)
    }

    /// The host starts, perhaps once more.
    pub(crate) fn over(ledger: LedgerLab, apps: Apps, policy: &str) -> Lab {
        let clock = Arc::new(AtomicI64::new(NOON_MS));
        let engine = engine(&ledger, apps);
        let events = {
            let clock = Arc::clone(&clock);
            let now = move || Time::from_unix_ms(clock.load(Ordering::Relaxed));
            Events::with_engine(engine.clone(), now)
        };
        let text = format!("[all]\n{INTERFACES}{policy}");
        let host = Host::builder()
            .slots(4)
            .offer(events.clone())
            .policy(Policy::parse(Path::new(""), &text).unwrap())
            .ledger(&ledger.path, Durability::Group)
            .build()
            .unwrap();
        Lab {
            ledger,
            clock,
            host,
            events,
            engine,
        }
    }

    /// Everything of the host ends, as if its process ended.
    pub(crate) fn end(self) -> LedgerLab {
        self.ledger
    }

    pub(crate) fn now(&self) -> Time {
        Time::from_unix_ms(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.fetch_add(1000 * seconds, Ordering::Relaxed);
    }

    pub(crate) fn load(&self, component: &[u8]) -> MicroApp {
        self.host.load(component).unwrap()
    }

    /// Runs it as a person would.
    pub(crate) fn by_hand(&self, app: &MicroApp) -> Report {
        RUNTIME.block_on(self.host.run(app, &Run::new())).unwrap()
    }

    pub(crate) fn claim(&self) -> Vec<Delivery> {
        self.events.claim(self.now(), 100).unwrap()
    }

    pub(crate) fn deliver(&self, app: &MicroApp, delivery: &Delivery) -> Report {
        let delivered = self.events.deliver(&self.host, app, Run::new(), delivery);
        RUNTIME.block_on(delivered).unwrap()
    }

    /// Each delivery that is left: its app, its state, its attempts and how the last one ended.
    pub(crate) fn left(&self) -> Vec<(String, State, u32, Option<String>)> {
        let left = self.engine.deliveries(DeliveryId(0), 100).unwrap();
        left.into_iter()
            .map(|left| (left.app, left.state, left.attempts, left.outcome))
            .collect()
    }
}

fn engine(ledger: &LedgerLab, apps: Apps) -> Engine {
    let path = ledger.folder.path().join("events.db");
    let id = Reader::open(&ledger.path).unwrap().identity().ledger_id;
    let mut closings = LedgerClosings::new(&ledger.path);
    Engine::open(
        &path,
        &id.to_string(),
        apps,
        &mut closings,
        Time::from_unix_ms(NOON_MS),
    )
    .unwrap()
}
