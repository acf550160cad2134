//! An event for whose runs somebody waits.

use fractalaw_events_engine::{EventId, Standing};

use crate::desk::{Desk, PERSON, Taken};
use crate::error::ServeError;

/// What is dropped of the event is counted as long as this is there.
pub(crate) struct Awaited {
    desk: Desk,
    event: EventId,
}

impl Awaited {
    /// Emits an event for a person who waits. What is dropped of it is counted from here on.
    pub(crate) fn emit(
        desk: &Desk,
        event_type: &str,
        payload: Vec<u8>,
    ) -> Result<(Taken, Awaited), ServeError> {
        let mut deciding = desk.deciding();
        let taken = desk.emit(event_type, PERSON, payload)?;
        deciding.insert(taken.event, 0);
        let awaited = Awaited {
            desk: desk.clone(),
            event: taken.event,
        };
        Ok((taken, awaited))
    }

    /// The deliveries of the event that are left, and how many were dropped.
    pub(crate) fn deliveries(&self) -> Result<(Vec<Standing>, u64), ServeError> {
        let deciding = self.desk.deciding();
        let left = self.desk.engine.deliveries_of(self.event)?;
        Ok((left, deciding.get(&self.event).copied().unwrap_or(0)))
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.desk.deciding().remove(&self.event);
    }
}
