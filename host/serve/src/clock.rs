//! The clock that a supervisor goes by. Everything but the time that it gives up waiting is by this clock.

use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fractalaw_events_engine::Time;
use tokio::sync::watch;

use crate::limits::LOOK_AT_CLOCK;

/// A wait. Whoever waited looks at the clock again.
pub type Wait<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A clock.
pub trait Clock: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Time;

    /// Waits until this time, or less long.
    fn wait_until(&self, time: Time) -> Wait<'_>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let now = SystemTime::now();
        let milliseconds = match now.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Time::from_unix_ms(milliseconds)
    }

    /// If the clock is set, or the machine sleeps, nobody is told. So the clock is looked at now and then.
    fn wait_until(&self, time: Time) -> Wait<'_> {
        let ahead = time.unix_ms().saturating_sub(self.now().unix_ms());
        let ahead = Duration::from_millis(u64::try_from(ahead).unwrap_or(0));
        Box::pin(tokio::time::sleep(ahead.min(LOOK_AT_CLOCK)))
    }
}

/// A clock that shows what it is told.
#[derive(Debug)]
pub struct VirtualClock(watch::Sender<Time>);

impl VirtualClock {
    /// A clock that shows this time.
    pub fn at(time: Time) -> VirtualClock {
        VirtualClock(watch::Sender::new(time))
    }

    /// Sets it, also back.
    pub fn set(&self, time: Time) {
        self.0.send_replace(time);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Time {
        *self.0.borrow()
    }

    fn wait_until(&self, time: Time) -> Wait<'_> {
        let mut changes = self.0.subscribe();
        let is_there = *changes.borrow_and_update() >= time;
        Box::pin(async move {
            if !is_there {
                // The sender is `self`, so it is not gone.
                let _ = changes.changed().await;
            }
        })
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Time {
        (**self).now()
    }

    fn wait_until(&self, time: Time) -> Wait<'_> {
        (**self).wait_until(time)
    }
}
