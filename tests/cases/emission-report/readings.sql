-- What three stacks emitted, and what they may emit.
INSERT INTO stack VALUES (1, 'harbour', 'NOx', 150), (2, 'harbour', 'SO2', 40), (3, 'mill', 'dust', 5);
INSERT INTO reading VALUES (1, '2026-01-31 23:00:00+00', 300), (1, '2026-02-01 04:00:00+00', 180.5),
    (1, '2026-02-01 06:00:00+00', 151.5), (2, '2026-02-02 12:00:00+00', 39.0), (3, '2026-02-03 00:00:00+00', 5.25);
