//! The words of a text that say what it is about.

/// Those that do not.
const SMALL_WORDS: [&str; 22] = [
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "for", "in", "is", "it", "must", "not",
    "of", "or", "shall", "that", "the", "to", "which",
];

/// The words, in small letters.
pub(crate) fn of(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !SMALL_WORDS.contains(word))
        .map(str::to_owned)
        .collect()
}

/// A query of FTS5 for any of the words. Each is quoted, because FTS5 has operators of its own: `NEAR`, `*`, `-`, `:`.
pub(crate) fn any_of(text: &str) -> String {
    let quoted: Vec<String> = of(text).iter().map(|word| format!("\"{word}\"")).collect();
    quoted.join(" OR ")
}

#[cfg(test)]
mod tests {
    use super::any_of;

    #[test]
    fn words_are_only_words() {
        for (text, query) in [
            ("Keep the records", r#""keep" OR "records""#),
            (
                "NEAR(a* b*) -\"c\" d:e OR",
                r#""near" OR "b" OR "c" OR "d" OR "e""#,
            ),
            (" -* the", ""),
        ] {
            assert_eq!(any_of(text), query, "{text}");
        }
    }
}
