-- A number of another form, which the guest does not expect when it writes a letter.
INSERT INTO permit VALUES ('0113', 'Saltmarsh Sailing Club', 'fuel store', '2021-04-01', '2026-04-01', 7000, 'in-force');
