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
}

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
