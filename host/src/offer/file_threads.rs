//! The threads that read and write files for guests. This work may wait for a disk, or for a server that never
//! answers.
//!
//! The threads are the host's own and their number is bounded. So no guest fills the pool of the async runtime,
//! in which the ledger and the embedder wait. A call that was given up keeps its thread until the system answers.
//! So one device gets only a part of the threads, and a device that hangs leaves the others free.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::limits::{FILE_THREADS, FILE_THREADS_OF_A_DEVICE};

/// How long a thread waits for more work before it ends.
const IDLE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// No thread could be started for the work.
#[derive(Debug, thiserror::Error)]
#[error("the host has no thread to read and write files")]
pub(crate) struct NoFileThread;

/// The threads of one host.
pub(crate) struct FileThreads {
    queue: Arc<Queue>,
    all: Arc<Semaphore>,
    devices: Mutex<BTreeMap<u64, Arc<Semaphore>>>,
}

/// A run's access to the threads. Its work counts for the devices that its folders are on.
#[derive(Clone)]
pub(crate) struct FileLane {
    queue: Arc<Queue>,
    places: Vec<Arc<Semaphore>>,
}

impl FileThreads {
    pub(crate) fn new() -> FileThreads {
        FileThreads {
            queue: Arc::new(Queue::default()),
            all: Arc::new(Semaphore::new(FILE_THREADS)),
            devices: Mutex::default(),
        }
    }

    /// The access for a run with folders on these devices.
    pub(crate) fn lane(&self, devices: impl IntoIterator<Item = u64>) -> FileLane {
        let mut known = lock(&self.devices);
        let devices: BTreeSet<u64> = devices.into_iter().collect();
        let mut places: Vec<_> = devices
            .into_iter()
            .map(|device| {
                let place = known.entry(device);
                Arc::clone(
                    place.or_insert_with(|| Arc::new(Semaphore::new(FILE_THREADS_OF_A_DEVICE))),
                )
            })
            .collect();
        if !places.is_empty() {
            places.push(Arc::clone(&self.all));
        }
        FileLane {
            queue: Arc::clone(&self.queue),
            places,
        }
    }
}

/// Threads for a capability's own work that may wait, for example for a database. Other runs go on meanwhile.
///
/// A run does one thing at a time. So all runs together take at most one thread for each run that is going on.
/// Work that goes on after its run has ended must look at the run's [`Account`](crate::capability::Account) and
/// end soon.
#[derive(Clone)]
pub struct Threads(FileLane);

impl Threads {
    /// Does the work on a thread. If the future is dropped, the work still goes on to its end.
    ///
    /// # Errors
    ///
    /// The system has no thread for it.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> wasmtime::Result<T> {
        Ok(self.0.run(work).await?)
    }
}

impl FileThreads {
    /// Threads for work that does not belong to a device.
    pub(crate) fn threads(&self) -> Threads {
        Threads(self.lane([]))
    }
}

impl Drop for FileThreads {
    fn drop(&mut self) {
        lock(&self.queue.state).closed = true;
        self.queue.work.notify_all();
    }
}

impl FileLane {
    /// Does the work on a thread. If the future is dropped while it waits for a place, the work is not done. If
    /// it is dropped later, the work goes on to its end.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoFileThread> {
        let held = self.hold().await;
        let (done, answer) = oneshot::channel();
        self.queue.push(Box::new(move || {
            let result = catch_unwind(AssertUnwindSafe(work));
            // Given back before the answer is sent, so that the receiver of the answer finds a free place.
            drop::<Vec<OwnedSemaphorePermit>>(held);
            // A receiver that went away does not need the answer.
            let _: Result<(), Result<T, Box<dyn Any + Send>>> = done.send(result);
        }));
        match answer.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(NoFileThread),
        }
    }

    /// A place of each. It holds none while it waits for one: a run that waits for a device that hangs would keep others from a device that
    /// works.
    async fn hold(&self) -> Vec<OwnedSemaphorePermit> {
        let mut waited: Option<(usize, OwnedSemaphorePermit)> = None;
        loop {
            let (at, permit) = waited.take().unzip();
            let mut held = Vec::from_iter(permit);
            let others = self.places.iter().enumerate();
            let busy = others
                .filter(|(index, _)| Some(*index) != at)
                .find(|(_, place)| match Arc::clone(place).try_acquire_owned() {
                    Ok(permit) => {
                        held.push(permit);
                        false
                    }
                    Err(_) => true,
                });
            let Some((index, place)) = busy else {
                return held;
            };
            drop(held);
            let permit = Arc::clone(place).acquire_owned().await;
            waited = Some((index, permit.expect("the semaphores are never closed")));
        }
    }
}

