CREATE TABLE lot (id TEXT PRIMARY KEY, product TEXT NOT NULL, units INTEGER NOT NULL, produced TEXT NOT NULL);
CREATE TABLE inspection (
  lot TEXT PRIMARY KEY REFERENCES lot, product TEXT NOT NULL, inspected TEXT NOT NULL,
  defects INTEGER NOT NULL, accept INTEGER NOT NULL
);
INSERT INTO lot VALUES
  ('A-101', 'valve', 400, '2026-01-05'), ('A-102', 'valve', 400, '2026-01-12'), ('A-103', 'valve', 900, '2026-02-02'),
  ('B-201', 'gauge', 90, '2026-01-08'), ('B-202', 'gauge', 60, '2026-02-03'), ('B-203', 'gauge', 8, '2026-02-04'),
  ('C-301', 'filter', 12000, '2026-02-05'), ('B-101', 'gauge', 90, '2025-11-08'), ('B-102', 'gauge', 90, '2025-12-08');
INSERT INTO inspection VALUES
  ('A-101', 'valve', '2026-01-06', 0, 1), ('A-102', 'valve', '2026-01-13', 1, 1), ('B-201', 'gauge', '2026-01-09', 1, 0),
  ('B-102', 'gauge', '2025-12-09', 2, 0), ('B-101', 'gauge', '2025-11-09', 0, 0);
