//! The loop: claim, run, settle. Between rounds it sleeps until something is due, an event comes or a run ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use fractalaw_events::is_of_events;
use fractalaw_events_engine::{Delivery, EngineError, Next, Standing, State, Trigger};
use fractalaw_host::{HostError, Report};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::shared::{Inner, Stopping, Supervisor};
use crate::apps::Loaded;
use crate::blocking::blocking;
use crate::error::ServeError;
use crate::journal::{Ran, chain};
use crate::limits::PAUSE;
use crate::notes;
use crate::trial::Judgement;

impl Supervisor {
    /// Serves until it is told to stop. Then runs have the grace period to end, and are cut off.
    ///
    /// # Errors
    ///
    /// If what was acknowledged cannot be moved into the ledger at the end.
    pub async fn run(&self) -> Result<(), ServeError> {
        let files = tokio::spawn(self.clone().look_at_files());
        let mut runs = JoinSet::new();
        self.rounds(&mut runs).await;
        let mut stop = self.stopping();
        let all_end = async { while runs.join_next().await.is_some() {} };
        tokio::select! {
            biased;
            _ = timeout(self.0.config.serve.grace, all_end) => {}
            _ = stop.wait_for(|stopping| *stopping == Stopping::Now) => {}
        }
        self.0.host.stop();
        while runs.join_next().await.is_some() {}
        let cut_off = files.abort_handle();
        tokio::select! {
            // A swap that goes on has the files. It ends, unless there is no time.
            _ = files => {}
            _ = stop.wait_for(|stopping| *stopping == Stopping::Now) => cut_off.abort(),
        }
        Ok(self.0.host.settle()?)
    }

