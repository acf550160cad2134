-- Levels of a river, which the guest is granted, and salaries, which it is not.
CREATE TABLE reading (id INTEGER PRIMARY KEY, station TEXT NOT NULL, level REAL NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO reading SELECT i, 'station ' || (i % 7), (i * 37 % 101) / 10.0 FROM n;
CREATE TABLE salary (name TEXT PRIMARY KEY, pounds INTEGER NOT NULL);
INSERT INTO salary VALUES ('A. Warden', 41000), ('B. Keeper', 38500);
CREATE VIEW leaky_view AS SELECT name FROM salary;
