//! What one call may still cost, as SQLite's callbacks see it. Steps are paid for while they are made.

mod compiling;

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};

use fractalaw_data_call::{Budget, Quota, Stop};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::ffi::{self, Does, Engine};
use crate::guard::lock;
use crate::limits::{SLOW_STEPS_BETWEEN_LOOKS, STEPS_BETWEEN_LOOKS};
use crate::price::{self, Rates};
use crate::recent::{self, Recent};
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
    /// The plans that SQLite has looked at for the statement that is compiled now. They are no steps of a statement.
    plans: Option<u64>,
    /// The tables of its largest join. A plan for more tables takes longer.
    pub(crate) joined: u64,
    /// What the statement has paid before it is compiled, and what compiling has not used up yet.
    pub(crate) prepaid: u64,
    random: Option<ChaCha12Rng>,
    rates: Rates,
    used: Used,
    recent: Recent,
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
    recent: Recent,
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
    /// Those of them that cost as much as one that is copied from the system.
    pub copied_pages: u64,
    /// The KiB of large values that were made.
    pub large_kib: u64,
    /// For each step, the KiB of large values that were held during it, added up.
    pub held_kib_steps: u64,
}

thread_local! {
    /// The run whose statement is stepped on this thread. Functions of SQLite's that are replaced find it here.
    static AT_WORK: RefCell<Option<SharedWork>> = const { RefCell::new(None) };
    /// What these functions have cost and the run has not paid yet.
    static OWED: Cell<u64> = const { Cell::new(0) };
    /// The words of the pattern that full text is searched for now, and the most of one pattern of the statement.
    static WORDS: Cell<u64> = const { Cell::new(0) };
    static MOST_WORDS: Cell<u64> = const { Cell::new(0) };
}

/// The bytes of a pattern that count as one word.
const WORD_BYTES: u64 = 4;

/// What the beginning of a word counts in addition. The lists of all words with it are merged.
const WORDS_OF_PREFIX: u64 = 8;

/// Notes a word or a phrase of a pattern for full text. FTS5 reads a pattern without steps of SQLite between its words.
pub(crate) fn note_words(bytes: u64, is_prefix: bool) {
    let more = 1 + bytes / WORD_BYTES + if is_prefix { WORDS_OF_PREFIX } else { 0 };
    let words = WORDS.get().saturating_add(more);
    WORDS.set(words);
    MOST_WORDS.set(MOST_WORDS.get().max(words));
}

/// What is owed is paid at once from here on. It is the work of about 30 µs.
const PAID_AT_ONCE: u64 = 100_000;

/// A run's statement on this thread, until this is dropped.
pub(crate) struct AtWork;

impl AtWork {
    pub(crate) fn new(work: &SharedWork) -> AtWork {
        AT_WORK.set(Some(Arc::clone(work)));
        OWED.set(0);
        WORDS.set(0);
        MOST_WORDS.set(0);
        AtWork
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.set(None);
    }
}

/// Charges the run at work on this thread, before the work is done. What the host itself does costs nothing.
pub(crate) fn charge(fuel: u64) -> Result<(), Stop> {
    let owed = OWED.get().saturating_add(fuel);
    OWED.set(owed);
    if owed < PAID_AT_ONCE {
        return Ok(());
    }
    OWED.set(0);
    AT_WORK.with_borrow(|work| match work {
        None => Ok(()),
        Some(work) => {
            let mut work = lock(work);
            work.spend(owed)?;
            work.ask(|budget| budget.look())
        }
    })
}

/// What searches of full text on this thread have cost since this was last called.
fn searches_cost() -> u64 {
    let searched = ffi::take_searched();
    let read = price::SEARCH_BYTE.saturating_mul(searched.bytes);
    read.saturating_add(price::COMPARED_BYTE.saturating_mul(searched.compared_bytes))
}

pub(crate) type SharedWork = Arc<Mutex<Work>>;