    async fn rounds(&self, runs: &mut JoinSet<()>) {
        let mut stop = self.stopping();
        loop {
            while runs.try_join_next().is_some() {}
            if *stop.borrow_and_update() != Stopping::No {
                return;
            }
            // A delivery that could not begin is ready again at once, and each attempt opens and closes a run in the ledger.
            let is_ailing = self.0.is_ailing.swap(false, Ordering::Relaxed);
            let next = match is_ailing {
                true => None,
                false => match self.round(runs).await {
                    Ok(next) => Some(next),
                    Err(error) => {
                        tracing::error!("cannot claim: {}", chain(&error));
                        None
                    }
                },
            };
            let Some(next) = next else {
                tokio::select! {
                    () = sleep(PAUSE) => {}
                    _ = stop.changed() => {}
                }
                continue;
            };
            let clock = &self.0.clock;
            let due = async {
                match next {
                    Next::Now => {}
                    Next::At(time) => clock.wait_until(time).await,
                    Next::Never => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(_) = runs.join_next() => {}
                () = self.0.wake.notified() => {}
                _ = stop.changed() => {}
                () = due => {}
            }
        }
    }

    /// Claims as much as there are free slots, and says when there is more to do.
    async fn round(&self, runs: &mut JoinSet<()>) -> Result<Next, EngineError> {
        let slots = self.0.config.serve.slots as usize;
        let free = slots.saturating_sub(runs.len());
        if free == 0 {
            // A run that ends wakes the loop.
            return Ok(Next::Never);
        }
        let inner = Arc::clone(&self.0);
        let claimed = blocking(move || {
            let now = inner.clock.now();
            let claimed = inner.events.claim(now, free)?;
            let next = match claimed.len() < free {
                true => inner.desk.engine.next(now),
                false => Ok(Next::Never),
            };
            Ok::<_, EngineError>((claimed, next))
        });
        let (claimed, next) = claimed.await?;
        // What is claimed runs, also if it is not known when there is more: nobody else would give it back.
        for delivery in claimed {
            runs.spawn(self.clone().deliver(delivery));
        }
        next
    }

    /// Runs one delivery.
    async fn deliver(self, delivery: Delivery) {
        let inner = &*self.0;
        let Some(Loaded { digest, app }) = inner.begin(&delivery.app) else {
            // A swap came in between. The delivery stays ready.
            let inner = Arc::clone(&self.0);
            let given_back = blocking(move || inner.events.refuse(&delivery, "interrupted")).await;
            if let Err(error) = given_back {
                tracing::error!("cannot give a delivery back: {error}");
            }
            return;
        };
        let event = match delivery.trigger {
            Trigger::Event { id, .. } => Some(id),
            _ => None,
        };
        inner.running().extend(event);
        let (began, clock) = (inner.clock.now(), Instant::now());
        let ended = inner
            .events
            .deliver(&inner.host, &app, inner.run.clone(), &delivery)
            .await;
        if ended.as_ref().is_err_and(is_of_events) {
            inner.is_ailing.store(true, Ordering::Relaxed);
        }
        let took = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.ended_as(&delivery, &digest, &ended);
        let ran = Ran::of(&delivery, &digest, began, took, &ended);
        if ran.outcome != "completed" || notes::is_late(&delivery) {
            self.note(&delivery, &digest).await;
        }
        let (outcome, app) = (ran.outcome.clone(), ran.app.clone());
        inner.metrics.ran(&ran);
        inner.journal.add(ran);
        let judgement = inner
            .apps()
            .by_name
            .get_mut(&app)
            .map_or(Judgement::GoesOn, |app| app.ended(&digest, &outcome));
        if let Some(event) = event {
            let mut running = inner.running();
            let at = running.iter().position(|&running| running == event);
            at.map(|at| running.swap_remove(at));
        }
        inner.ended.send_modify(|ended| *ended += 1);
        match judgement {
            Judgement::GoesOn => {}
            Judgement::Counts => self.keep_trial(&app).await,
            Judgement::Bad => self.roll_back_bad(&app, &digest).await,
        }
    }

    /// Records what the closing of a run does not say: that it stood for ticks that were missed, and that its delivery is
    /// dead. A version that was marked bad in the meantime must not leave dead deliveries.
    async fn note(&self, delivery: &Delivery, digest: &str) {
        let inner = Arc::clone(&self.0);
        let (delivery, digest) = (delivery.clone(), digest.to_owned());
        let noted = blocking(move || {
            notes::missed(&inner.desk.ledger, &delivery)?;
            let inside = inner.desk.engine.inside(delivery.id)?;
            let Some(dead) = inside.filter(|inside| inside.standing.state == State::Dead) else {
                return Ok(());
            };
            let Standing {
                attempts, outcome, ..
            } = dead.standing;
            let outcome = outcome.unwrap_or_default();
            notes::dead(&inner.desk.ledger, &delivery, attempts, &outcome, false)?;
            let is_bad = {
                let apps = inner.apps();
                let standing = apps.standing(&delivery.app);
                standing.is_some_and(|standing| standing.bad.contains(&digest))
            };
            if is_bad {
                inner.desk.offer_again(&delivery.app)?;
            }
            Ok::<_, ServeError>(())
        });
        if let Err(error) = noted.await {
            tracing::error!("cannot record how a delivery ended: {}", chain(&error));
        }
    }

    fn ended_as(&self, delivery: &Delivery, digest: &str, ended: &Result<Report, HostError>) {
        match ended {
            Ok(report) => tracing::debug!(
                app = delivery.app,
                digest,
                outcome = report.outcome.kind(),
                "ran {}",
                delivery.key()
            ),
            Err(error) => tracing::error!(
                app = delivery.app,
                digest,
                "could not run {}: {}",
                delivery.key(),
                chain(error)
            ),
        }
    }
}

impl Inner {
    /// What runs of an app now. The run counts from here on.
    fn begin(&self, name: &str) -> Option<Loaded> {
        let mut apps = self.apps();
        let app = apps.by_name.get_mut(name).filter(|app| !app.drains)?;
        let loaded = app.loaded.clone()?;
        *app.running.entry(Arc::clone(&loaded.digest)).or_default() += 1;
        Some(loaded)
    }
}
