//! Attacks with values whose work neither steps nor pages show: documents and texts that are looked through.

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
            "strftime of many numbers",
            plain("SELECT count(strftime(replace(hex(zeroblob(475)), '0', '%J'), id)) FROM r"),
        ),
        (
            "printf of many numbers",
            plain("SELECT count(printf(replace(hex(zeroblob(475)), '0', '%w'), 'a')) FROM r"),
        ),
        (
            "dates as numbers",
            plain("SELECT sum(julianday(id, '+1 month', 'start of month')) FROM r"),
        ),
        (
            "4 KB, joined by an index made",
            plain("SELECT count(*) FROM wide a, wide b WHERE a.b = b.b"),
        ),
        (
            "1 KB, joined by an index made",
            plain("SELECT count(*) FROM short a, short b WHERE a.body = b.body"),
        ),
        (
            "1 KB, length",
            plain("SELECT sum(length(a.body)) FROM short a, r"),
        ),
        (
            "1 KB, grouped",
            plain(
                "SELECT count(*) FROM (SELECT a.body FROM short a, short b GROUP BY a.body || b.id % 7)",
            ),
        ),
        (
            "6 KB that no cache holds, compared",
            plain("SELECT count(*) FROM far a, far b WHERE a.body < b.body"),
        ),
        (
            "6 KB that no cache holds, grouped",
            plain("SELECT count(*) FROM (SELECT max(a.body) FROM r, far a GROUP BY a.id % 10)"),
        ),
        (
            "rows that no cache holds, compared",
            plain("SELECT count(*) FROM many x, many y WHERE x.h < y.h"),
        ),
        (
            "columns that no cache holds, compared",
            plain(
                "SELECT count(*) FROM many x, many y WHERE (x.a, x.b, x.c, x.d) < (y.a, y.b, y.c, y.d)",
            ),
        ),
        (
            "rows that no cache holds, grouped",
            plain("SELECT count(*) FROM (SELECT max(x.h) FROM many x, many y GROUP BY x.rowid)"),
        ),
        (
            "a column that no cache holds, read",
            plain("SELECT sum(length(y.h)) FROM r, many y"),
        ),
        (
            "4 KB, changed",
            plain("UPDATE wide SET a = lower(a), b = lower(b)"),
        ),
        (
            "4 KB, added",
            plain("INSERT INTO middle (body) SELECT a FROM wide, r"),
        ),
    ]
}
