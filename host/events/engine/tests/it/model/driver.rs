//! Does the same to the engine and to the model, and compares.

use std::collections::BTreeMap;

use fractalaw_events_engine::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::state::{Model, Staged};
use crate::lab::*;

pub(super) const TYPES: [&str; 3] = ["x", "y", "nobody"];
pub(super) const APPS: [&str; 4] = ["a", "b", "c", "gone"];

/// A run that goes on.
pub(super) struct Going {
    pub(super) run: Run,
    pub(super) id: RunId,
    pub(super) app: String,
    pub(super) delivery: Option<DeliveryId>,
    pub(super) staged: Staged,
    pub(super) made: u16,
    pub(super) is_prepared: bool,
}

pub(super) struct Driver {
    pub(super) seed: u64,
    pub(super) random: ChaCha8Rng,
    pub(super) lab: Lab,
    pub(super) model: Model,
    pub(super) claims: Vec<Claim>,
    pub(super) runs: Vec<Going>,
    pub(super) counted: BTreeMap<&'static str, u64>,
}

impl Driver {
    pub(super) fn new(seed: u64) -> Driver {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let apps = apps(&mut random);
        Driver {
            seed,
            model: Model {
                apps: apps.clone(),
                ..Model::default()
            },
            lab: Lab::new(apps),
            random,
            claims: Vec::new(),
            runs: Vec::new(),
            counted: BTreeMap::new(),
        }
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        (self.random.next_u64() % most.max(1) as u64) as usize
    }

    pub(super) fn count(&mut self, step: &'static str) {
        *self.counted.entry(step).or_default() += 1;
    }

    /// One step, after which both are the same.
    pub(super) fn step(&mut self) {
        match self.below(100) {
            0..7 => self.accept(),
            7..20 => self.claim(),
            20..32 => self.start(),
            32..34 => self.give_back(),
            34..38 => self.begin_run(),
            38..64 => self.stage(),
            64..68 => self.prepare(),
            68..82 => self.settle(),
            82..90 => self.pass_time(),
            90..92 => self.retry_or_drop(),
            92 => self.offer_again(),
            93..95 => self.set_apps(),
            95..97 => self.next(),
            _ => self.crash(),
        }
        self.compare();
    }

    fn accept(&mut self) {
        self.count("accept");
        let (event_type, bytes) = (TYPES[self.below(3)], self.below(9));
        let id = EventId(self.lab.run_id().made(1));
        let event = Outside {
            id,
            event_type: event_type.to_owned(),
            source: "outside".to_owned(),
            payload: vec![1; bytes],
        };
        let expected = self.model.event(id, event_type, "outside", bytes);
        assert_eq!(
            self.lab.engine().accept(event).unwrap(),
            Ok(Accepted::New(expected))
        );
    }

    fn claim(&mut self) {
        self.count("claim");
        let most = 1 + self.below(3);
        let claims = self.lab.engine().claim(self.lab.now, most).unwrap();
        let found: Vec<_> = claims.iter().map(|claim| claim.delivery().id).collect();
        assert_eq!(
            found,
            self.model.claim(self.lab.now, most),
            "seed {}",
            self.seed
        );
        self.claims.extend(claims);
    }

    fn start(&mut self) {
        if self.claims.is_empty() {
            return;
        }
        self.count("start");
        let at = self.below(self.claims.len());
        let claim = self.claims.remove(at);
        let id = self.lab.run_id();
        let (run, delivery) = claim.start(id, all(), self.lab.now).unwrap();
        let item = self.model.item(delivery.id);
        item.is_claimed = false;
        item.standing.state = State::Running;
        item.standing.run = Some(id);
        item.standing.attempts += 1;
        assert_eq!(item.standing.attempts, delivery.attempt);
        self.go(run, id, delivery.app, Some(delivery.id));
    }

    fn begin_run(&mut self) {
        self.count("run");
        let app = APPS[self.below(APPS.len())];
        let id = self.lab.run_id();
        let run = self.lab.engine().run(id, app, all(), self.lab.now);
        self.go(run, id, app.to_owned(), None);
    }

    fn go(&mut self, run: Run, id: RunId, app: String, delivery: Option<DeliveryId>) {
        self.runs.push(Going {
            run,
            id,
            app,
            delivery,
            staged: Staged::default(),
            made: 0,
            is_prepared: false,
        });
    }

    fn give_back(&mut self) {
        if self.claims.is_empty() {
            return;
        }
        let at = self.below(self.claims.len());
        let claim = self.claims.remove(at);
        let id = claim.delivery().id;
        if self.below(2) == 0 {
            self.count("let go");
            drop(claim);
            let item = self.model.item(id);
            item.is_claimed = false;
            if item.standing.cancelled {
                self.model.remove(id);
            }
            return;
        }
        self.count("give back");
        let ending = [Ending::Refused, Ending::Interrupted][self.below(2)];
        claim.give_back(ending, "given back", self.lab.now).unwrap();
        self.model.item(id).standing.attempts += 1;
        self.model.end(id, ending, "given back", None);
    }

    fn prepare(&mut self) {
        if self.runs.is_empty() {
            return;
        }
        self.count("prepare");
        let at = self.below(self.runs.len());
        self.runs[at].run.prepare(true).unwrap();
        self.runs[at].is_prepared = true;
    }

