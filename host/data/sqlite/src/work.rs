//! What one call may still cost, as SQLite's callbacks see it. Steps are paid for while they are made.

use std::sync::{Arc, Mutex};

use fractalaw_data_call::{Budget, Quota, Stop};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::ffi::{self, Does, Engine};
use crate::guard::lock;
use crate::limits::{SLOW_STEPS_BETWEEN_LOOKS, STEPS_BETWEEN_LOOKS};
use crate::price::{self, Rates};
use crate::trial::Trial;

/// The state of a run that SQLite's callbacks reach.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) budget: Option<Box<dyn Budget>>,
    /// Why SQLite was stopped.
    pub(crate) stopped: Option<Stop>,
    /// The steps that were paid for while they were made, including those of virtual tables.
    steps_paid: u64,
    steps_since_paid: u64,
    random: Option<ChaCha12Rng>,
    rates: Rates,
    used: Used,
    /// The host itself reads what the run changed. Nothing of that is the run's to pay, and the end of its budget
    /// does not stop it.
    pub(crate) is_settling: bool,
    /// A call that is tried on its caller's thread. It pays when it has succeeded.
    trial: Option<Trial>,
}

/// What a trial that does not succeed must not have changed.
pub(crate) struct BeforeTrial {
    random: Option<ChaCha12Rng>,
    used: Used,
    stopped: Option<Stop>,
}

/// What a run's calls used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The fuel of all calls.
    pub fuel: u64,
    /// The steps of SQLite's virtual machine.
    pub steps: u64,
    /// The rows that queries returned, that were inserted, and that were changed.
    pub rows: u64,
    /// The pages of the database that were asked for, whether they were in the cache or not.
    pub pages: u64,
    /// The KiB of large values that were made.
    pub large_kib: u64,
    /// For each step, the KiB of large values that were held during it, added up.
    pub held_kib_steps: u64,
}

pub(crate) type SharedWork = Arc<Mutex<Work>>;

impl Work {
    pub(crate) fn begin(&mut self, budget: Box<dyn Budget>, seed: u64) {
        *self = Work {
            budget: Some(budget),
            random: Some(ChaCha12Rng::seed_from_u64(seed)),
            ..Work::default()
        };
    }

    pub(crate) fn used(&self) -> Used {
        self.used
    }

    pub(crate) fn begin_trial(&mut self) -> BeforeTrial {
        self.trial = Some(Trial::default());
        BeforeTrial {
            random: self.random.clone(),
            used: self.used,
            stopped: self.stopped,
        }
    }

    /// Pays for the trial if it has succeeded. Otherwise, or if the run cannot pay, nothing has happened.
    pub(crate) fn end_trial(&mut self, before: BeforeTrial, succeeded: bool) -> bool {
        let amount = self.trial.take().unwrap_or_default().amount;
        let mut pay = || {
            let budget = self.budget.as_mut()?;
            if !succeeded || !budget.affords(&amount) {
                return None;
            }
            budget.look().ok()?;
            budget.spend(amount.fuel).ok()?;
            budget.count(Quota::Statements, amount.statements).ok()?;
            budget.count(Quota::Rows, amount.rows).ok()?;
            budget.count(Quota::Bytes, amount.bytes).ok()
        };
        if pay().is_some() {
            return true;
        }
        self.random = before.random;
        self.used = before.used;
        self.stopped = before.stopped;
        false
    }

    pub(crate) fn ask<T>(
        &mut self,
        ask: impl FnOnce(&mut dyn Budget) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        if let Some(stop) = self.stopped {
            return Err(stop);
        }
        let answer = match (&mut self.trial, &mut self.budget) {
            (Some(trial), _) => ask(trial),
            (None, Some(budget)) => ask(budget.as_mut()),
            (None, None) => Err(Stop::Interrupted),
        };
        answer.inspect_err(|stop| self.stopped = Some(*stop))
    }

    pub(crate) fn spend(&mut self, fuel: u64) -> Result<(), Stop> {
        self.used.fuel = self.used.fuel.saturating_add(fuel);
        self.ask(|budget| budget.spend(fuel))
    }

