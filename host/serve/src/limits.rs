//! All limits of the supervisor. Each name ends in its unit, and each limit has its reason.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

fractalaw_limits::limits! {
    /// `fractalaw.toml`. An app takes 300 bytes of it.
    pub const CONFIG_BYTES: u64 = 1024 * 1024
        => "the supervisor does not start";

    /// The apps of one supervisor. The status page lists all of them.
    pub const APPS: usize = 1_000
        => "the supervisor does not start";

    /// The tasks in the file, of all apps.
    pub const CRON_TASKS: usize = 1_000
        => "the supervisor does not start";

    /// The longest that runs may go on after SIGTERM. Whoever stops a service kills it after a while.
    pub const GRACE_MAX: Duration = Duration::from_secs(60 * 60)
        => "the supervisor does not start";

    /// How often a delivery may be tried. At five minutes between attempts, this is eight hours.
    pub const ATTEMPTS_MAX: u32 = 100
        => "the supervisor does not start";

    /// The last runs that the status page shows.
    pub const RUNS_SHOWN: usize = 100
        => "older ones are in the ledger";

    /// The audit entries of a run that the status page shows.
    pub const TRAIL_SHOWN: usize = 20
        => "shown up to it, counted past it";

    /// The bytes of one text of a run that the status page shows.
    pub const TRAIL_BYTES: usize = 500
        => "shown up to it";

    /// The dead and held deliveries that the status page shows.
    pub const DEAD_SHOWN: usize = 50
        => "`fractalaw events ls --dead` lists more";

    /// A request to the socket, and a payload of an event is most of it: 1 MiB as base64.
    pub const REQUEST_BYTES: u64 = 2 * 1024 * 1024
        => "the request is refused";

    /// The requests to the socket at the same time.
    pub const REQUESTS: usize = 64
        => "further ones wait";

    /// The commands that wait for the runs of an event. When a run ends, each looks at the file.
    pub const WAITS: usize = 128
        => "the request is refused";

    /// The rows of one list.
    pub const ROWS: usize = 1_000
        => "listed up to it";

    /// The connections over HTTP at the same time.
    pub const CONNECTIONS: usize = 128
        => "further ones wait";

    /// The head of a request over HTTP, in bytes.
    pub const HEAD_BYTES: usize = 16 * 1024
        => "the request is refused";

    /// How long a client may take for a request over HTTP, and to read the answer.
    pub const REQUEST_TIME: Duration = Duration::from_secs(10)
        => "the connection is closed";

    /// The runs of a new version that decide whether it stays.
    pub const TRIAL_RUNS: u32 = 5
        => "the version stays";

    /// How many of these may not end in a trap, out of fuel or out of memory.
    pub const TRIAL_BAD: u32 = 3
        => "the version before it is put back";
}

/// How often the files of the apps are looked at.
pub const LOOK_AT_FILES: Duration = Duration::from_secs(1);

/// How old the counts may be that the page and the figures show. Counting reads all deliveries.
pub const OVERVIEW_AGE: Duration = Duration::from_secs(1);

/// How often the clock is looked at while nothing is due. It may have been set, or the machine may have slept.
pub const LOOK_AT_CLOCK: Duration = Duration::from_secs(30);

/// How long the supervisor waits after the disk or the ledger failed, before it tries again.
pub const PAUSE: Duration = Duration::from_secs(1);

/// How many runs go on at the same time, if the file does not say.
pub const SLOTS: u32 = 16;

/// How long runs may go on after SIGTERM, if the file does not say.
pub const GRACE: Duration = Duration::from_secs(10);

/// Where HTTP listens, if the file does not say: only this machine reaches it.
pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7878);

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../.github/SECURITY.md");
        fractalaw_limits::Limit::check(page, "host/serve/src/limits.rs", super::TABLE);
    }
}
