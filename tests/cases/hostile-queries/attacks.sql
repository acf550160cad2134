-- Tables for statements that do much: long texts, words, keys, columns that are computed, and triggers that fire each other.
CREATE TABLE page (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)
    INSERT INTO page SELECT i, replace(hex(zeroblob(100000)), '0', 'a') FROM n;
CREATE VIRTUAL TABLE words USING fts5(body);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO words SELECT 'the permit holder shall keep records of ' || (i % 97) FROM n;
CREATE TABLE keys (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE made (body TEXT, wide INTEGER AS (length(body || body)), loud TEXT AS (upper(body)));
INSERT INTO made (body) SELECT body FROM page;
CREATE TABLE first (n INTEGER);
CREATE TABLE second (n INTEGER);
CREATE TABLE third (n INTEGER);
CREATE TRIGGER to_second AFTER INSERT ON first BEGIN INSERT INTO second SELECT new.n FROM reading; END;
CREATE TRIGGER to_third AFTER INSERT ON second BEGIN INSERT INTO third SELECT new.n FROM reading; END;
CREATE VIRTUAL TABLE dense USING fts5(body);
INSERT INTO dense SELECT replace(hex(zeroblob(20000)), '00', 'the of ');
CREATE TABLE middle (body TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO middle SELECT replace(hex(zeroblob(500)), '0', 'duty') FROM n;
