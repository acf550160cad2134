//! The limit on what is read. All else is in proportion to the bytes of a stream.

fractalaw_limits::limits! {
    /// The columns of a stream. SQLite can have as many in a table. A schema can name one column many times, with 4
    /// bytes for each, and the reader keeps some twenty times as many.
    pub const COLUMNS: usize = 32_767
        => "the call fails with code 4";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_security_has_this_limit() {
        let page = include_str!("../../../../.github/SECURITY.md");
        fractalaw_limits::Limit::check(page, "host/data/arrow/src/limits.rs", super::TABLE);
    }
}
