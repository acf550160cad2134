//! The database: tables that are granted, tables that are not, and everything that leads from one to the other.

use std::cell::Cell;
use std::sync::{Arc, LazyLock};

use fractalaw_sqlite::{Grants, Store};
use rusqlite::Connection;

use crate::data::{CONDITIONS, Purse};

/// `{SIDE}` is what differs: the values of what is not granted. They have the same types and lengths on both sides.
const SET_UP: &str = "
CREATE TABLE plain (id INTEGER PRIMARY KEY, n INTEGER, r REAL, t TEXT, b BLOB);
CREATE TABLE mixed (id INTEGER PRIMARY KEY, name TEXT, zqword TEXT DEFAULT 'zqdefault', zqnumber INTEGER);
CREATE INDEX mixed_zqnumber ON mixed (zqnumber);
CREATE TABLE keyed (a TEXT, b INTEGER CHECK (b < 1000), c TEXT UNIQUE, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE strict_one (id INTEGER PRIMARY KEY AUTOINCREMENT, day TEXT NOT NULL, flag INTEGER, any ANY) STRICT;
CREATE TABLE made (x INTEGER, y INTEGER AS (x * 2) STORED, z TEXT AS ('z' || x));
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id) ON DELETE CASCADE ON UPDATE SET NULL);
CREATE TABLE logged (id INTEGER PRIMARY KEY, t TEXT);
CREATE TABLE log (id INTEGER PRIMARY KEY, t TEXT);
CREATE TRIGGER logs AFTER INSERT ON logged BEGIN INSERT INTO log (t) VALUES (new.t); END;
CREATE TABLE deep (id INTEGER PRIMARY KEY, n INTEGER);
CREATE TRIGGER deeper AFTER INSERT ON deep WHEN new.n > 0 BEGIN INSERT INTO deep (n) VALUES (new.n - 1); END;
CREATE VIRTUAL TABLE docs USING fts5(title, body);
CREATE TABLE \"odd \"\"name\" (\"a b\" TEXT, \"select\" INTEGER);
CREATE VIEW names AS SELECT id, name FROM mixed;
CREATE VIEW sums AS SELECT t, count(*) AS c, sum(n) AS s FROM plain GROUP BY t;
CREATE TABLE zqvault (id INTEGER PRIMARY KEY, zqword TEXT, zqnumber INTEGER);
CREATE VIRTUAL TABLE zqdocs USING fts5(body);
CREATE VIEW zqview AS SELECT zqword FROM zqvault;
CREATE VIEW far AS SELECT zqword FROM zqvault;
CREATE VIEW counted AS SELECT (SELECT count(*) FROM zqvault) AS n;
CREATE VIEW half AS SELECT id, zqword FROM mixed;
CREATE TABLE watched (id INTEGER PRIMARY KEY, t TEXT);
CREATE TRIGGER zqwatch AFTER INSERT ON watched BEGIN INSERT INTO zqvault (zqword) VALUES (new.t); END;
CREATE TABLE owned (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES zqvault(id));
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO plain SELECT i, i * 7 % 11, i / 4.0, 'text ' || (i % 5), CAST(i AS BLOB) FROM n;
INSERT INTO mixed SELECT id, 'name ' || id, 'zqvalue{SIDE}' || (id % 3), 730558194020 + (id * {FACTOR}) % 41 FROM plain;
INSERT INTO keyed SELECT t, n, 'c' || id FROM plain WHERE id <= 5;
INSERT INTO strict_one (day, flag, any) VALUES ('2025-01-02', 1, 'x'), ('2025-03-04', 0, 5);
INSERT INTO made (x) SELECT id FROM plain;
INSERT INTO parent VALUES (1, 'one'), (2, 'two');
INSERT INTO child VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO docs SELECT 'title ' || id, 'the permit holder shall keep record ' || n FROM plain;
INSERT INTO \"odd \"\"name\" VALUES ('x', 1);
INSERT INTO zqvault SELECT id, 'zqvalue{SIDE}' || (id % 3), 730558194020 + (id * {FACTOR}) % 41 FROM plain;
INSERT INTO zqdocs SELECT 'the zqvalue{SIDE} of ' || id FROM plain;
INSERT INTO watched VALUES (1, 'w');
INSERT INTO owned VALUES (1, 1);
ANALYZE;
";