impl Work {
    pub(crate) fn begin(&mut self, budget: Box<dyn Budget>, seed: u64) {
        *self = Work {
            budget: Some(budget),
            random: Some(ChaCha12Rng::seed_from_u64(seed)),
            recent: Recent::new(self.recent.page_bytes),
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
            recent: self.recent,
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
        self.recent = before.recent;
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

    /// Pays. A run that is stopped still pays for what was done until then.
    pub(crate) fn spend(&mut self, fuel: u64) -> Result<(), Stop> {
        self.used.fuel = self.used.fuel.saturating_add(fuel);
        let stopped = self.stopped.take();
        let paid = self.ask(|budget| budget.spend(fuel));
        match stopped {
            None => paid,
            Some(stop) => {
                self.stopped = Some(stop);
                Err(stop)
            }
        }
    }

    pub(crate) fn count(&mut self, quota: Quota, amount: u64) -> Result<(), Stop> {
        if quota == Quota::Rows {
            self.used.rows += amount;
        }
        self.ask(|budget| budget.count(quota, amount))
    }

    /// The bytes of large values that a statement may make from here on.
    pub(crate) fn affordable_bytes(&self) -> u64 {
        let fuel = match (&self.trial, &self.budget) {
            (None, Some(budget)) => budget.spare_fuel(),
            // The memory of a trial is bounded.
            _ => u64::MAX,
        };
        price::affordable_bytes(fuel)
    }

    /// Pays for the steps of a period, for the pages that were asked for in it, and for the large values that were held in it.
    fn pay_steps(&mut self, steps: u64) -> Result<(), Stop> {
        let values = ffi::take_values();
        let pages = recent::take();
        self.used.steps += steps;
        self.used.pages += pages.asked;
        self.used.copied_pages += pages.copied;
        self.used.large_kib += values.large_made / 1024;
        self.used.held_kib_steps += (values.large_held / 1024).saturating_mul(steps);
        self.spend(
            self.rates
                .steps(steps, MOST_WORDS.get(), &values)
                .saturating_add(self.rates.pages(pages, self.recent.page_bytes))
                .saturating_add(OWED.take())
                .saturating_add(searches_cost()),
        )
    }

    /// Called when SQLite has made so many steps. Returns whether to stop. Steps are paid at the same places however
    /// often this is called.
    fn look(&mut self, steps: u64) -> bool {
        if self.is_settling {
            return false;
        }
        if let Some(before) = self.plans {
            return self.look_at_plans(before, steps);
        }
        WORDS.set(0);
        self.steps_since_paid += steps;
        if self.steps_since_paid < STEPS_BETWEEN_LOOKS {
            // A search reads much between few steps.
            let searched = searches_cost();
            let go_on = match searched {
                0 => Ok(()),
                _ => self.spend(searched),
            };
            return go_on
                .and_then(|()| self.ask(|budget| budget.look()))
                .is_err();
        }
        self.steps_since_paid = 0;
        self.steps_paid += STEPS_BETWEEN_LOOKS;
        let go_on = self
            .pay_steps(STEPS_BETWEEN_LOOKS)
            .and_then(|()| self.ask(|budget| budget.look()));
        go_on.is_err()
    }

    /// Pays for the rest when a statement has ended or was left, with this many steps of its own.
    pub(crate) fn pay_rest(&mut self, steps: u64) -> Result<(), Stop> {
        let rest = steps.saturating_sub(std::mem::take(&mut self.steps_paid));
        self.steps_since_paid = 0;
        recent::end(&mut self.recent);
        self.pay_steps(rest)
    }

    /// What follows is paid at this statement's rates.
    pub(crate) fn begin_statement(&mut self, does: &Does) {
        recent::begin(&self.recent);
        self.rates = Rates::of(does);
        self.steps_paid = 0;
        self.steps_since_paid = 0;
    }

    /// What a page of the database costs is counted from here on as if none had been asked for.
    pub(crate) fn forget_pages(&mut self) {
        self.recent = Recent::new(self.recent.page_bytes);
    }

    pub(crate) fn set_page_bytes(&mut self, page_bytes: u64) {
        self.recent = Recent::new(page_bytes);
    }

    /// The run changes pages from here on.
    pub(crate) fn changes_pages(&mut self) {
        self.recent.changes();
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
    look_after(engine, work, steps)
}

/// Makes SQLite call back after so many steps, or after as many plans while it compiles.
pub(crate) fn look_after(
    engine: &mut Engine,
    work: &SharedWork,
    steps: u64,
) -> rusqlite::Result<()> {
    if steps != engine.steps_between_looks {
        watch(engine.connection_mut(), work, steps)?;
        engine.steps_between_looks = steps;
    }
    Ok(())
}
