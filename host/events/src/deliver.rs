//! One delivery, from its claim until it is settled.

use fractalaw_events_engine::{Delivery, Ending, EngineError, Time, Trigger as Why};
use fractalaw_host::{Cause, Hash, Host, HostError, MicroApp, Report, Run, Trigger};
use sha2::{Digest, Sha256};

use crate::capability::Events;
use crate::engine::Delivering;

/// The outcome of a run that the host could not carry out.
const HOST_FAILED: &str = "host-failed";

impl Events {
    /// Takes up to so many deliveries that may run now, in their order. The claims are kept here: each is used by the run
    /// that has the delivery's trigger, or by [`refuse`](Events::refuse).
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written. Without an engine, there is nothing to claim.
    pub fn claim(&self, now: Time, most: usize) -> Result<Vec<Delivery>, EngineError> {
        let Some(delivering) = &self.delivering else {
            return Ok(Vec::new());
        };
        let claims = delivering.engine.claim(now, most)?;
        let kept = claims.into_iter().map(|claim| {
            let delivery = claim.delivery().clone();
            delivering.claims.keep(delivery.key(), claim);
            delivery
        });
        Ok(kept.collect())
    }

    /// Settles a delivery whose run never began, by the kind of the outcome: `refused` holds it, `interrupted` leaves it
    /// ready, and others count as an attempt. If the run has begun, this does nothing, because the run settles itself.
    ///
    /// # Errors
    ///
    /// If it cannot be written. The delivery can be claimed again.
    pub fn refuse(&self, delivery: &Delivery, outcome: &str) -> Result<(), EngineError> {
        let Some(Delivering { claims, .. }) = &self.delivering else {
            return Ok(());
        };
        match claims.take(&delivery.key()) {
            Some(claim) => claim.give_back(Ending::of(outcome), outcome, self.now()),
            None => Ok(()),
        }
    }

    /// Runs a delivery that was claimed, and settles it. `run` has what the supervisor grants; the trigger and the payload,
    /// as standard input, are added here.
    ///
    /// # Errors
    ///
    /// If the host could not carry the run out. The delivery is settled all the same, as far as the disk allows it, and is
    /// tried again later.
    pub async fn deliver(
        &self,
        host: &Host,
        app: &MicroApp,
        run: Run,
        delivery: &Delivery,
    ) -> Result<Report, HostError> {
        let run = run
            .trigger(trigger(delivery))
            .stdin(delivery.payload.clone());
        let report = host.run(app, &run).await;
        let outcome = match &report {
            Ok(report) => report.outcome.kind(),
            Err(_) => HOST_FAILED,
        };
        let refused = self.refuse_waiting(delivery, outcome).await;
        let report = report?;
        refused.map_err(crate::failure::failed)?;
        Ok(report)
    }

    /// [`refuse`](Events::refuse), without keeping a thread of the async runtime.
    async fn refuse_waiting(
        &self,
        delivery: &Delivery,
        outcome: &'static str,
    ) -> Result<(), EngineError> {
        let is_unused = |delivering: &Delivering| delivering.claims.has(&delivery.key());
        if !self.delivering.as_ref().is_some_and(is_unused) {
            return Ok(());
        }
        let (events, delivery) = (self.clone(), delivery.clone());
        let refused = tokio::task::spawn_blocking(move || events.refuse(&delivery, outcome));
        // The runtime is shutting down, and the claim goes with this process.
        refused.await.unwrap_or(Ok(()))
    }
}

/// What a delivery says to its run, and to the ledger.
pub fn trigger(delivery: &Delivery) -> Trigger {
    let cause = match &delivery.trigger {
        Why::Event {
            id,
            event_type,
            source,
        } => Cause::Event {
            event: id.0,
            event_type: event_type.clone(),
            source: source.clone(),
            sha256: Hash(Sha256::digest(&delivery.payload).into()),
        },
        Why::Cron {
            task,
            name,
            scheduled_for,
            missed,
        } => Cause::Cron {
            task: task.0,
            name: name.clone(),
            scheduled_for: scheduled_for.unix_s(),
            missed: *missed,
        },
        Why::At {
            task,
            name,
            scheduled_for,
        } => Cause::At {
            task: task.0,
            name: name.clone(),
            scheduled_for: scheduled_for.unix_s(),
        },
    };
    Trigger {
        app: delivery.app.clone(),
        delivery: delivery.key(),
        attempt: delivery.attempt,
        ledger: delivery.ledger.clone(),
        cause,
    }
}
