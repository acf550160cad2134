//! Events from outside: those that no run emitted.

use super::Store;
use super::stage::Uncommitted;
use crate::error::EngineError;
use crate::step::Emitted;

impl Store<'_> {
    /// Adds an event with its deliveries, and returns how many there are. `None` if the file has the event already.
    pub(crate) fn accept(&mut self, event: &Emitted) -> Result<Option<u64>, EngineError> {
        let known = "SELECT 1 FROM events WHERE event_id = ?";
        let is_known = self.row(known, [event.id.0 as i64], |_| Ok(()))?.is_some();
        if is_known || self.is_outgoing(event.id)? {
            return Ok(None);
        }
        self.add_event(event)?;
        let event = Uncommitted {
            id: event.id,
            event_type: event.event_type.clone(),
            source: event.source.clone(),
            bytes: event.payload.len() as u64,
            depth: event.place.depth,
            root: event.place.root as i64,
        };
        self.commit_event(&event).map(Some)
    }
}
