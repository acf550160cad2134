//! What people see of the file, and no run depends on.

use super::Engine;
use crate::database::Sync;
use crate::delivery::{Inside, Standing, State, TaskStanding};
use crate::error::EngineError;
use crate::ids::{DeliveryId, EventId, TaskId};
use crate::membership::InSet;

impl Engine {
    /// Deliveries in their order, after this one, at most so many.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn deliveries(&self, after: DeliveryId, most: usize) -> Result<Vec<Standing>, EngineError> {
        self.writer
            .ask(Sync::Later, 0, move |store| store.deliveries(after, most))
    }

    /// The same for deliveries in one of two states.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn deliveries_in(
        &self,
        states: [State; 2],
        after: DeliveryId,
        most: usize,
    ) -> Result<Vec<Standing>, EngineError> {
        self.writer.ask(Sync::Later, 0, move |store| {
            store.deliveries_in(states, after, most)
        })
    }

    /// What is left of the deliveries of an event, in the order of the apps' names. Those that are done are not there.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn deliveries_of(&self, event: EventId) -> Result<Vec<Standing>, EngineError> {
        self.writer
            .ask(Sync::Later, 0, move |store| store.deliveries_of(event))
    }

    /// How many deliveries of each app are in each state. It reads all of them.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn counts(&self) -> Result<Vec<(String, State, u64)>, EngineError> {
        self.writer.ask(Sync::Later, 0, |store| store.counts())
    }

    /// How this node stands in its set, if it is part of one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn in_set(&self) -> Result<Option<InSet>, EngineError> {
        self.writer.ask(Sync::Later, 0, |store| Ok(store.in_set()))
    }

    /// A delivery with what is in it, if it is there.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn inside(&self, delivery: DeliveryId) -> Result<Option<Inside>, EngineError> {
        self.writer
            .ask(Sync::Later, 0, move |store| store.inside(delivery))
    }

    /// The input of a task, if it is there.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn payload_of(&self, task: TaskId) -> Result<Option<Vec<u8>>, EngineError> {
        self.writer
            .ask(Sync::Later, 0, move |store| store.payload_of(task))
    }

    /// Tasks in the order of their numbers, after this one, at most so many.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn tasks(&self, after: TaskId, most: usize) -> Result<Vec<TaskStanding>, EngineError> {
        self.writer
            .ask(Sync::Later, 0, move |store| store.tasks(after, most))
    }
}
