//! All limits of this program. Each name ends in its unit, and each limit has its reason.

use std::time::Duration;

use fractalaw_events_engine::limits::PAYLOAD_BYTES;

fractalaw_limits::limits! {
    /// The configuration. It has a dozen lines.
    pub(crate) const CONFIG_BYTES: u64 = 64 * 1024
        => "the program ends with an error";

    /// A file of credentials. It has a token of some hundred characters and a seed.
    pub(crate) const CREDENTIALS_BYTES: u64 = 64 * 1024
        => "the program ends with an error";

    /// The characters of the name of a node. It is part of subjects.
    pub(crate) const NODE_BYTES: usize = 32
        => "the program ends with an error";

    /// A message: the largest payload, and what is known of it.
    pub(crate) const MESSAGE_BYTES: u64 = PAYLOAD_BYTES + 4 * 1024
        => "a server that accepts less is refused; a longer message is not taken";

    /// The messages that are pulled at once for an app. They share one write to the disk.
    pub(crate) const PULL_MESSAGES: usize = 64
        => "further ones follow in the next group";

    /// How often the node's file is asked for something new. Asking takes microseconds.
    pub(crate) const FILE_POLL: Duration = Duration::from_millis(20)
        => "an event waits so long before it is sent";

    /// How long a pull waits on the server for a message.
    pub(crate) const PULL_WAIT: Duration = Duration::from_secs(5)
        => "the pull is repeated";

    /// How long the server waits for an acknowledgement. Taking a message takes a write to the disk and two answers.
    pub(crate) const ACK_WAIT: Duration = Duration::from_secs(30)
        => "the message comes again, to any node";

    /// When a message comes again that another node owns, or for which there is no room. When a component is fetched again
    /// that could not be.
    pub(crate) const LATER: Duration = Duration::from_secs(5)
        => "the message comes again";

    /// The messages of an app that may be on their way to nodes. Nodes that end at a bad moment leave some until they
    /// are back, and the others must go on.
    pub(crate) const PENDING_MESSAGES: i32 = 20_000
        => "the server gives no more for the app";

    /// How long a request waits for its answer. An election of a leader takes a few seconds.
    pub(crate) const REQUEST_WAIT: Duration = Duration::from_secs(5)
        => "the request fails, and is repeated";

    /// The time before a step that failed is repeated.
    pub(crate) const REPEAT: Duration = Duration::from_millis(500)
        => "the step is repeated";

    /// How long a node counts as running after it last said so.
    pub(crate) const ALIVE: Duration = Duration::from_secs(30)
        => "its deliveries may be taken";

    /// How often a node says that it is running.
    pub(crate) const ALIVE_EVERY: Duration = Duration::from_secs(10)
        => "it is said again";

    /// How often the program asks which messages were acknowledged, if an answer was lost.
    pub(crate) const FLOOR_EVERY: Duration = Duration::from_secs(5)
        => "a delivery that is done is remembered so much longer";

    /// A component. The host loads no larger one.
    pub(crate) const COMPONENT_BYTES: u64 = 64 * 1024 * 1024
        => "it is not published, and not fetched";

    /// The checkpoints that the set keeps of each ledger.
    pub(crate) const CHECKPOINTS: u32 = 64
        => "the oldest goes";

    /// The longest time for which a set remembers what is done.
    pub(crate) const REMEMBER_DAYS: u64 = 365
        => "the program ends with an error";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../.github/SECURITY.md");
        fractalaw_limits::Limit::check(page, "host/nats/src/limits.rs", super::TABLE);
    }
}
