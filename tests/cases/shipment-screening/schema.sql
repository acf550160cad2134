CREATE TABLE restriction (
    rule TEXT PRIMARY KEY,
    goods TEXT NOT NULL,
    destination TEXT NOT NULL,
    from_kilograms INTEGER NOT NULL,
    demand TEXT NOT NULL,
    reason TEXT NOT NULL
);
