-- What `rows_by_library.rs` and `rows_by_arrow.rs` read and write.
CREATE TABLE reading (site TEXT NOT NULL, unit TEXT NOT NULL, value REAL, number INTEGER NOT NULL, valid BOOLEAN NOT NULL, remark TEXT);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
INSERT INTO reading
    SELECT 'site ' || i, 'mg/m3', CASE WHEN i % 7 > 0 THEN i / 4.0 END, i, i % 2 = 0, CASE WHEN i % 5 = 0 THEN 'remark ' || i END FROM n;
