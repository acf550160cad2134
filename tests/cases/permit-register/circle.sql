-- A register that was filled by hand: two permits, each issued under the other.
INSERT INTO event (permit, at, kind, detail) VALUES
    ('EP-0101', '2023-05-01 00:00:00', 'issued-under', 'EP-0110');
