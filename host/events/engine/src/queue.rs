//! What runs next: a pure rule over what is ready. It knows nothing of files or clocks.
//!
//! Deliveries are numbered in the order in which they came. Of all that are ready, and whose app may have one more run,
//! the one with the lowest number is next. An app with one run at a time gets its deliveries strictly in that order:
//! one that waits for its next attempt holds those behind it.
//!
//! Only the first numbers of each app are here. The rest stays in the file until these are used up.

use std::collections::{BTreeMap, VecDeque};

use crate::apps::Apps;
use crate::ids::DeliveryId;
use crate::limits::WINDOW_DELIVERIES;

#[derive(Debug, Default)]
pub(crate) struct Queues(BTreeMap<String, Queue>);

#[derive(Debug, Default)]
struct Queue {
    /// The lowest numbers that are ready, in order.
    window: VecDeque<DeliveryId>,
    /// Whether more may be ready in the file, with higher numbers than those in the window.
    has_more: bool,
    /// Claimed or running.
    claimed: u32,
    /// Waiting for the next attempt.
    waiting: u64,
    concurrency: u32,
}

impl Queue {
    fn has_capacity(&self) -> bool {
        let in_order = self.concurrency == 1 && self.waiting > 0;
        self.claimed < self.concurrency && !in_order
    }
}

impl Queues {
    pub(crate) fn set_apps(&mut self, apps: &Apps) {
        for (name, queue) in &mut self.0 {
            queue.concurrency = apps.0.get(name).map_or(0, |app| app.concurrency);
        }
        for (name, app) in &apps.0 {
            self.queue(name).concurrency = app.concurrency;
        }
    }

    /// Forgets everything but the apps. All of them must be filled again.
    pub(crate) fn forget(&mut self) {
        for queue in self.0.values_mut() {
            *queue = Queue {
                has_more: true,
                concurrency: queue.concurrency,
                ..Queue::default()
            };
        }
    }

    fn queue(&mut self, app: &str) -> &mut Queue {
        if !self.0.contains_key(app) {
            self.0.insert(app.to_owned(), Queue::default());
        }
        self.0.get_mut(app).expect("it was just added")
    }

    /// A delivery has become ready.
    pub(crate) fn ready(&mut self, app: &str, id: DeliveryId) {
        let queue = self.queue(app);
        let is_beyond = queue.window.back().is_none_or(|&last| last < id);
        if queue.has_more && is_beyond {
            return;
        }
        let at = queue.window.partition_point(|&other| other < id);
        queue.window.insert(at, id);
        if queue.window.len() > WINDOW_DELIVERIES {
            queue.window.pop_back();
            queue.has_more = true;
        }
    }

    /// A delivery that may be ready is gone.
    pub(crate) fn gone(&mut self, app: &str, id: DeliveryId) {
        self.queue(app).window.retain(|&other| other != id);
    }

    pub(crate) fn waits(&mut self, app: &str) {
        self.queue(app).waiting += 1;
    }

    pub(crate) fn waits_no_more(&mut self, app: &str) {
        let queue = self.queue(app);
        queue.waiting = queue.waiting.saturating_sub(1);
    }

    /// Adds runs that go on already.
    pub(crate) fn claimed(&mut self, app: &str, runs: u32) {
        self.queue(app).claimed += runs;
    }

    /// A claimed delivery has ended or was given back.
    pub(crate) fn unclaimed(&mut self, app: &str) {
        let queue = self.queue(app);
        queue.claimed = queue.claimed.saturating_sub(1);
    }

    /// The apps that must be filled from the file before [`Queues::next`] can be asked.
    pub(crate) fn to_fill(&self) -> Vec<String> {
        let apps = self.0.iter();
        apps.filter(|(_, queue)| queue.window.is_empty() && queue.has_more && queue.has_capacity())
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Fills an app with the lowest numbers that are ready in the file.
    pub(crate) fn fill(
        &mut self,
        app: &str,
        ids: impl IntoIterator<Item = DeliveryId>,
        has_more: bool,
    ) {
        let queue = self.queue(app);
        queue.window = ids.into_iter().collect();
        queue.has_more = has_more;
    }

    /// Takes the next delivery, if there is one that may run.
    pub(crate) fn next(&mut self) -> Option<DeliveryId> {
        let apps = self.0.values_mut().filter(|queue| queue.has_capacity());
        let heads = apps.filter_map(|queue| Some((*queue.window.front()?, queue)));
        let (id, queue) = heads.min_by_key(|(id, _)| *id)?;
        queue.window.pop_front();
        queue.claimed += 1;
        Some(id)
    }

    /// Whether [`Queues::next`] would give one.
    pub(crate) fn has_next(&self) -> bool {
        let mut apps = self.0.values();
        apps.any(|queue| queue.has_capacity() && !queue.window.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::App;

    fn queues(apps: &[(&str, u32)]) -> Queues {
        let mut queues = Queues::default();
        let apps = apps.iter().fold(Apps::default(), |apps, (name, runs)| {
            apps.with(name, App::new(*runs))
        });
        queues.set_apps(&apps);
        queues
    }

    fn next(queues: &mut Queues) -> Option<u64> {
        queues.next().map(|id| id.0)
    }

    #[test]
    fn the_lowest_number_of_an_app_that_may_run_is_next() {
        let mut queues = queues(&[("a", 2), ("b", 1), ("off", 0)]);
        for (app, id) in [
            ("b", 2),
            ("a", 5),
            ("off", 1),
            ("a", 3),
            ("b", 4),
            ("a", 6),
            ("unknown", 7),
        ] {
            queues.ready(app, DeliveryId(id));
        }
        assert_eq!([next(&mut queues), next(&mut queues)], [Some(2), Some(3)]);
        // `b` has its one run.
        assert_eq!([next(&mut queues), next(&mut queues)], [Some(5), None]);
        queues.unclaimed("b");
        assert_eq!([next(&mut queues), next(&mut queues)], [Some(4), None]);
        queues.unclaimed("a");
        assert_eq!([next(&mut queues), next(&mut queues)], [Some(6), None]);
    }

    #[test]
    fn an_app_with_one_run_at_a_time_waits_for_its_retry() {
        let mut queues = queues(&[("one", 1), ("two", 2)]);
        for (app, id) in [("one", 2), ("two", 4)] {
            queues.waits(app);
            queues.ready(app, DeliveryId(id));
        }
        assert_eq!([next(&mut queues), next(&mut queues)], [Some(4), None]);
        queues.waits_no_more("one");
        queues.ready("one", DeliveryId(1));
        assert_eq!([next(&mut queues), next(&mut queues)], [Some(1), None]);
    }

    #[test]
    fn what_does_not_fit_into_the_window_comes_from_the_file_in_order() {
        let mut queues = queues(&[("a", 5000)]);
        let all: Vec<u64> = (1..=1000).map(|id| (id * 7919) % 1009).collect();
        for &id in &all {
            queues.ready("a", DeliveryId(id));
        }
        let mut sorted = all.clone();
        sorted.sort_unstable();
        let mut found = Vec::new();
        loop {
            while let Some(id) = next(&mut queues) {
                found.push(id);
            }
            if queues.to_fill().is_empty() {
                break;
            }
            let last = found.last().copied().unwrap_or(0);
            let mut rest = sorted
                .iter()
                .filter(|&&id| id > last)
                .map(|&id| DeliveryId(id));
            let some: Vec<_> = rest.by_ref().take(WINDOW_DELIVERIES).collect();
            let has_more = rest.next().is_some();
            queues.fill("a", some, has_more);
        }
        assert_eq!(found, sorted);
    }
}
