//! Attacks with values whose work neither steps nor pages show: documents and texts that are looked through, and words that
//! full text is searched for.

/// Each attack with its name. The tables are those of the other attacks.
pub(crate) fn attacks() -> Vec<(&'static str, String)> {
    let plain = |sql: &str| sql.to_owned();
    vec![
        (
            "json, walked by a path",
            plain(
                "SELECT sum(t.j ->> 29998) FROM (SELECT '[' || substr(replace(hex(zeroblob(200000)), '0', '1,'), 1, 149001) || ']' AS j) t, r",
            ),
        ),
        (
            "jsonb, walked by a path",
            plain(
                "SELECT sum(json_type(t.j, '$[140000]') = 'null') FROM (SELECT jsonb('[' || substr(replace(hex(zeroblob(75000)), '0', 'null,'), 1, 749999) || ']') AS j) t, r",
            ),
        ),
        (
            "json of 4 KB, walked by a path",
            plain("SELECT max(m.doc ->> r.id) FROM middle m, r"),
        ),
        (
            "json of 4 KB, another each time",
            plain(
                "SELECT max(json_array_length('[' || m.doc || ',' || r.id || ']')) FROM middle m, r",
            ),
        ),
        (
            "json_each of 4 KB, by a path",
            plain("SELECT count(*) FROM middle m, r, json_each(m.doc, '$.none')"),
        ),
        (
            "upper of 4 KB",
            plain("SELECT max(upper(m.body)) FROM middle m, r"),
        ),
        (
            "quote of 4 KB",
            plain("SELECT max(length(quote(m.body))) FROM middle m, r"),
        ),
        (
            "length of 4 KB",
            plain("SELECT max(length(m.body)) FROM middle m, r"),
        ),
        (
            "4 KB joined",
            plain("SELECT max(length(m.body || r.id)) FROM middle m, r"),
        ),
        (
            "4 KB compared",
            plain("SELECT count(*) FROM middle a, middle b, r WHERE a.body = b.body"),
        ),
        (
            "4 KB compared, no case",
            plain(
                "SELECT count(*) FROM middle a, middle b, r WHERE a.body = b.body COLLATE NOCASE",
            ),
        ),
        (
            "cast of 4 KB of digits",
            plain("SELECT sum(CAST(m.digits AS REAL)) FROM middle m, r"),
        ),
        (
            "sum of 4 KB of digits",
            plain("SELECT sum(m.digits) FROM middle m, r"),
        ),
        (
            "4 KB of digits added",
            plain("SELECT max(m.digits + r.id) FROM middle m, r"),
        ),
        (
            "4 KB, distinct",
            plain("SELECT count(DISTINCT a) FROM wide"),
        ),
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
    ]
}