/// What is not granted, unrestricted: none of it may change.
const HIDDEN: [&str; 5] = [
    "SELECT group_concat(id || zqword || zqnumber) FROM (SELECT * FROM zqvault ORDER BY id)",
    "SELECT group_concat(id || zqword || zqnumber) FROM (SELECT * FROM mixed ORDER BY id)",
    "SELECT group_concat(body) FROM zqdocs",
    "SELECT group_concat(name || coalesce(sql, '')) FROM sqlite_schema",
    "SELECT group_concat(tbl || coalesce(idx, '') || stat) FROM sqlite_stat1",
];

/// Names that only what is not granted has.
pub(super) const HIDDEN_NAMES: [&str; 7] = [
    "zqvault",
    "zqword",
    "zqnumber",
    "zqdocs",
    "zqview",
    "zqwatch",
    "zqdefault",
];

const READ: [&str; 17] = [
    "plain",
    "mixed.id",
    "mixed.name",
    "keyed",
    "strict_one",
    "made",
    "parent",
    "child",
    "logged",
    "log",
    "deep",
    "docs",
    "names",
    "sums",
    "far",
    "counted",
    "half",
];
const WRITE: [&str; 13] = [
    "plain",
    "mixed.name",
    "keyed",
    "strict_one",
    "made",
    "parent",
    "child",
    "logged",
    "log",
    "deep",
    "docs",
    "watched",
    "owned",
];

pub(super) fn grants() -> Arc<Grants> {
    static GRANTS: LazyLock<Arc<Grants>> =
        LazyLock::new(|| Arc::new(Grants::new(&READ, &WRITE).expect("these are grants")));
    Arc::clone(&GRANTS)
}

/// One of the two databases, made anew after each run that changed it.
pub(super) struct Side {
    text: String,
    open: Option<Open>,
}

struct Open {
    store: Store,
    /// With all rights.
    owner: Connection,
    hidden: Vec<String>,
}

impl Side {
    /// Values that only what is not granted has. The numbers are too short to be looked for.
    pub(super) const VALUES: [&'static str; 1] = ["zqvalue"];

    fn new(side: &str, factor: &str) -> Side {
        Side {
            text: SET_UP.replace("{SIDE}", side).replace("{FACTOR}", factor),
            open: None,
        }
    }

    fn open(&mut self) -> &Open {
        self.open.get_or_insert_with(|| {
            let store = Store::temporary(|connection| connection.execute_batch(&self.text))
                .expect("the tables can be made");
            let owner = Connection::open(store.path()).expect("the file is there");
            let hidden = hidden(&owner);
            Open {
                store,
                owner,
                hidden,
            }
        })
    }

    /// The database, as runs before this one left it.
    pub(super) fn fresh(&mut self) -> Store {
        self.open().store.clone()
    }

    /// The same, and a connection to it that was used before.
    pub(super) fn used(&mut self) -> Store {
        let store = self.fresh();
        let mut run = store.run(grants(), CONDITIONS, Box::new(Purse::new(100_000)));
        run.query("SELECT count(*) FROM plain")
            .expect("it is granted");
        drop(run);
        store
    }

    /// Nothing changed but what is granted. `changed` is what the run says that it changed.
    pub(super) fn check(&mut self, changed: Option<&[String]>) {
        let Some(open) = &self.open else { return };
        assert_eq!(hidden(&open.owner), open.hidden);
        if changed.is_some_and(|changed| !changed.is_empty()) {
            let sound: String = open
                .owner
                .query_row("PRAGMA integrity_check", (), |row| row.get(0))
                .expect("it can be checked");
            assert_eq!(sound, "ok");
            self.open = None;
        }
    }
}

fn hidden(owner: &Connection) -> Vec<String> {
    let value = |sql: &&str| {
        let value: Option<String> = owner
            .query_row(sql, (), |row| row.get(0))
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        value.unwrap_or_default()
    };
    HIDDEN.iter().map(value).collect()
}

thread_local! {
    /// A static would never be dropped, and its files would stay when the process has ended.
    static SIDES: Cell<Option<(Side, Side)>> = const { Cell::new(None) };
}

/// Works with both databases. If an input breaks a promise, the next one meets new ones.
pub(super) fn with_sides<T>(work: impl FnOnce(&mut (Side, Side)) -> T) -> T {
    let new = || (Side::new("A", "7"), Side::new("B", "16"));
    let mut sides = SIDES.take().unwrap_or_else(new);
    let done = work(&mut sides);
    SIDES.set(Some(sides));
    done
}
