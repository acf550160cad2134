//! Limits of what reports show of events. How much one run may stage is in `fractalaw_events_engine::limits`.

fractalaw_limits::limits! {
    /// The bytes of a payload that a report shows. For a longer payload, it shows the length and the digest.
    pub const SHOWN_PAYLOAD_BYTES: usize = 4 * 1024
        => "shown up to it";

    /// The host's own memory for an event or a task that a run stages, besides its texts.
    pub const STAGED_BYTES: u64 = 256
        => "counts towards `host-memory`";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../.github/SECURITY.md");
        fractalaw_limits::Limit::check(page, "host/events/src/limits.rs", super::TABLE);
    }
}