    fn settle(&mut self) {
        if self.runs.is_empty() {
            return;
        }
        let at = self.below(self.runs.len());
        let mut going = self.runs.remove(at);
        let (ending, outcome) = self.ending();
        self.count(outcome);
        going.run.prepare(ending == Ending::Completed).unwrap();
        going.run.settle(ending, outcome, self.lab.now).unwrap();
        self.ended(going.delivery, going.staged, ending, outcome);
    }

    fn ending(&mut self) -> (Ending, &'static str) {
        match self.below(10) {
            0..5 => (Ending::Completed, "completed"),
            5..7 => (Ending::Failed, "failed"),
            7 => (Ending::Exhausted, "exhausted"),
            8 => (Ending::Refused, "refused"),
            _ => (Ending::Interrupted, "interrupted"),
        }
    }

    pub(super) fn ended(
        &mut self,
        delivery: Option<DeliveryId>,
        staged: Staged,
        ending: Ending,
        outcome: &str,
    ) {
        if ending == Ending::Completed {
            self.model.commit(staged);
        }
        if let Some(id) = delivery {
            let found = self
                .lab
                .engine()
                .deliveries(DeliveryId(id.0 - 1), 1)
                .unwrap();
            let due = found
                .first()
                .filter(|one| one.id == id)
                .and_then(|one| one.due);
            self.model.end(id, ending, outcome, due);
        }
    }

    fn pass_time(&mut self) {
        let seconds = [1, 7, 60, 400, 3600, -1, -90, -4000][self.below(8)];
        self.count(if seconds > 0 {
            "time forth"
        } else {
            "time back"
        });
        self.lab.later(seconds);
    }

    fn retry_or_drop(&mut self) {
        let id = DeliveryId(1 + self.below(self.model.last as usize + 1) as u64);
        if self.below(2) == 0 {
            self.count("retry");
            assert_eq!(self.lab.engine().retry(id).unwrap(), self.model.retry(id));
            return;
        }
        self.count("drop");
        let item = self.model.items.iter().find(|item| item.standing.id == id);
        let may =
            item.is_some_and(|item| !item.is_claimed && item.standing.state != State::Running);
        assert_eq!(self.lab.engine().drop_delivery(id).unwrap(), may);
        if may {
            self.model.remove(id);
        }
    }

    fn offer_again(&mut self) {
        self.count("offer again");
        let app = APPS[self.below(3)];
        let offered = self.model.items.iter().map(|item| &item.standing);
        let offered =
            offered.filter(|one| one.app == app && matches!(one.state, State::Held | State::Dead));
        let ids: Vec<_> = offered.map(|one| one.id).collect();
        assert_eq!(
            self.lab.engine().offer_again(app).unwrap(),
            ids.len() as u64
        );
        for id in ids {
            self.model.retry(id);
        }
    }

    fn set_apps(&mut self) {
        self.count("set apps");
        self.lab.apps = apps(&mut self.random);
        self.model.apps = self.lab.apps.clone();
        self.lab.engine().set_apps(self.lab.apps.clone()).unwrap();
    }

    fn next(&mut self) {
        let next = self.lab.engine().next(self.lab.now).unwrap();
        self.model.pass(self.lab.now);
        let mut same = Model {
            apps: self.model.apps.clone(),
            items: self.model.items.clone(),
            tasks: self.model.tasks.clone(),
            ..Model::default()
        };
        let ticks = same.tasks.iter().filter_map(|task| task.standing.next);
        let retries = same.items.iter().filter_map(|item| item.standing.due);
        let first = ticks.chain(retries).min();
        let expected = match (same.claim(self.lab.now, 1).is_empty(), first) {
            (false, _) => Next::Now,
            (true, Some(time)) => Next::At(time),
            (true, None) => Next::Never,
        };
        assert_eq!(next, expected, "seed {}", self.seed);
    }

    fn compare(&self) {
        let seed = self.seed;
        let engine = self.lab.engine();
        let expected: Vec<_> = self
            .model
            .items
            .iter()
            .map(|item| item.standing.clone())
            .collect();
        assert_eq!(
            engine.deliveries(DeliveryId(0), 99_999).unwrap(),
            expected,
            "seed {seed}"
        );
        let mut tasks: Vec<_> = self
            .model
            .tasks
            .iter()
            .map(|task| task.standing.clone())
            .collect();
        tasks.sort_by_key(|task| task.id);
        assert_eq!(self.lab.tasks(), tasks, "seed {seed}");
        assert_eq!(engine.backlog(), self.model.backlog(), "seed {seed}");
    }
}

fn apps(random: &mut ChaCha8Rng) -> Apps {
    let mut below = |most: u64| random.next_u64() % most;
    let mut apps = Apps::default();
    for name in &APPS[..3] {
        let mut app = App::new([0, 1, 1, 2, 5][below(5) as usize]).on(TYPES[below(2) as usize]);
        if below(2) == 0 {
            app = app.on_from("x", &["outside", "a"]);
        }
        app.attempts = [None, Some(1), Some(2)][below(3) as usize];
        apps = apps.with(name, app);
    }
    apps
}
