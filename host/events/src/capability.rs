//! The capability as a host gets it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use fractalaw_contract::standard;
use fractalaw_events_engine::{Allowed, Engine, Run, RunId, Time};
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Capability, Granted, PricedLinker, Session, Starting, Table};
use fractalaw_host::{Cause, Host, HostError, MicroApp, PolicyError, Trigger};

use crate::effect::CAPABILITY;
use crate::engine::Delivering;
use crate::failure::failed;
use crate::quotas::{EVENT_BYTES, EVENTS, TASKS};
use crate::session::{Claimed, EventsSession, Names, Stage};
use crate::tables::{CANCEL_FUNCTION, EMIT_FUNCTION, SCHEDULE_FUNCTION};
use crate::{events_emit, events_schedule, grant};

static TABLE: Table = Table {
    name: CAPABILITY,
    wit: &[standard::APP_WIT],
    interfaces: &[standard::EVENTS_EMIT, standard::EVENTS_SCHEDULE],
    keys: &grant::KEYS,
    quotas: &[&EVENTS, &EVENT_BYTES, &TASKS],
    functions: &[&EMIT_FUNCTION, &SCHEDULE_FUNCTION, &CANCEL_FUNCTION],
};

/// The name of a component that states no name, as in the ledger.
const UNNAMED: &str = "unnamed";

/// The types of events that start a micro-app, and for each the sources, or `None` for any source.
pub type Subscriptions = BTreeMap<String, Option<BTreeSet<String>>>;

/// Offers events and schedules. It is cheap to clone, and clones share the engine and the claims.
#[derive(Clone, Default)]
pub struct Events {
    pub(crate) delivering: Option<Delivering>,
}

impl Events {
    /// Without an engine: what a run stages is checked, numbered and reported, and goes nowhere.
    pub fn new() -> Events {
        Events::default()
    }

    /// With an engine that delivers. `clock` is the time that attempts, retries and tasks go by. The host needs the ledger
    /// whose runs are numbered in the engine's file.
    pub fn with_engine(engine: Engine, clock: impl Fn() -> Time + Send + Sync + 'static) -> Events {
        Events {
            delivering: Some(Delivering::new(engine, clock)),
        }
    }

    /// The time, by the engine's clock.
    pub(crate) fn now(&self) -> Time {
        let delivering = self.delivering.as_ref();
        delivering.map_or(Time::from_unix_ms(0), Delivering::now)
    }

    /// The events that start a micro-app: those that its manifest has under `on`, and that this host's policy grants.
    ///
    /// # Errors
    ///
    /// If the run brings lines of policy that cannot be used.
    pub fn subscriptions(
        host: &Host,
        app: &MicroApp,
        run: &fractalaw_host::Run,
    ) -> Result<Subscriptions, PolicyError> {
        let judged = host.judge(app, run)?;
        let asked = grant::asked(app.manifest());
        Ok(grant::subscriptions(&asked, judged.names.iter()))
    }

    /// What a run stages into.
    fn stage(
        &self,
        granted: &Granted<'_>,
        names: &Names,
        allowed: Allowed,
    ) -> Result<Stage, HostError> {
        let run = RunId(granted.run_number());
        let app = &*names.supervised;
        let delivering = self.delivering(granted);
        let Some(delivering) = delivering else {
            let now = Time::from_unix_ms(milliseconds(granted.now_unix_ns()));
            let run = Run::alone(run, app, allowed, now);
            return Ok(Stage::Open(Box::new(run)));
        };
        let Some(trigger) = granted.trigger().filter(|trigger| is_delivery(trigger)) else {
            let run = delivering.engine.run(run, app, allowed, delivering.now());
            return Ok(Stage::Open(Box::new(run)));
        };
        match delivering.claims.take(&trigger.delivery) {
            Some(claim) => Ok(Stage::Claimed(Box::new(Claimed {
                claim,
                run,
                allowed,
            }))),
            None => Err(failed(format!(
                "the delivery `{}` was not claimed",
                trigger.delivery
            ))),
        }
    }

    /// What delivers for this run. A measurement leaves everything as it is.
    fn delivering(&self, granted: &Granted<'_>) -> Option<&Delivering> {
        let delivering = self.delivering.as_ref();
        delivering.filter(|_| !granted.is_measured())
    }
}

impl Capability for Events {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> Called<()> {
        events_emit::add_to_linker(linker)?;
        events_schedule::add_to_linker(linker)
    }

    /// Runs are numbered by the ledger. Without one, two runs would make events with the same number.
    fn start(&self, starting: &Starting<'_>) -> Result<(), HostError> {
        if self.delivering.is_some() && starting.verdicts().ledger().is_none() {
            return Err(failed("events are delivered only with a ledger"));
        }
        Ok(())
    }

    /// Whether the run is one of a delivery, which must be settled whatever the component imports.
    fn attends(&self, granted: &Granted<'_>) -> bool {
        self.delivering(granted).is_some() && granted.trigger().is_some_and(is_delivery)
    }

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        let own = granted.app().name.as_deref().unwrap_or(UNNAMED);
        let supervised = granted.trigger().map_or(own, |trigger| &trigger.app);
        let names = Names {
            own: own.to_owned(),
            supervised: supervised.to_owned(),
        };
        let allowed = grant::allowed(granted, |app| names.source(app).to_owned());
        let stage = self.stage(granted, &names, allowed)?;
        Ok(Box::new(EventsSession {
            names,
            account: granted.account().clone(),
            threads: granted.threads(),
            delivering: self.delivering(granted).cloned(),
            stage: Arc::new(Mutex::new(stage)),
            outcome: "",
        }))
    }
}

/// Whether a delivery of the engine triggered the run.
fn is_delivery(trigger: &Trigger) -> bool {
    trigger.cause != Cause::Manual
}

fn milliseconds(nanoseconds: u64) -> i64 {
    i64::try_from(nanoseconds / 1_000_000).unwrap_or(i64::MAX)
}
