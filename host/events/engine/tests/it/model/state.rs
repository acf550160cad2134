//! The model: the page of this crate in lists.

use std::collections::{BTreeMap, BTreeSet};

use fractalaw_events_engine::*;

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) standing: Standing,
    pub(super) is_claimed: bool,
}

#[derive(Clone, Debug)]
pub(super) struct ModelTask {
    pub(super) standing: TaskStanding,
    pub(super) payload: Vec<u8>,
}

/// What a run staged.
#[derive(Clone, Debug, Default)]
pub(super) struct Staged {
    pub(super) events: Vec<(EventId, String, String, usize)>,
    pub(super) tasks: Vec<ModelTask>,
    pub(super) cancels: BTreeSet<TaskId>,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) apps: Apps,
    pub(super) items: Vec<Item>,
    pub(super) tasks: Vec<ModelTask>,
    /// Payload bytes of events that have deliveries.
    pub(super) events: BTreeMap<EventId, usize>,
    pub(super) last: u64,
}

impl Model {
    pub(super) fn backlog(&self) -> Backlog {
        let tasks: usize = self.tasks.iter().map(|task| task.payload.len()).sum();
        Backlog {
            deliveries: self.items.len() as u64,
            bytes: (self.events.values().sum::<usize>() + tasks) as u64,
        }
    }

    fn deliver(
        &mut self,
        app: &str,
        event: Option<EventId>,
        tick: Option<(TaskId, Time)>,
        missed: u64,
    ) {
        self.last += 1;
        self.items.push(Item {
            standing: Standing {
                id: DeliveryId(self.last),
                app: app.to_owned(),
                state: State::Ready,
                event,
                tick,
                missed,
                attempts: 0,
                due: None,
                run: None,
                outcome: None,
                cancelled: false,
                ledger: None,
            },
            is_claimed: false,
        });
    }

    pub(super) fn event(
        &mut self,
        id: EventId,
        event_type: &str,
        source: &str,
        bytes: usize,
    ) -> u64 {
        let apps: Vec<String> = self
            .apps
            .subscribers(event_type, source)
            .map(str::to_owned)
            .collect();
        for app in &apps {
            self.deliver(app, Some(id), None, 0);
            self.events.insert(id, bytes);
        }
        apps.len() as u64
    }

    pub(super) fn remove(&mut self, id: DeliveryId) {
        let at = self
            .items
            .iter()
            .position(|item| item.standing.id == id)
            .unwrap();
        let gone = self.items.remove(at).standing;
        if let Some(event) = gone.event
            && !self
                .items
                .iter()
                .any(|item| item.standing.event == Some(event))
        {
            self.events.remove(&event);
        }
        if let Some((task, _)) = gone.tick {
            self.tasks
                .retain(|other| other.standing.id != task || other.standing.cron.is_some());
        }
    }

    fn of_task(&mut self, task: TaskId) -> Option<&mut Item> {
        let of = |item: &&mut Item| item.standing.tick.is_some_and(|(id, _)| id == task);
        self.items.iter_mut().find(of)
    }

    fn cancel(&mut self, task: TaskId) {
        if let Some(item) = self.of_task(task) {
            if item.is_claimed || item.standing.state == State::Running {
                item.standing.cancelled = true;
            } else {
                let id = item.standing.id;
                self.remove(id);
            }
        }
        self.tasks.retain(|other| other.standing.id != task);
    }

    /// Ticks and retries that time brings.
    pub(super) fn pass(&mut self, now: Time) {
        loop {
            let due = self
                .tasks
                .iter()
                .filter(|task| task.standing.next.is_some_and(|next| next <= now));
            let first = due.min_by_key(|task| (task.standing.next, task.standing.id));
            let Some(task) = first.map(|task| task.standing.clone()) else {
                break;
            };
            self.fire(&task, now);
        }
        let latest = now.plus(limits::RETRY_LATEST);
        for item in &mut self.items {
            if item
                .standing
                .due
                .is_some_and(|due| due <= now || due > latest)
            {
                item.standing.due = None;
                item.standing.state = State::Ready;
            }
        }
    }

