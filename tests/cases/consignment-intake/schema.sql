CREATE TABLE consignment (
    number TEXT PRIMARY KEY,
    carrier TEXT NOT NULL,
    weight_kg INTEGER NOT NULL CHECK (weight_kg < 44000)
) WITHOUT ROWID;
