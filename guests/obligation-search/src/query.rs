//! What people type, as FTS5 wants it.

/// A query for any of the words. Each is quoted, because FTS5 has operators of its own: `NEAR`, `*`, `-`, `:`.
pub(crate) fn any_of(words: &str) -> String {
    let quoted: Vec<String> = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\""))
        .collect();
    quoted.join(" OR ")
}

#[cfg(test)]
mod tests {
    use super::any_of;

    #[test]
    fn words_are_only_words() {
        assert_eq!(any_of("keep records"), "\"keep\" OR \"records\"");
        assert_eq!(
            any_of("NEAR(a*) -\"b\" c:d"),
            "\"NEAR\" OR \"a\" OR \"b\" OR \"c\" OR \"d\""
        );
        assert_eq!(any_of(" -* "), "");
    }
}