#[derive(Default)]
struct Queue {
    state: Mutex<Waiting>,
    work: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// Jobs with their numbers.
    jobs: VecDeque<(u64, Job)>,
    /// How many jobs there were.
    pushed: u64,
    /// The threads that wait for a job.
    idle: usize,
    closed: bool,
}

impl Queue {
    fn push(self: &Arc<Queue>, job: Job) {
        let mut state = lock(&self.state);
        let number = state.pushed;
        state.pushed += 1;
        state.jobs.push_back((number, job));
        if state.jobs.len() <= state.idle {
            self.work.notify_one();
            return;
        }
        drop(state);
        let queue = Arc::clone(self);
        let started = thread::Builder::new()
            .name("files".to_owned())
            .spawn(move || queue.serve());
        if started.is_err() {
            // Dropping a job tells the caller that waits for it. Others may have come after this one, and another thread
            // may have taken it.
            lock(&self.state).jobs.retain(|(of, _)| *of != number);
        }
    }

    fn serve(&self) {
        let mut state = lock(&self.state);
        loop {
            if let Some((_, job)) = state.jobs.pop_front() {
                drop(state);
                job();
                state = lock(&self.state);
                continue;
            }
            if state.closed {
                return;
            }
            state.idle += 1;
            let (woken, waited) = self
                .work
                .wait_timeout(state, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.jobs.is_empty() {
                return;
            }
        }
    }
}

/// Jobs run outside of the lock, so no panic leaves the data half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Work that waits until the sender is dropped.
    fn stuck(lane: &FileLane) -> (mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
        let (release, waits) = mpsc::channel::<()>();
        let lane = lane.clone();
        let work = tokio::spawn(async move {
            let _ = lane.run(move || waits.recv()).await;
        });
        (release, work)
    }

    #[tokio::test]
    async fn a_device_that_hangs_takes_its_part_of_the_threads_and_others_go_on() {
        let threads = FileThreads::new();
        let (hangs, works) = (threads.lane([1]), threads.lane([2]));
        // Far more calls than there are threads, and every call is given up.
        let mut released = Vec::new();
        for _ in 0..4 * FILE_THREADS {
            let (release, work) = stuck(&hangs);
            released.push(release);
            tokio::task::yield_now().await;
            work.abort();
        }
        for number in 0..100 {
            assert_eq!(works.run(move || number).await.unwrap(), number);
        }
        assert_eq!(hangs.places[0].available_permits(), 0);
        assert_eq!(
            threads.all.available_permits(),
            FILE_THREADS - FILE_THREADS_OF_A_DEVICE
        );
        drop(released);
        // When the device answers again, it serves again.
        assert_eq!(hangs.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn runs_that_wait_for_a_device_that_hangs_hold_no_place_of_one_that_works() {
        let threads = FileThreads::new();
        let (hangs, works) = (threads.lane([2]), threads.lane([1]));
        let mut released = Vec::new();
        for _ in 0..FILE_THREADS_OF_A_DEVICE {
            released.push(stuck(&hangs));
            tokio::task::yield_now().await;
        }
        // More runs than there are places, each with folders on both devices.
        let mut waiting = Vec::new();
        for number in 0..2 * FILE_THREADS {
            let both = threads.lane([1, 2]);
            waiting.push(tokio::spawn(async move { both.run(move || number).await }));
            tokio::task::yield_now().await;
        }
        assert_eq!(hangs.places[0].available_permits(), 0);
        assert_eq!(
            works.places[0].available_permits(),
            FILE_THREADS_OF_A_DEVICE
        );
        assert_eq!(works.run(|| 7).await.unwrap(), 7);
        // When the device answers again, all of them are served.
        drop(released);
        for (number, waiting) in waiting.into_iter().enumerate() {
            assert_eq!(waiting.await.unwrap().unwrap(), number);
        }
    }

    #[tokio::test]
    async fn a_panic_is_that_of_the_caller_and_the_thread_serves_the_next() {
        let lane = FileThreads::new().lane([1]);
        let work = lane.clone();
        let ended = tokio::spawn(async move { work.run::<()>(|| panic!("no")).await }).await;
        assert!(ended.unwrap_err().is_panic());
        assert_eq!(lane.run(|| 7).await.unwrap(), 7);
    }
}
