//! How much room is left: for deliveries and payloads in the file, for the tasks of an app, and for what descends
//! from one event. A run reserves what it stages at once, so that its guest gets the error, and concurrent runs
//! cannot go over a limit together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::apps::Apps;
use crate::limits::{
    APP_TASKS, BACKLOG_BYTES, BACKLOG_DELIVERIES, OUTSIDE_TENTHS, ROOT_DESCENDANTS,
};
use crate::refusal::{Code, EventError};

/// What takes up room in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries in all states.
    pub deliveries: u64,
    /// Bytes of payloads of events and tasks.
    pub bytes: u64,
}

/// What is in the file, as of the last commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filled {
    pub(crate) backlog: Backlog,
    pub(crate) tasks: HashMap<String, u64>,
}

/// Shared by the thread that writes and by all runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    apps: Arc<Apps>,
    is_in_set: bool,
    filled: Filled,
    /// What runs have staged, and have not yet settled.
    reserved: Filled,
    /// The roots of runs that are going on.
    roots: HashMap<u64, Root>,
}

#[derive(Debug, Default)]
struct Root {
    runs: u64,
    descendants: u64,
    reserved: u64,
}

impl Room {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn apps(&self) -> Arc<Apps> {
        Arc::clone(&self.lock().apps)
    }

    pub(crate) fn set_apps(&self, apps: Arc<Apps>) {
        self.lock().apps = apps;
    }

    pub(crate) fn join_set(&self) {
        self.lock().is_in_set = true;
    }

    /// The rows that an event makes in the file: a delivery for each app, or in a set the one that goes out.
    pub(crate) fn rows_of(&self, event_type: &str, source: &str) -> u64 {
        let inner = self.lock();
        match inner.is_in_set {
            true => 1,
            false => inner.apps.subscribers(event_type, source).count() as u64,
        }
    }

    pub(crate) fn backlog(&self) -> Backlog {
        self.lock().filled.backlog
    }

    pub(crate) fn fill(&self, backlog: Backlog) {
        self.lock().filled.backlog = backlog;
    }

    pub(crate) fn fill_tasks(&self, tasks: &HashMap<String, u64>) {
        self.lock().filled.tasks.clone_from(tasks);
    }

    /// Called after a commit, for the roots whose number of descendants it changed.
    pub(crate) fn descend(&self, roots: &HashMap<u64, u64>) {
        let mut inner = self.lock();
        for (root, &descendants) in roots {
            if let Some(root) = inner.roots.get_mut(root) {
                root.descendants = descendants;
            }
        }
    }

    /// Whether an event from outside may come in.
    pub(crate) fn check_outside(&self, new: Backlog) -> Result<(), EventError> {
        let inner = self.lock();
        let tenths = |limit: u64| limit / 10 * OUTSIDE_TENTHS;
        inner.check(new, tenths(BACKLOG_DELIVERIES), tenths(BACKLOG_BYTES))
    }

    /// Begins a reservation for a run of an app, which descends from `root`. The root has `descendants` in the file.
    pub(crate) fn reserve(&self, app: &str, root: Option<(u64, u64)>) -> Reserved {
        if let Some((root, descendants)) = root {
            let mut inner = self.lock();
            let root = inner.roots.entry(root).or_default();
            root.runs += 1;
            if root.runs == 1 {
                root.descendants = descendants;
            }
        }
        Reserved {
            room: self.clone(),
            app: app.to_owned(),
            root: root.map(|(root, _)| root),
            descendants: 0,
            backlog: Backlog::default(),
            tasks: 0,
        }
    }
}

impl Inner {
    fn check(&self, new: Backlog, deliveries: u64, bytes: u64) -> Result<(), EventError> {
        let (filled, reserved) = (self.filled.backlog, self.reserved.backlog);
        let full = filled.deliveries + reserved.deliveries + new.deliveries > deliveries
            || filled.bytes + reserved.bytes + new.bytes > bytes;
        match full && new.deliveries > 0 {
            true => Err(
                EventError::new(Code::BacklogFull, "too much waits to be delivered").hint(
                    "try again later, or give the apps that it waits for more runs at a time",
                ),
            ),
            false => Ok(()),
        }
    }
}

/// What one run has reserved. It is given back when this is dropped: by then the run is settled, and what took effect
/// is in the file.
#[derive(Debug)]
pub(crate) struct Reserved {
    room: Room,
    app: String,
    root: Option<u64>,
    descendants: u64,
    backlog: Backlog,
    tasks: u64,
}

impl Reserved {
    /// Reserves room for an event that has this many subscribers.
    pub(crate) fn event(&mut self, subscribers: u64, bytes: u64) -> Result<(), EventError> {
        let new = Backlog {
            deliveries: subscribers,
            bytes: if subscribers == 0 { 0 } else { bytes },
        };
        let mut inner = self.room.lock();
        inner.check(new, BACKLOG_DELIVERIES, BACKLOG_BYTES)?;
        descendant(&mut inner, self.root, &mut self.descendants)?;
        inner.add(new);
        self.backlog.deliveries += new.deliveries;
        self.backlog.bytes += new.bytes;
        Ok(())
    }

