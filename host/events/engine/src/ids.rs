//! The numbers of runs, events, tasks and deliveries.

/// The number of a run: the id of its opening in the ledger. It is below 2^47, so that the ids of events fit into
/// SQLite's integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

/// The number of an event: the run that emitted it, times 2^16, and its number in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u64);

/// The number of a task. Tasks and events of a run are numbered together, so no event has the number of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

/// The place of a delivery in the order in which deliveries came. No number is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub u64);

const NUMBER_BITS: u32 = 16;

impl RunId {
    /// The largest id.
    pub const MAX: RunId = RunId((1 << (63 - NUMBER_BITS)) - 1);

    /// The id of what the run makes as its `number`th event or task, from 1.
    pub fn made(self, number: u16) -> u64 {
        self.0 << NUMBER_BITS | u64::from(number)
    }

    /// The ids that the run can give: the first and the last.
    pub(crate) fn range(self) -> (u64, u64) {
        (self.made(1), self.made(u16::MAX))
    }
}

impl EventId {
    /// The number that this file gives to what came from another node for this delivery. A run numbers from 1, so it
    /// gives none of these.
    pub(crate) fn of_incoming(delivery: DeliveryId) -> EventId {
        EventId(delivery.0 << NUMBER_BITS)
    }

    /// Whether it is such a number.
    pub(crate) fn is_incoming(self) -> bool {
        self.0.trailing_zeros() >= NUMBER_BITS
    }

    /// The run that emitted the event.
    pub fn run(self) -> RunId {
        RunId(self.0 >> NUMBER_BITS)
    }
}

impl TaskId {
    /// The run that scheduled the task.
    pub fn run(self) -> RunId {
        RunId(self.0 >> NUMBER_BITS)
    }
}
