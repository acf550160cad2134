//! How much is read, and how large the numbers of a model may be. The table in `.github/SECURITY.md` has these limits too.

/// The file `models.toml`, in bytes. A model takes 1 KB of it.
pub const CATALOGUE_BYTES: u64 = 256 * 1024;

/// A file of a model, in bytes. `fractalaw-models` reads it into memory as a whole. The largest model that one core can run
/// in a guest's deadline is smaller.
pub const FILE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// A file of a model that another server runs, in bytes. It is only read to compute its digest, which takes minutes.
pub const SERVERS_FILE_BYTES: u64 = 256 * 1024 * 1024 * 1024;

/// The largest `max-tokens` of a model that `fractalaw-models` runs. BERT has 512 positions.
pub const OWN_TOKENS: u64 = 8_192;

/// The largest `max-tokens` of a model that another server runs. The longest window of a model is a tenth of that.
pub const SERVERS_TOKENS: u64 = 100_000_000;

/// The largest `dimensions`. Large models have 4 096, and some vectors are made of several.
pub const DIMENSIONS: u64 = 65_536;

/// The largest `price.call` and `price.token`, in units of fuel: all that a run can have.
pub const PRICE_FUEL: u64 = 10_000_000_000;

/// How long a program waits for others that write in the same folder: runs that record, and whoever adds to a list. Writing
/// the largest recording takes a second.
pub const WRITER_WAIT_SECONDS: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../../.github/SECURITY.md");
        let (_, rest) = page
            .split_once("`host/models/catalogue/src/limits.rs`")
            .unwrap();
        let rows = rest.lines().skip_while(|line| !line.starts_with("| `"));
        let found: Vec<_> = rows
            .take_while(|line| !line.is_empty())
            .map(|line| line.split(" | ").take(2).collect::<Vec<_>>().join(" "))
            .collect();
        let limits = [
            ("CATALOGUE_BYTES", CATALOGUE_BYTES),
            ("FILE_BYTES", FILE_BYTES),
            ("SERVERS_FILE_BYTES", SERVERS_FILE_BYTES),
            ("OWN_TOKENS", OWN_TOKENS),
            ("SERVERS_TOKENS", SERVERS_TOKENS),
            ("DIMENSIONS", DIMENSIONS),
            ("PRICE_FUEL", PRICE_FUEL),
            ("WRITER_WAIT_SECONDS", WRITER_WAIT_SECONDS),
        ];
        assert_eq!(
            found,
            limits.map(|(name, value)| format!("| `{name}` {value}"))
        );
    }
}