    /// Reserves room for a task. A prompt one descends from the run's root.
    pub(crate) fn task(&mut self, bytes: u64, is_prompt: bool) -> Result<(), EventError> {
        let new = Backlog {
            deliveries: 1,
            bytes,
        };
        let mut inner = self.room.lock();
        let tasks = |filled: &Filled| filled.tasks.get(&self.app).copied().unwrap_or(0);
        if tasks(&inner.filled) + tasks(&inner.reserved) >= APP_TASKS {
            return Err(EventError::new(
                Code::Quota,
                format!("`{}` has {APP_TASKS} tasks", self.app),
            )
            .hint("cancel tasks that are no longer needed, or use one task with `cron`"));
        }
        inner.check(new, BACKLOG_DELIVERIES, BACKLOG_BYTES)?;
        if is_prompt {
            descendant(&mut inner, self.root, &mut self.descendants)?;
        }
        inner.add(new);
        *inner.reserved.tasks.entry(self.app.clone()).or_default() += 1;
        self.backlog.deliveries += new.deliveries;
        self.backlog.bytes += new.bytes;
        self.tasks += 1;
        Ok(())
    }
}

impl Inner {
    fn add(&mut self, new: Backlog) {
        self.reserved.backlog.deliveries += new.deliveries;
        self.reserved.backlog.bytes += new.bytes;
    }
}

fn descendant(inner: &mut Inner, root: Option<u64>, taken: &mut u64) -> Result<(), EventError> {
    let Some(root) = root.and_then(|root| inner.roots.get_mut(&root)) else {
        return Ok(());
    };
    if root.descendants + root.reserved >= ROOT_DESCENDANTS {
        return Err(EventError::new(
            Code::Cascade,
            format!("{ROOT_DESCENDANTS} events descend from one event"),
        )
        .hint("emit one event with a list, or look for apps that set each other off"));
    }
    root.reserved += 1;
    *taken += 1;
    Ok(())
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut inner = self.room.lock();
        inner.reserved.backlog.deliveries -= self.backlog.deliveries;
        inner.reserved.backlog.bytes -= self.backlog.bytes;
        if self.tasks > 0
            && let Some(tasks) = inner.reserved.tasks.get_mut(&self.app)
        {
            *tasks -= self.tasks;
            if *tasks == 0 {
                inner.reserved.tasks.remove(&self.app);
            }
        }
        if let Some(id) = self.root
            && let Some(root) = inner.roots.get_mut(&id)
        {
            root.reserved -= self.descendants;
            root.runs -= 1;
            if root.runs == 0 {
                inner.roots.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(deliveries: u64, bytes: u64) -> Room {
        let room = Room::default();
        room.fill(Backlog { deliveries, bytes });
        room
    }

    fn code(result: Result<(), EventError>) -> Option<Code> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn the_last_tenth_of_the_backlog_is_for_micro_apps() {
        let full = Some(Code::BacklogFull);
        // What is in the file, what comes, and whether it may come from outside and from a micro-app.
        let cases = [
            ((899_999, 0), (1, 0), None, None),
            ((899_999, 0), (2, 0), full, None),
            ((900_000, 0), (1, 0), full, None),
            ((999_999, 0), (1, 0), full, None),
            ((999_999, 0), (2, 0), full, full),
            ((0, 966_367_634), (1, 5), full, None),
            ((0, 966_367_633), (1, 5), None, None),
            ((0, 1_073_741_823), (1, 1), full, None),
            ((0, 1_073_741_823), (1, 2), full, full),
            // What nobody waits for takes no room.
            ((1_000_000, 1_073_741_824), (0, 5), None, None),
        ];
        for ((deliveries, bytes), (new, size), outside, inside) in cases {
            let room = room(deliveries, bytes);
            let from_outside = Backlog {
                deliveries: new,
                bytes: size,
            };
            let case = format!("{deliveries} {bytes} {new} {size}");
            assert_eq!(code(room.check_outside(from_outside)), outside, "{case}");
            let mut reserved = room.reserve("a", None);
            assert_eq!(code(reserved.event(new, size)), inside, "{case}");
        }
    }

    #[test]
    fn what_is_reserved_counts_until_it_is_given_back() {
        let room = room(999_998, 0);
        let (mut one, mut two) = (room.reserve("a", None), room.reserve("b", None));
        assert_eq!(code(one.event(1, 10)), None);
        assert_eq!(code(two.task(10, false)), None);
        assert_eq!(code(two.event(1, 10)), Some(Code::BacklogFull));
        assert_eq!(code(one.task(10, false)), Some(Code::BacklogFull));
        drop(one);
        assert_eq!(code(two.event(1, 10)), None);
        drop(two);
        let inner = room.lock();
        assert_eq!(inner.reserved.backlog, Backlog::default());
        assert!(inner.reserved.tasks.is_empty() && inner.roots.is_empty());
    }
}
