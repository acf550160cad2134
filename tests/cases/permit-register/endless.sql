-- A register whose events come from a view without an end.
DROP TABLE event;
CREATE VIEW event (permit, kind) AS
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT 'EP-0101', iif(i < 0, 'reminded', 'noted') FROM n;
