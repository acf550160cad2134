//! Calls of guests, and crashes, in which it shows what was staged.

use fractalaw_events_engine::*;

use super::driver::{APPS, Driver, TYPES};
use super::state::{ModelTask, Staged};
use crate::lab::*;

const CRONS: [&str; 3] = ["* * * * *", "*/5 * * * *", "0 * * * *"];

impl Driver {
    pub(super) fn stage(&mut self) {
        if self.runs.is_empty() {
            return;
        }
        let at = self.below(self.runs.len());
        if self.runs[at].is_prepared {
            return;
        }
        match self.below(6) {
            0..2 => self.emit(at),
            2..4 => self.schedule(at),
            _ => self.cancel(at),
        }
    }

    fn emit(&mut self, at: usize) {
        self.count("emit");
        let (event_type, bytes) = (TYPES[self.below(3)], self.below(9));
        let going = &mut self.runs[at];
        match going.run.emit(event_type, &going.app, vec![1; bytes]) {
            Ok(id) => {
                going.made += 1;
                assert_eq!(id.0, going.id.made(going.made));
                let event = (id, event_type.to_owned(), going.app.clone(), bytes);
                going.staged.events.push(event);
            }
            Err(error) => assert_eq!(error.code, Code::Depth),
        }
    }

    fn schedule(&mut self, at: usize) {
        self.count("schedule");
        let target = APPS[self.below(3)];
        let task = match self.below(2) {
            0 => cron("c", CRONS[self.below(3)], target),
            _ => once(
                "once",
                self.lab.now.unix_s().max(0) + self.below(300) as i64 - 30,
                target,
            ),
        };
        // It counts from the time at which the run began.
        let going = &mut self.runs[at];
        let Ok(id) = going.run.schedule(task.clone()) else {
            return;
        };
        going.made += 1;
        assert_eq!(id.0, going.id.made(going.made));
        let Some(Step::Schedule(scheduled)) = going.run.steps().last() else {
            panic!("the task is staged");
        };
        going.staged.tasks.push(ModelTask {
            standing: TaskStanding {
                id,
                owner: going.app.clone(),
                name: task.name,
                target: task.target,
                cron: task.cron,
                next: scheduled.first,
                skipped: 0,
            },
            payload: task.payload,
        });
    }

    fn cancel(&mut self, at: usize) {
        self.count("cancel");
        let known: Vec<TaskId> = self
            .model
            .tasks
            .iter()
            .map(|task| task.standing.id)
            .collect();
        let own: Vec<TaskId> = self.runs[at]
            .staged
            .tasks
            .iter()
            .map(|task| task.standing.id)
            .collect();
        let all = [known, own, vec![TaskId(77 << 16)]].concat();
        let task = all[self.below(all.len())];
        let owner = self
            .model
            .tasks
            .iter()
            .find(|other| other.standing.id == task);
        let owner = owner.map(|task| task.standing.owner.clone());
        let going = &mut self.runs[at];
        let is_own = going.staged.tasks.iter().any(|own| own.standing.id == task);
        let expected = match owner {
            _ if is_own => Ok(()),
            Some(owner) if owner != going.app => Err(Code::AnothersTask),
            Some(_) if going.staged.cancels.contains(&task) => Err(Code::NoSuchTask),
            Some(_) => Ok(()),
            None => Err(Code::NoSuchTask),
        };
        let found = going.run.cancel(task).unwrap().map_err(|error| error.code);
        assert_eq!(found, expected, "seed {}", self.seed);
        if found.is_ok() && is_own {
            going.staged.tasks.retain(|own| own.standing.id != task);
        } else if found.is_ok() {
            going.staged.cancels.insert(task);
        }
    }

    /// The process ends. The ledger has closings of some of the runs that were ready for it.
    pub(super) fn crash(&mut self) {
        self.count("crash");
        let (mut ends, mut old) = (Vec::new(), Vec::new());
        for going in std::mem::take(&mut self.runs) {
            let closing = match self.below(3) {
                // A closing says completed only after the run was prepared.
                0 if going.is_prepared || going.staged.is_empty() => Some("completed"),
                1 => Some("failed"),
                _ => None,
            };
            if let Some(closing) = closing {
                self.lab.ledger.0.insert(going.id, closing);
            }
            ends.push((going.id, going.delivery, going.staged, closing));
            old.push(going.run);
        }
        self.lab.crash();
        drop(old);
        for claim in self.claims.drain(..) {
            let item = self.model.item(claim.delivery().id);
            item.is_claimed = false;
            let (id, is_cancelled) = (item.standing.id, item.standing.cancelled);
            if is_cancelled {
                self.model.remove(id);
            }
        }
        ends.sort_by_key(|(id, ..)| *id);
        for (_, delivery, staged, closing) in ends {
            let (ending, outcome, counted) = match closing {
                Some("completed") => (Ending::Completed, "completed", "crash, completed"),
                Some(_) => (Ending::Failed, "failed", "crash, failed"),
                None => (Ending::Failed, "cut-off", "crash, cut off"),
            };
            self.count(counted);
            self.ended(delivery, staged, ending, outcome);
        }
    }
}

impl Staged {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.tasks.is_empty() && self.cancels.is_empty()
    }
}
