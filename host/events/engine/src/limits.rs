//! All limits on events, deliveries and tasks. Each name ends in its unit, and each limit has its reason.

use std::time::Duration;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

fractalaw_limits::limits! {
    /// The payload of one event or task. A payload names what happened; larger contents belong into data.
    pub const PAYLOAD_BYTES: u64 = MIB
        => "the call fails with code 2";

    /// The events of one run. A run that finds more has a loop that it did not mean, or should emit one event with a list.
    pub const RUN_EVENTS: u64 = 1_000
        => "the call fails with code 5";

    /// The payloads of the events and tasks of one run. The host holds them in memory until the run is settled.
    pub const RUN_BYTES: u64 = 16 * MIB
        => "the call fails with code 5";

    /// The calls of `schedule` of one run.
    pub const RUN_TASKS: u64 = 1_000
        => "the call fails with code 5";

    /// The calls of `cancel` of one run.
    pub const RUN_CANCELS: u64 = 1_000
        => "the call fails with code 5";

    /// The tasks that one micro-app has at a time. A task for each of ten thousand duties is the most that a register
    /// of one site needs.
    pub const APP_TASKS: u64 = 10_000
        => "the call fails with code 5";

    /// The length of a chain in which each event was emitted because of the one before. Pipelines have a handful of
    /// stages; a longer chain is a circle.
    pub const DEPTH: u32 = 16
        => "the call fails with code 6";

    /// The events and prompt tasks that descend from one event or task. It ends a storm that grows in breadth.
    pub const ROOT_DESCENDANTS: u64 = 10_000
        => "the call fails with code 7";

    /// The deliveries in the file, in all states. At a thousand a second this is a quarter of an hour.
    pub const BACKLOG_DELIVERIES: u64 = 1_000_000
        => "the call fails with code 8; a tick of cron is skipped";

    /// The payloads in the file.
    pub const BACKLOG_BYTES: u64 = 1024 * MIB
        => "the call fails with code 8";

    /// The part of the backlog that events from outside may fill, in tenths. What is left is for events of micro-apps,
    /// so that a flood from outside does not make runs fail that work it off.
    pub const OUTSIDE_TENTHS: u64 = 9
        => "an event from outside is refused with code 8";

    /// The characters of an event type. Types are names that people write.
    pub const TYPE_BYTES: usize = 64
        => "the call fails with code 1";

    /// The characters of the name of a task, of an app and of a source.
    pub const NAME_BYTES: usize = 128
        => "the call fails with code 1";

    /// The characters of a cron expression. The longest that says something new has lists of all minutes.
    pub const CRON_BYTES: usize = 256
        => "the call fails with code 9";

    /// The characters that are kept of an outcome. Outcomes are the words of reports.
    pub const OUTCOME_BYTES: usize = 64
        => "kept up to it";

    /// How often a delivery is tried before it is dead, unless its app has another number.
    pub const ATTEMPTS: u32 = 5
        => "the delivery is dead";

    /// The time before the second attempt. Each further one takes four times as long.
    pub const RETRY: Duration = Duration::from_secs(1)
        => "the delivery waits so long";

    /// The longest time between two attempts, before jitter.
    pub const RETRY_MAX: Duration = Duration::from_secs(5 * 60)
        => "the delivery waits no longer, before jitter";

    /// The longest time between two attempts, with jitter. A retry that is further ahead than this was set by a clock
    /// that has been set back since.
    pub const RETRY_LATEST: Duration = Duration::from_secs(5 * 60 + 5 * 60 / 4)
        => "the delivery is due at once";

    /// A task that runs sooner than this belongs to the chain of the run that schedules it. A later one begins a chain,
    /// because time bounds how many there are, as with cron.
    pub const PROMPT: Duration = Duration::from_secs(60)
        => "a later task begins a chain";

    /// The ids of deliveries that are kept in memory for each app. More are read when these are used up.
    pub(crate) const WINDOW_DELIVERIES: usize = 256
        => "more are read from the file";

    /// The requests in one transaction.
    pub(crate) const GROUP_REQUESTS: usize = 256
        => "further ones wait for the next transaction";

    /// The payloads in one transaction, so that it stays in memory.
    pub(crate) const GROUP_BYTES: u64 = 32 * MIB
        => "further requests wait for the next transaction";

    /// The tasks whose ticks are fired in one step.
    pub(crate) const TICKS_AT_ONCE: usize = 256
        => "further ones are fired in the next step";

    /// How often the thread that writes asks whether another process put something into `incoming`, while nothing else
    /// wakes it. Asking takes microseconds, and a person does not notice the time.
    pub(crate) const ARRIVAL_POLL: Duration = Duration::from_millis(20)
        => "what came from another node waits so long";

    /// The deliveries from other nodes that an app may have waiting on this one, before no more are pulled for it. What
    /// is pulled waits for this node, also while others have nothing to do.
    pub const AHEAD_DELIVERIES: u64 = 256
        => "no more are pulled for it";

    /// The rows that another process reads or writes in one transaction, so that the engine does not wait long.
    pub const EXCHANGE_ROWS: usize = 256
        => "further ones follow in the next transaction";

    /// The payloads of these rows.
    pub const EXCHANGE_BYTES: u64 = 16 * MIB
        => "further rows follow in the next transaction";

    /// How long one process waits for the other to end its transaction.
    pub(crate) const EXCHANGE_WAIT: Duration = Duration::from_secs(10)
        => "the step fails, and is tried again";

    /// The size to which the log of the database is cut back.
    pub(crate) const LOG_BYTES: u64 = 64 * MIB
        => "the log is cut back to it";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../../.github/SECURITY.md");
        fractalaw_limits::Limit::check(page, "host/events/engine/src/limits.rs", super::TABLE);
    }
}
