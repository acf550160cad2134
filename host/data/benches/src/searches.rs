//! Attacks with full text. FTS5 does all its work on one document in one step.

/// Documents in which a few words are at hundreds and at thousands of places, and many different words.
pub(crate) const SET_UP: &str = "
CREATE VIRTUAL TABLE dense USING fts5(body);
INSERT INTO dense SELECT replace(hex(zeroblob(300)), '00', 'the of ') FROM r WHERE id <= 1000;
CREATE VIRTUAL TABLE long USING fts5(body);
INSERT INTO long SELECT replace(hex(zeroblob(50000)), '00', 'the of ');
INSERT INTO long SELECT replace(hex(zeroblob(1900)), '00', 'q r ');
CREATE VIRTUAL TABLE vocabulary USING fts5(title, body);
INSERT INTO vocabulary SELECT 'a' || k, 'a' || k || ' b' || (k * 31 % 20011) || ' c' || (k * 17 % 20011) FROM r;
";

/// Each attack with its name. The other tables are those of the other attacks.
pub(crate) fn attacks() -> Vec<(&'static str, String)> {
    let plain = |sql: &str| sql.to_owned();
    let count = |table: &str, pattern: &str| {
        format!("SELECT count(*) FROM {table} WHERE {table} MATCH '{pattern}'")
    };
    let times = |word: &str, times: usize, between: &str| vec![word; times].join(between);
    let near = |phrases: usize| format!("NEAR({}, 1000)", times("the of", phrases / 2, " "));
    let ranked = |terms: usize| {
        format!(
            "SELECT count(*) FROM (SELECT rank FROM dense WHERE dense MATCH '{}' ORDER BY rank)",
            times("the", terms, " OR ")
        )
    };
    vec![
        (
            "full text, words put together",
            plain(
                "SELECT count(*) FROM words WHERE words MATCH (SELECT group_concat('shall', ' OR ') FROM r WHERE id < 1000)",
            ),
        ),
        (
            "full text, phrase put together",
            plain(
                "SELECT count(*) FROM words WHERE words MATCH (SELECT '\"' || group_concat('shall keep', ' ') || '\"' FROM r WHERE id < 100)",
            ),
        ),
        (
            "full text, a pattern for each row",
            plain("SELECT count(*) FROM r, words WHERE words MATCH r.id % 97"),
        ),
        ("full text, near of 2 phrases", count("dense", &near(2))),
        ("full text, near of 8 phrases", count("dense", &near(8))),
        ("full text, near of 32 phrases", count("dense", &near(32))),
        (
            "full text, near in a long document",
            count("long", &near(4)),
        ),
        (
            "full text, phrase of 60 words",
            count("dense", &format!("\"{}\"", times("the of", 30, " "))),
        ),
        ("full text, first word", count("dense", "^the")),
        (
            "full text, columns",
            count("vocabulary", "title : a1* OR body : b1*"),
        ),
        (
            "full text, many beginnings",
            count("vocabulary", "a* OR b* OR c*"),
        ),
        (
            "full text, near beginnings",
            count("vocabulary", "NEAR(a* b*, 4)"),
        ),
        ("full text, ranked by 20 terms", ranked(20)),
        ("full text, ranked by 80 terms", ranked(80)),
        (
            "full text, snippets of many places",
            plain("SELECT snippet(long, 0, '', '', '', 64) FROM r, long WHERE long MATCH 'q'"),
        ),
        (
            "full text, snippets of some places",
            plain("SELECT snippet(dense, 0, '', '', '', 64) FROM dense WHERE dense MATCH 'of'"),
        ),
        (
            "full text, many places marked",
            plain("SELECT highlight(dense, 0, '<', '>') FROM dense WHERE dense MATCH 'the OR of'"),
        ),
        (
            "full text, short words added",
            plain("INSERT INTO long SELECT replace(hex(zeroblob(400000)), '00', 'z ') FROM r"),
        ),
        ("full text, short words removed", plain("DELETE FROM long")),
    ]
}
