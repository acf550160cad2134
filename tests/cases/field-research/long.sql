-- A note of 10 000 words, which is longer than the model reads.
INSERT INTO note (id, place, text) VALUES (10, 'everywhere', replace(hex(zeroblob(5000)), '0', 'and '));
