//! How much a command keeps. The table in `.github/SECURITY.md` has these limits too.

/// What `--record` copies for one run, in bytes. A case stands in a repository, and everybody who clones it gets it.
pub(crate) const RECORDED_BYTES: u64 = 64 * 1024 * 1024;

/// The files that `--record` copies for one run.
pub(crate) const RECORDED_FILES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../.github/SECURITY.md");
        for row in [
            format!("| `RECORDED_BYTES` | {RECORDED_BYTES} | the run is not made |"),
            format!("| `RECORDED_FILES` | {RECORDED_FILES} | the run is not made |"),
        ] {
            assert!(page.contains(&row), "{row}");
        }
    }
}