    pub(crate) fn count(&mut self, quota: Quota, amount: u64) -> Result<(), Stop> {
        if quota == Quota::Rows {
            self.used.rows += amount;
        }
        self.ask(|budget| budget.count(quota, amount))
    }

    /// Pays for the steps of a period, and for the large values that were held in it.
    fn pay_steps(&mut self, steps: u64) -> Result<(), Stop> {
        let (held, made) = ffi::take_large();
        let (held_kib, large_kib) = (held / 1024, made / 1024);
        self.used.steps += steps;
        self.used.large_kib += large_kib;
        self.used.held_kib_steps += held_kib.saturating_mul(steps);
        self.spend(
            self.rates
                .steps(steps, held_kib)
                .saturating_add(price::LARGE_KIB.saturating_mul(large_kib)),
        )
    }

    /// Called when SQLite has made so many steps. Returns whether to stop. Steps are paid at the same places however
    /// often this is called.
    fn look(&mut self, steps: u64) -> bool {
        if self.is_settling {
            return false;
        }
        self.steps_since_paid += steps;
        if self.steps_since_paid < STEPS_BETWEEN_LOOKS {
            return self.ask(|budget| budget.look()).is_err();
        }
        self.steps_since_paid = 0;
        self.steps_paid += STEPS_BETWEEN_LOOKS;
        let go_on = self
            .pay_steps(STEPS_BETWEEN_LOOKS)
            .and_then(|()| self.ask(|budget| budget.look()));
        go_on.is_err()
    }

    /// Pays for the rest when a statement has ended or was left, with this many steps of its own and this many
    /// pages.
    pub(crate) fn pay_rest(&mut self, steps: u64, pages: u64) -> Result<(), Stop> {
        let rest = steps.saturating_sub(std::mem::take(&mut self.steps_paid));
        self.used.pages += pages;
        self.spend(self.rates.page.saturating_mul(pages))?;
        self.pay_steps(rest)
    }

    /// What follows is paid at this statement's rates.
    pub(crate) fn begin_statement(&mut self, does: &Does) {
        self.rates = Rates::of(does);
        self.steps_paid = 0;
        self.steps_since_paid = 0;
    }

    pub(crate) fn random_i64(&mut self) -> i64 {
        let random = self
            .random
            .get_or_insert_with(|| ChaCha12Rng::seed_from_u64(0));
        random.next_u64().cast_signed()
    }

    pub(crate) fn random_bytes(&mut self, bytes: &mut [u8]) {
        let random = self
            .random
            .get_or_insert_with(|| ChaCha12Rng::seed_from_u64(0));
        random.fill_bytes(bytes);
    }
}

/// Makes SQLite call back on this connection.
pub(crate) fn install(connection: &mut rusqlite::Connection) -> rusqlite::Result<SharedWork> {
    let shared = SharedWork::default();
    watch(connection, &shared, STEPS_BETWEEN_LOOKS)?;
    Ok(shared)
}

/// The same for another connection of the run.
pub(crate) fn watch(
    connection: &mut rusqlite::Connection,
    work: &SharedWork,
    steps: u64,
) -> rusqlite::Result<()> {
    let asked = Arc::clone(work);
    let most = i32::try_from(steps).unwrap_or(i32::MAX);
    connection.progress_handler(most, Some(move || lock(&asked).look(steps)))
}

/// Makes SQLite call back as often as this statement needs it.
pub(crate) fn look_often_enough(
    engine: &mut Engine,
    work: &SharedWork,
    does: &Does,
) -> rusqlite::Result<()> {
    let steps = if does.json || does.of_virtual {
        SLOW_STEPS_BETWEEN_LOOKS
    } else {
        STEPS_BETWEEN_LOOKS
    };
    if steps != engine.steps_between_looks {
        watch(engine.connection_mut(), work, steps)?;
        engine.steps_between_looks = steps;
    }
    Ok(())
}
