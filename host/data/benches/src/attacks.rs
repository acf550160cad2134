//! Statements that attack: each does as much as it can in as few steps as it can, or without an end.

/// Wide rows, values of 4 KB, text that patterns are slow on, keys of almost a megabyte, triggers that fire each other, and tables that are
/// larger than the cache.
pub(crate) const SET_UP: &str = "
CREATE TABLE r (id INTEGER PRIMARY KEY, k INTEGER, x REAL, name TEXT);
CREATE TABLE wide (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT, d TEXT);
CREATE TABLE slow (id INTEGER PRIMARY KEY, body TEXT);
CREATE TABLE keys (k TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE made (x INTEGER, body TEXT, y AS (length(body || x)) VIRTUAL, z AS (upper(body)) VIRTUAL);
CREATE TABLE t1 (n INTEGER);
CREATE TABLE t2 (n INTEGER);
CREATE TABLE t3 (n INTEGER);
CREATE TRIGGER c1 AFTER INSERT ON t1 BEGIN INSERT INTO t2 SELECT new.n FROM r LIMIT 100; END;
CREATE TRIGGER c2 AFTER INSERT ON t2 BEGIN INSERT INTO t3 SELECT new.n FROM r LIMIT 100; END;
CREATE TABLE middle (id INTEGER PRIMARY KEY, body TEXT, digits TEXT, doc TEXT);
CREATE TABLE short (id INTEGER PRIMARY KEY, body TEXT);
CREATE VIRTUAL TABLE words USING fts5(body);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO r SELECT i, i * 7919 % 20011, i / 3.0, 'name ' || (i * 31 % 20011) FROM n;
INSERT INTO wide SELECT id, hex(randomblob(2000)), hex(randomblob(2000)), hex(randomblob(2000)), name FROM r WHERE id <= 2000;
INSERT INTO slow SELECT id, replace(hex(zeroblob(100000)), '0', 'a') FROM r WHERE id <= 20;
INSERT INTO made (x, body) SELECT id, hex(zeroblob(50000)) FROM r WHERE id <= 50;
INSERT INTO middle SELECT id, replace(hex(zeroblob(1900)), '0', 'a'), replace(hex(zeroblob(1900)), '0', '1'),
    '[' || substr(replace(hex(zeroblob(1000)), '0', '1,'), 1, 3801) || ']' FROM r WHERE id <= 200;
INSERT INTO short SELECT id, replace(hex(zeroblob(325)), '00', 'duty') FROM r WHERE id <= 2000;
CREATE TABLE far (id INTEGER PRIMARY KEY, body TEXT);
INSERT INTO far SELECT id, replace(hex(zeroblob(740)), '00', 'dutyduty') || id FROM r WHERE id <= 2000;
CREATE TABLE many (a TEXT, b TEXT, c TEXT, d TEXT, e TEXT, f TEXT, g TEXT, h TEXT);
INSERT INTO many SELECT t, t, t, t, t, t, t, t FROM (SELECT replace(hex(zeroblob(62)), '00', 'dutyduty') || id AS t FROM r WHERE id <= 1000);
INSERT INTO words SELECT name || ' the permit holder shall keep records of ' || (id % 97) FROM r;
";

const NUMBERS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";

/// Each attack with its name.
pub(crate) fn attacks() -> Vec<(&'static str, String)> {
    let endless = |select: &str| format!("{NUMBERS} {select}");
    let plain = |sql: &str| sql.to_owned();
    let many = |count: usize, one: &dyn Fn(usize) -> String, between: &str| {
        (0..count).map(one).collect::<Vec<_>>().join(between)
    };
    vec![
        (
            "join of six tables",
            plain("SELECT count(*) FROM r a, r b, r c, r d, r e, r f WHERE a.x < f.x"),
        ),
        (
            "join of six tables by index",
            plain(
                "SELECT count(*) FROM r a, r b, r c, r d, r e, r f WHERE b.id = a.k AND c.id = b.k AND d.id = c.k AND e.id <> d.k AND f.id = e.k",
            ),
        ),
        ("recursion", endless("SELECT count(*) FROM n")),
        (
            "recursion that keeps all",
            plain(
                "WITH RECURSIVE n(i, t) AS (SELECT 1, 'a' UNION SELECT i + 1, t || i FROM n) SELECT count(*) FROM n",
            ),
        ),
        (
            "randomblob",
            endless("SELECT max(length(randomblob(1000000))) FROM n"),
        ),
        (
            "zeroblob",
            endless("SELECT max(length(zeroblob(1000000 + i % 2))) FROM n"),
        ),
        (
            "zeroblob as text",
            endless("SELECT max(CAST(zeroblob(900000 + i % 2) AS TEXT) || 'x') FROM n"),
        ),
        (
            "hex",
            endless("SELECT max(hex(zeroblob(499000 + i % 2))) FROM n"),
        ),
        (
            "quote",
            endless("SELECT max(length(quote(zeroblob(490000 + i % 2)))) FROM n"),
        ),
        (
            "printf, wide",
            endless("SELECT max(length(printf('%900000d', i))) FROM n"),
        ),
        (
            "printf, many digits",
            endless("SELECT max(length(printf('%.900000f', i / 3.0))) FROM n"),
        ),
        (
            "printf, repeated",
            endless("SELECT max(length(printf('%.*c', 900000, 'x' || i))) FROM n"),
        ),
        (
            "printf of numbers",
            endless(
                "SELECT max(length(printf('%!.26f %!.26e %,d', i / 3.0, i * 1e300, i))) FROM n",
            ),
        ),
        (
            "replace that grows",
            endless(
                "SELECT max(length(replace(hex(zeroblob(5000 + i % 2)), '0', 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz'))) FROM n",
            ),
        ),
        (
            "replace of nothing found",
            endless("SELECT max(length(replace(hex(zeroblob(499000)), 'f' || i, ''))) FROM n"),
        ),
        (
            "group_concat",
            endless("SELECT length(group_concat(i, 'separator')) FROM n"),
        ),
        (
            "upper",
            endless("SELECT max(upper(hex(zeroblob(499000 + i % 2)))) FROM n"),
        ),
        (
            "LIKE, many wildcards",
            plain(&format!(
                "SELECT count(*) FROM slow WHERE body LIKE '{}b'",
                "%a".repeat(120)
            )),
        ),
        (
            "LIKE, one place",
            plain(&format!(
                "SELECT count(*) FROM slow WHERE body LIKE '%{}b%'",
                "a_".repeat(120)
            )),
        ),
        (
            "GLOB, many wildcards",
            plain(&format!(
                "SELECT count(*) FROM slow WHERE body GLOB '{}b'",
                "*a".repeat(120)
            )),
        ),
        (
            "GLOB, sets",
            plain(&format!(
                "SELECT count(*) FROM slow WHERE body GLOB '*{}b'",
                "[a-z]".repeat(48)
            )),
        ),
        (
            "json_each of a large array",
            plain(
                "SELECT count(*) FROM (SELECT '[' || substr(replace(hex(zeroblob(200000)), '0', '1,'), 1, 700001) || ']' AS j) t, json_each(t.j)",
            ),
        ),
        (
            "json_each of a deep array",
            plain(
                "SELECT count(*) FROM (SELECT replace(hex(zeroblob(450)), '0', '[') || replace(hex(zeroblob(450)), '0', ']') AS j) t, r, json_tree(t.j)",
            ),
        ),
        (
            "json, parsed again",
            plain(
                "SELECT sum(json_extract(j, '$[' || id || ']')) FROM (SELECT '[' || substr(replace(hex(zeroblob(200000)), '0', '1,'), 1, 700001) || ']' AS j) t, r",
            ),
        ),
        (
            "json_group_array",
            endless("SELECT length(json_group_array(i)) FROM n"),
        ),
        (
            "json_set that copies",
            plain(
                "SELECT max(length(json_set(j, '$.k' || id, id))) FROM (SELECT json_object('a', hex(zeroblob(200000))) AS j) t, r",
            ),
        ),
        (
            "deep expression",
            plain(&format!(
                "SELECT {}1{}",
                "(1 + ".repeat(190),
                ")".repeat(190)
            )),
        ),
        (
            "wide expression",
            plain(&format!(
                "SELECT count(*) FROM r WHERE {}",
                many(60, &|i| format!("(k + {i}) % 7 = {i}"), " OR ")
            )),
        ),
        (
            "list of 12 000 terms",
            plain(&format!(
                "SELECT count(*) FROM r WHERE k IN ({})",
                many(12_000, &|i| format!("{}", i % 9_999), ",")
            )),
        ),
        (
            "list that is sorted",
            plain(
                "SELECT count(*) FROM r a WHERE a.k IN (SELECT b.k || 'x' FROM r b ORDER BY b.x)",
            ),
        ),
        (
            "window over a million rows",
            plain(
                "SELECT max(t) FROM (SELECT count(*) OVER (ORDER BY a.x * b.id) AS t FROM r a, (SELECT * FROM r LIMIT 50) b)",
            ),
        ),
        (
            "window whose frame moves",
            plain(
                "SELECT max(t) FROM (SELECT max(k) OVER (ORDER BY id ROWS BETWEEN 5000 PRECEDING AND CURRENT ROW EXCLUDE TIES) AS t FROM r)",
            ),
        ),
        (
            "window of text",
            plain(
                "SELECT max(length(t)) FROM (SELECT group_concat(name) OVER (ORDER BY id ROWS 1000 PRECEDING) AS t FROM r)",
            ),
        ),
        (
            "full text, 2 000 terms",
            plain(&format!(
                "SELECT count(*) FROM words WHERE words MATCH '{}'",
                many(2_000, &|i| format!("{}", i % 97), " OR ")
            )),
        ),
        (
            "full text, 250 terms, ranked",
            plain(&format!(
                "SELECT count(*) FROM (SELECT rowid FROM words WHERE words MATCH '{}' ORDER BY rank)",
                many(250, &|i| format!("{}", i % 97), " OR ")
            )),
        ),
        (
            "full text, prefixes",
            plain(&format!(
                "SELECT count(*) FROM words WHERE words MATCH '{}'",
                many(200, &|i| format!("{}*", i % 10), " OR ")
            )),
        ),
        (
            "full text, near",
            plain(
                "SELECT count(*) FROM words WHERE words MATCH 'NEAR(the permit holder shall keep records of, 100)'",
            ),
        ),
        (
            "full text, phrase",
            plain(
                "SELECT count(*) FROM words WHERE words MATCH '\"the permit holder shall keep records of\"'",
            ),
        ),
        (
            "full text, snippets",
            plain(
                "SELECT max(length(snippet(words, 0, '[', ']', '', 64))) FROM words WHERE words MATCH 'the OR permit OR holder OR records OR keep'",
            ),
        ),
        (
            "full text, long text added",
            plain("INSERT INTO words SELECT replace(hex(zeroblob(150000)), '0', id || ' ') FROM r"),
        ),
        (
            "full text, merged",
            plain("INSERT INTO words (words) VALUES ('optimize')"),
        ),
        (
            "full text, rebuilt",
            plain("INSERT INTO words (words) VALUES ('rebuild')"),
        ),
        ("trigger cascade", plain("INSERT INTO t1 SELECT id FROM r")),
        (
            "generated columns",
            plain("SELECT max(a.y), max(a.z) FROM made a, r b"),
        ),
        (
            "keys of almost a megabyte",
            format!("INSERT INTO keys {NUMBERS} SELECT hex(zeroblob(499000)) || i FROM n"),
        ),
        (
            "keys of 100 KB",
            format!(
                "INSERT INTO keys {NUMBERS} SELECT hex(zeroblob(50000)) || (i * 7919 % 20011) FROM n LIMIT 20011"
            ),
        ),
        (
            "sort of wide rows",
            plain(
                "SELECT count(*) FROM (SELECT a.a, a.b, a.c FROM wide a, r b ORDER BY a.a LIMIT -1 OFFSET 1)",
            ),
        ),
        (
            "sort of wide rows, kept",
            plain("SELECT count(*) FROM (SELECT DISTINCT a.a || b.id, a.b FROM wide a, r b)"),
        ),
        (
            "distinct of long text",
            endless("SELECT count(DISTINCT hex(zeroblob(100000)) || i) FROM n"),
        ),
        (
            "compound of a hundred",
            plain(&many(100, &|i| format!("SELECT k + {i} FROM r"), " UNION ")),
        ),
        (
            "date with many modifiers",
            plain(&format!(
                "SELECT max(datetime(k, 'unixepoch'{})) FROM r",
                ", 'start of month', '+1 month', 'weekday 3'".repeat(30)
            )),
        ),
        (
            "like of two long texts",
            plain("SELECT sum(a.body LIKE b.body) FROM slow a, slow b"),
        ),
        (
            "instr of long texts",
            plain(
                "SELECT sum(instr(a.body, substr(b.body, 1, 100000) || 'b')) FROM slow a, slow b",
            ),
        ),
        (
            "trim with a long set",
            plain(
                "SELECT sum(length(trim(a.body, substr(b.body, 1, 100000)))) FROM slow a, slow b",
            ),
        ),
        (
            "unicode of long text",
            plain("SELECT sum(unicode(substr(a.body, b.id))) FROM slow a, r b"),
        ),
        (
            "cast of long text",
            plain(
                "SELECT sum(CAST(substr(replace(a.body, 'a', '1'), b.id) AS INTEGER)) FROM slow a, r b",
            ),
        ),
        (
            "cast of a long real",
            plain(
                "SELECT sum(CAST('0.' || substr(replace(a.body, 'a', '1'), b.id) AS REAL)) FROM slow a, r b",
            ),
        ),
        (
            "long text compared",
            plain("SELECT count(*) FROM slow a, slow b, r c WHERE a.body = b.body"),
        ),
        (
            "long text, no case",
            plain("SELECT count(*) FROM slow a, slow b, r c WHERE a.body = b.body COLLATE NOCASE"),
        ),
        (
            "concat",
            endless("SELECT max(length(concat(zeroblob(300000), i, zeroblob(300000)))) FROM n"),
        ),
        (
            "char",
            endless("SELECT max(char(i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i)) FROM n"),
        ),
        (
            "update of all",
            plain("UPDATE r SET name = hex(zeroblob(1000)) || name, k = k + 1"),
        ),
        (
            "delete with a search",
            plain(
                "DELETE FROM r WHERE EXISTS (SELECT 1 FROM r b WHERE b.x > r.x AND b.k < r.k AND b.name > r.name)",
            ),
        ),
        (
            "vectors",
            plain(
                "SELECT min(cosine_distance(a.v, b.v)) FROM (SELECT randomblob(65536) AS v FROM r LIMIT 200) a, (SELECT randomblob(65536) AS v FROM r LIMIT 200) b",
            ),
        ),
    ]
}
