-- Permits that were issued under others.
INSERT INTO event (permit, at, kind, detail) VALUES
    ('EP-0103', '2022-01-01 00:00:00', 'issued-under', 'EP-0110'),
    ('EP-0110', '2023-05-01 00:00:00', 'issued-under', 'EP-0101');
