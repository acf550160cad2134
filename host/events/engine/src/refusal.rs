//! Why a call of a guest is refused: the `event-error` of the WIT.

use thiserror::Error;

/// The kind of a refusal. The numbers are part of the contract: the page of this crate lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Code {
    /// A name is not a name, or a time is beyond all calendars.
    Malformed = 1,
    /// A payload is too large.
    TooLarge = 2,
    /// The event names another source than the caller.
    NotTheSource = 3,
    /// The caller may not emit events of this type.
    TypeNotGranted = 4,
    /// The run or the micro-app has as many events, bytes or tasks as it may have.
    Quota = 5,
    /// The chain of events that led here is too long.
    Depth = 6,
    /// Too much descends from one event already.
    Cascade = 7,
    /// Too much waits to be delivered.
    BacklogFull = 8,
    /// The cron expression is not one, or never fires.
    Cron = 9,
    /// Both or neither of `cron` and `run-at` are given.
    CronOrRunAt = 10,
    /// The target does not exist or was not granted.
    Target = 11,
    /// There is no task with this id.
    NoSuchTask = 12,
    /// The task belongs to another micro-app.
    AnothersTask = 13,
}

/// A call that was refused. It changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct EventError {
    /// The kind, for programs.
    pub code: Code,
    /// What went wrong, for people, with a `hint:` line if something can be done.
    pub message: String,
}

impl EventError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> EventError {
        EventError {
            code,
            message: message.into(),
        }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl AsRef<str>) -> EventError {
        self.message.push_str("\nhint: ");
        self.message.push_str(hint.as_ref());
        self
    }
}
