-- The register of an authority that issues environmental permits.
CREATE TABLE permit (
    number TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    activity TEXT NOT NULL,
    issued DATE NOT NULL,
    expires DATE NOT NULL,
    fee_pence INTEGER NOT NULL CHECK (fee_pence >= 0),
    status TEXT NOT NULL CHECK (status IN ('in-force', 'suspended', 'expired', 'revoked')),
    CHECK (expires > issued)
);
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    permit TEXT NOT NULL REFERENCES permit (number),
    at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX permit_expires ON permit (expires);
CREATE INDEX event_permit ON event (permit);
