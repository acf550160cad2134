//! Statements of many kinds, by which the prices of data are set.

/// The number of rows of the tables `r` and `s`. The tables `words`, `vectors` and `big` have fewer.
pub(crate) const SET_UP: &str = "
CREATE TABLE r (id INTEGER PRIMARY KEY, k INTEGER, x REAL, name TEXT);
CREATE TABLE s (id INTEGER PRIMARY KEY, r INTEGER, note TEXT);
CREATE INDEX s_r ON s (r);
CREATE TABLE w (id INTEGER PRIMARY KEY, k INTEGER UNIQUE, note TEXT);
CREATE TABLE logged (id INTEGER PRIMARY KEY, note TEXT);
CREATE TABLE log (id INTEGER PRIMARY KEY, note TEXT);
CREATE TRIGGER logs AFTER INSERT ON logged BEGIN INSERT INTO log (note) VALUES (new.note); END;
CREATE TABLE vectors (id INTEGER PRIMARY KEY, v FLOAT[384]);
CREATE TABLE bare (a INTEGER, b REAL, c TEXT, d BLOB);
CREATE TABLE big (id INTEGER PRIMARY KEY, body TEXT);
CREATE VIRTUAL TABLE words USING fts5(body);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO r SELECT i, i * 7919 % 20011, i / 3.0, 'name ' || (i * 31 % 20011) FROM n;
INSERT INTO s SELECT id, k, 'note of ' || name FROM r;
INSERT INTO vectors SELECT id, randomblob(1536) FROM r WHERE id <= 2000;
INSERT INTO big SELECT id, replace(hex(zeroblob(10000)), '00', 'duty ' || id || ' of the holder ') FROM r WHERE id <= 100;
INSERT INTO words SELECT note || ' the permit holder shall keep records of ' || (id % 97) FROM s;
";

/// The statements that are measured, by name. A statement that changes something is rolled back after each time.
pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("nothing", "SELECT 1"),
    ("point by key", "SELECT name FROM r WHERE id = 777"),
    ("count", "SELECT count(*) FROM r WHERE k > 5"),
    ("scan of numbers", "SELECT sum(k * 2 + id % 7) FROM r"),
    ("scan of reals", "SELECT avg(x * 1.5 - id) FROM r"),
    ("scan into a result", "SELECT id, k, x, name FROM r"),
    (
        "nulls into a result",
        "SELECT n.a, n.b, n.c, n.d FROM r LEFT JOIN bare n ON 0",
    ),
    (
        "scan with LIKE",
        "SELECT count(*) FROM r WHERE name LIKE '%9%1%'",
    ),
    (
        "sort of numbers",
        "SELECT max(k) FROM (SELECT k FROM r ORDER BY x * -1 LIMIT -1 OFFSET 1)",
    ),
    (
        "sort of text",
        "SELECT max(name) FROM (SELECT name FROM r ORDER BY name LIMIT -1 OFFSET 1)",
    ),
    (
        "group by expression",
        "SELECT count(*) FROM (SELECT k % 1000 AS g, count(*) FROM r GROUP BY g)",
    ),
    ("distinct", "SELECT count(DISTINCT name) FROM r"),
    (
        "join by index",
        "SELECT count(*) FROM r JOIN s ON s.r = r.k",
    ),
    (
        "join without index",
        "SELECT count(*) FROM (SELECT * FROM r LIMIT 300) a, (SELECT * FROM s LIMIT 300) b WHERE a.x < b.id",
    ),
    (
        "recursion",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT count(*) FROM n",
    ),
    (
        "window",
        "SELECT max(t) FROM (SELECT sum(k) OVER (ORDER BY id ROWS 5 PRECEDING) AS t FROM r)",
    ),
    (
        "in a list made",
        "SELECT count(*) FROM r WHERE k IN (SELECT r FROM s WHERE id % 2)",
    ),
    (
        "text functions",
        "SELECT sum(length(upper(substr(name, 2)) || trim(name))) FROM r",
    ),
    (
        "printf",
        "SELECT sum(length(printf('%08.3f %s', x, name))) FROM r",
    ),
    (
        "json",
        "SELECT sum(json_extract(json_object('a', id, 'b', name), '$.a')) FROM r",
    ),
    (
        "json_each",
        "SELECT sum(value) FROM r, json_each(json_array(r.id, k, 3, 4)) WHERE r.id <= 4000",
    ),
    (
        "dates",
        "SELECT max(date('2025-01-01', '+' || (id % 365) || ' days')) FROM r",
    ),
    (
        "randomblob(1000)",
        "SELECT sum(length(randomblob(1000))) FROM r WHERE id <= 4000",
    ),
    ("values of 200 KB read", "SELECT sum(length(body)) FROM big"),
    (
        "values of 200 KB searched",
        "SELECT sum(instr(body, 'nowhere')) FROM big",
    ),
    (
        "values of 200 KB with LIKE",
        "SELECT count(*) FROM big WHERE body LIKE '%duty%never%'",
    ),
    (
        "values of 200 KB replaced",
        "SELECT sum(length(replace(body, 'duty', 'right'))) FROM big",
    ),
    (
        "values of 200 KB sorted",
        "SELECT max(body) FROM (SELECT body FROM big ORDER BY body DESC LIMIT -1 OFFSET 1)",
    ),
    (
        "100 KB joined",
        "SELECT sum(length(hex(zeroblob(50000)) || id)) FROM r WHERE id <= 1000",
    ),
    (
        "100 KB constant, searched",
        "WITH c(t) AS MATERIALIZED (SELECT hex(zeroblob(50000))) SELECT sum(instr(t, 'n' || id)) FROM c, r WHERE id <= 2000",
    ),
    (
        "100 KB constant, compared",
        "WITH c(t) AS MATERIALIZED (SELECT hex(zeroblob(50000))) SELECT sum(t || id > t || k) FROM c, r WHERE id <= 1000",
    ),
    (
        "1 MB made",
        "SELECT sum(length(zeroblob(1000000) || id)) FROM r WHERE id <= 100",
    ),
    (
        "group_concat",
        "SELECT sum(length(g)) FROM (SELECT group_concat(name) AS g FROM r GROUP BY id % 10)",
    ),
    (
        "full text",
        "SELECT count(*) FROM words WHERE words MATCH 'permit AND 42'",
    ),
    (
        "full text, ranked",
        "SELECT count(*) FROM (SELECT rowid FROM words WHERE words MATCH '42' ORDER BY rank LIMIT 20)",
    ),
    (
        "full text, snippets",
        "SELECT snippet(words, 0, '[', ']', '…', 8) FROM words WHERE words MATCH '42'",
    ),
    (
        "vectors of 384",
        "SELECT min(cosine_distance(v, (SELECT v FROM vectors WHERE id = 1))) FROM vectors",
    ),
    ("insert one", "INSERT INTO w (k, note) VALUES (1, 'note')"),
    (
        "insert many",
        "INSERT INTO w (k, note) SELECT k, name FROM r",
    ),
    (
        "insert with a trigger",
        "INSERT INTO logged (note) SELECT name FROM r WHERE id <= 5000",
    ),
    ("update many", "UPDATE r SET k = k + 1"),
    ("update by index", "UPDATE s SET note = 'x' WHERE r = 500"),
    ("delete many", "DELETE FROM s WHERE id % 2"),
    (
        "full text, added",
        "INSERT INTO words SELECT note FROM s WHERE id <= 2000",
    ),
];
