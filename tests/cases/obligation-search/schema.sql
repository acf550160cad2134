-- Regulations, their provisions, and a full-text table over the provisions.
CREATE TABLE regulation (id INTEGER PRIMARY KEY, title TEXT NOT NULL, made DATE NOT NULL);
CREATE TABLE provision (
    id INTEGER PRIMARY KEY,
    regulation INTEGER NOT NULL REFERENCES regulation (id),
    paragraph TEXT NOT NULL,
    text TEXT NOT NULL,
    embedding FLOAT[384]
);
CREATE VIRTUAL TABLE provision_text USING fts5(text, tokenize = 'porter unicode61');
