-- Notes of a field study, each with the vector that `field-research index` gives it.
CREATE TABLE note (id INTEGER PRIMARY KEY, place TEXT NOT NULL, text TEXT NOT NULL, embedding FLOAT[128]);
