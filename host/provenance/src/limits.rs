//! How much is read of what says where a component comes from. Each limit has its reason.

fractalaw_limits::limits! {
    /// A file of signatures. One takes some 700 bytes.
    pub const SIGNATURES_BYTES: u64 = 128 * 1024
        => "the component is refused: `not-signed`";

    /// The signatures in a file. Each costs up to one check for each key that a policy names, which takes 0.1 ms.
    pub const SIGNATURES: usize = 64
        => "the component is refused: `not-signed`";

    /// The keys that one line of a policy names. A team has some.
    pub const WANTED_KEYS: usize = 16
        => "the policy is refused";

    /// The name of a signer. It is shown in messages.
    pub const SIGNER_BYTES: usize = 128
        => "nothing is signed";

    /// The file `apps.lock`. An app takes 300 bytes of it.
    pub const LOCK_BYTES: u64 = 1024 * 1024
        => "the file is not used, which is an error";

    /// The name of an app in `apps.lock`. It is the name of its file.
    pub const NAME_BYTES: usize = 128
        => "nothing is pulled";

    /// A file with a secret key. It has one line.
    pub const KEY_FILE_BYTES: u64 = 256
        => "the file is not used, which is an error";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../.github/SECURITY.md");
        fractalaw_limits::Limit::check(page, "host/provenance/src/limits.rs", super::TABLE);
    }
}
