//! The line in which writers wait. They go one after the other, in the order in which they came.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};

use fractalaw_data_call::Stop;

use crate::guard::lock;
use crate::limits::LINE_LOOK;

#[derive(Debug, Default)]
pub(crate) struct Line {
    waiting: Mutex<(u64, VecDeque<u64>)>,
    moved: Condvar,
}

/// The first place in line, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    line: Arc<Line>,
    number: u64,
}

impl Line {
    /// Waits for the first place, as long as `look` allows.
    pub(crate) fn enter(
        self: &Arc<Line>,
        mut look: impl FnMut() -> Result<(), Stop>,
    ) -> Result<Place, Stop> {
        let mut waiting = lock(&self.waiting);
        let number = waiting.0;
        waiting.0 += 1;
        waiting.1.push_back(number);
        // If it gives up, dropping this place takes it out of the line.
        let place = Place {
            line: Arc::clone(self),
            number,
        };
        while waiting.1.front() != Some(&number) {
            let (again, _) = self
                .moved
                .wait_timeout(waiting, LINE_LOOK)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            waiting = again;
            if let Err(stop) = look() {
                drop(waiting);
                drop(place);
                return Err(stop);
            }
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.line.waiting)
            .1
            .retain(|number| *number != self.number);
        self.line.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::Line;
    use fractalaw_data_call::Stop;

    #[test]
    fn places_are_given_in_the_order_in_which_they_were_asked_for() {
        let line = Arc::new(Line::default());
        let first = line.enter(|| Ok(())).unwrap();
        let (sender, order) = mpsc::channel();
        let mut threads = Vec::new();
        for number in 0..8 {
            let (line, sender, waits) = (Arc::clone(&line), sender.clone(), number + 2);
            let others = Arc::clone(&line);
            threads.push(thread::spawn(move || {
                let place = line.enter(|| Ok(())).unwrap();
                sender.send(number).unwrap();
                drop(place);
            }));
            // The next one comes when this one is waiting.
            while super::lock(&others.waiting).1.len() < waits {
                thread::yield_now();
            }
        }
        // One that gives up does not change the order of the others.
        assert_eq!(
            line.enter(|| Err(Stop::Deadline)).unwrap_err(),
            Stop::Deadline
        );
        drop(first);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(
            order.try_iter().collect::<Vec<_>>(),
            (0..8).collect::<Vec<_>>()
        );
    }
}