    fn fire(&mut self, task: &TaskStanding, now: Time) {
        let mut at = task.next.unwrap();
        let mut missed = 0;
        let mut next = None;
        if let Some(cron) = &task.cron {
            let schedule = Schedule::parse(cron).unwrap();
            next = schedule.after(at);
            while let Some(later) = next.filter(|&next| next <= now) {
                (at, missed, next) = (later, missed + 1, schedule.after(later));
            }
        }
        let before = self.of_task(task.id).map(|item| item.standing.clone());
        let goes_on = before
            .as_ref()
            .is_some_and(|before| before.state != State::Dead);
        let standing = self.tasks.iter_mut().map(|task| &mut task.standing);
        let standing = standing
            .into_iter()
            .find(|other| other.id == task.id)
            .unwrap();
        standing.next = next;
        if goes_on {
            standing.skipped += missed + 1;
            return;
        }
        if let Some(dead) = before {
            self.remove(dead.id);
        }
        self.deliver(&task.target, None, Some((task.id, at)), missed);
    }

    /// The deliveries that are claimed, in order.
    pub(super) fn claim(&mut self, now: Time, most: usize) -> Vec<DeliveryId> {
        self.pass(now);
        let mut claimed = Vec::new();
        while claimed.len() < most {
            let next = self.items.iter().find(|item| {
                let is_ready = item.standing.state == State::Ready && !item.is_claimed;
                is_ready && self.may_run(&item.standing.app)
            });
            let Some(id) = next.map(|item| item.standing.id) else {
                break;
            };
            self.item(id).is_claimed = true;
            claimed.push(id);
        }
        claimed
    }

    fn may_run(&self, app: &str) -> bool {
        let most = self.apps.0.get(app).map_or(0, |app| app.concurrency);
        let of_app = || self.items.iter().filter(|item| item.standing.app == app);
        let runs = of_app()
            .filter(|item| item.is_claimed || item.standing.state == State::Running)
            .count();
        let waits = of_app().any(|item| item.standing.state == State::Waiting);
        (runs as u32) < most && !(most == 1 && waits)
    }

    pub(super) fn item(&mut self, id: DeliveryId) -> &mut Item {
        self.items
            .iter_mut()
            .find(|item| item.standing.id == id)
            .unwrap()
    }

    /// The end of a run, or of a claim that did not become one.
    pub(super) fn end(&mut self, id: DeliveryId, ending: Ending, outcome: &str, due: Option<Time>) {
        let app = self.item(id).standing.app.clone();
        let app = self.apps.0.get(&app);
        let attempts = app.and_then(|app| app.attempts).unwrap_or(5);
        let item = self.item(id);
        item.is_claimed = false;
        if ending == Ending::Completed || item.standing.cancelled {
            return self.remove(id);
        }
        let one = &mut item.standing;
        one.outcome = Some(outcome.to_owned());
        one.run = None;
        one.state = match ending {
            Ending::Failed if one.attempts < attempts => State::Waiting,
            Ending::Failed | Ending::Exhausted | Ending::Completed => State::Dead,
            Ending::Refused => State::Held,
            Ending::Interrupted => State::Ready,
        };
        if matches!(ending, Ending::Refused | Ending::Interrupted) {
            one.attempts -= 1;
        }
        // The engine says when; `retry.rs` has a test of its own.
        one.due = due.filter(|_| one.state == State::Waiting);
    }

    pub(super) fn commit(&mut self, staged: Staged) {
        for task in staged.cancels {
            self.cancel(task);
        }
        for (id, event_type, source, bytes) in staged.events {
            self.event(id, &event_type, &source, bytes);
        }
        self.tasks.extend(staged.tasks);
    }

    pub(super) fn retry(&mut self, id: DeliveryId) -> bool {
        let item = self.items.iter_mut().find(|item| item.standing.id == id);
        let Some(one) = item.map(|item| &mut item.standing) else {
            return false;
        };
        let may = matches!(one.state, State::Waiting | State::Held | State::Dead);
        if may {
            (one.state, one.due, one.attempts) = (State::Ready, None, 0);
        }
        may
    }
}
