//! All limits of this program. Each has its reason.

use std::time::Duration;

fractalaw_limits::limits! {
    /// A component. It is what a host loads.
    pub(crate) const COMPONENT_BYTES: u64 = 64 * 1024 * 1024
        => "it is neither pushed nor pulled";

    /// A manifest, an index of manifests, or the index of a layout folder. Registries must take 4 MiB, and ours have 1 KB.
    pub(crate) const MANIFEST_BYTES: u64 = 4 * 1024 * 1024
        => "it is not read";

    /// The configuration of an artifact. It has the names of imports and exports.
    pub(crate) const CONFIG_BYTES: u64 = 1024 * 1024
        => "it is neither pushed nor pulled";

    /// The artifacts that refer to a component. Each signer makes one.
    pub(crate) const REFERRERS: usize = 64
        => "further ones are not read";

    /// The redirects of one request. Registries send clients to where they store blobs, once.
    pub(crate) const REDIRECTS: usize = 5
        => "the request fails";

    /// The head of an answer.
    pub(crate) const HEAD_BYTES: usize = 64 * 1024
        => "the request fails";

    /// The answer of a server of tokens. A token has up to some KB.
    pub(crate) const TOKEN_BYTES: u64 = 64 * 1024
        => "the request fails";

    /// What is read of an answer that says what went wrong.
    pub(crate) const ERROR_BYTES: u64 = 16 * 1024
        => "read up to it";

    /// What is shown of such an answer.
    pub(crate) const SHOWN_CHARACTERS: usize = 200
        => "shown up to it";

    /// How long a connection may take to be there.
    pub(crate) const CONNECT_TIME: Duration = Duration::from_secs(10)
        => "the request fails";

    /// How long a server may take to begin its answer.
    pub(crate) const ANSWER_TIME: Duration = Duration::from_secs(60)
        => "the request fails";

    /// How long one request may take: the largest component at 1 Mbit/s.
    pub(crate) const REQUEST_TIME: Duration = Duration::from_secs(600)
        => "the request fails";

    /// Docker's configuration.
    pub(crate) const DOCKER_CONFIG_BYTES: u64 = 1024 * 1024
        => "the command fails";

    /// What a helper with credentials prints.
    pub(crate) const HELPER_BYTES: u64 = 64 * 1024
        => "the command fails";

    /// How long such a helper may take. It may ask its user to unlock what has the credentials.
    pub(crate) const HELPER_TIME: Duration = Duration::from_secs(60)
        => "the helper is ended, and the command fails";

    /// How often it is looked at whether a helper that has printed everything has ended.
    pub(crate) const HELPER_LOOK: Duration = Duration::from_millis(5)
        => "it is looked at again";

    /// How long a command waits for another one that writes into the same folder. That one has everything when it begins to
    /// write, and writes a component of the largest size in some seconds.
    pub(crate) const TURN_TIME: Duration = Duration::from_secs(60)
        => "the command fails";

    /// How often it is looked at whether the other command has ended.
    pub(crate) const TURN_LOOK: Duration = Duration::from_millis(5)
        => "it is looked at again";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../.github/SECURITY.md");
        fractalaw_limits::Limit::check(page, "host/registry/src/limits.rs", super::TABLE);
    }
}
