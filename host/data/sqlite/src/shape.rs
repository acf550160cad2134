//! What makes SQLite slow when it compiles a statement: the tables of a join, windows, and long lists of columns and terms.
//!
//! Some of this work grows with the cube of a number, and nothing interrupts all of it. So it is read from the text before
//! SQLite sees it, refused above a bound, and paid for. Views and common tables count each time that they are named, because
//! SQLite compiles them each time.

mod counts;
mod kinds;
mod text;
mod ways;

use std::collections::BTreeMap;

use fractalaw_data_call::{CallError, Code};

use self::text::{Arm, Named, Text};
use crate::catalogue::{Catalogue, Kind};
use crate::limits::{COLUMNS, JOINED_TABLES, WINDOWS};
use crate::price;

/// What compiling a statement takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The tables of the largest join, with those of views and subqueries that SQLite may join with it.
    pub(crate) tables: u64,
    /// The most different windows of one `SELECT`.
    pub(crate) windows: u64,
    /// What this costs in addition to the text.
    pub(crate) fuel: u64,
    /// The tables of the join itself.
    join: u64,
    /// The columns of its result, at most.
    columns: u64,
}

impl Shape {
    /// Refuses what takes too long.
    pub(crate) fn check(&self) -> Result<(), CallError> {
        let refuse = |message, hint| Err(CallError::new(Code::TooLarge, message).hint(hint));
        let (tables, windows) = (self.tables, self.windows);
        if tables > JOINED_TABLES {
            return refuse(
                format!("a join of {tables} tables, expected at most {JOINED_TABLES}"),
                "make several statements of it; each view counts with the tables that it joins",
            );
        }
        if windows > WINDOWS {
            return refuse(
                format!("{windows} different windows in one `SELECT`, expected at most {WINDOWS}"),
                "make several statements of it, or use one window for several functions",
            );
        }
        Ok(())
    }
}

/// Reads how much a statement takes.
pub(crate) fn of(sql: &str, catalogue: &Catalogue) -> Shape {
    let text = Text::read(sql);
    let mut reader = Reader {
        catalogue,
        views: BTreeMap::new(),
        looks_left: MOST_LOOKS,
    };
    reader.text(&text, 0)
}

/// SQLite refuses what is nested deeper.
const MOST_NESTED: usize = 200;

/// The queries and tables of one statement that are looked through for their rows. One that has more pays the most for each further query.
const MOST_LOOKS: usize = 2_000;

struct Reader<'a> {
    catalogue: &'a Catalogue,
    /// What is known of views. One that is being read is there without anything.
    views: BTreeMap<String, Shape>,
    /// How many queries and tables are still looked through for the ways to find their rows.
    looks_left: usize,
}

/// A text that is being read.
struct Reading<'t> {
    text: &'t Text,
    /// Its common tables. One that is being read is there as a plain table.
    known: BTreeMap<String, Shape>,
    /// What is known of each query.
    done: Vec<Option<Shape>>,
}

/// A plain table.
const TABLE: Shape = Shape {
    tables: 1,
    windows: 0,
    fuel: 0,
    join: 1,
    columns: 0,
};

impl Shape {
    /// The largest join and the most windows are those of either.
    fn widen(&mut self, other: Shape) {
        self.tables = self.tables.max(other.tables);
        self.windows = self.windows.max(other.windows);
    }
}

impl Reader<'_> {
    fn text(&mut self, text: &Text, depth: usize) -> Shape {
        let mut at = Reading {
            text,
            known: BTreeMap::new(),
            done: vec![None; text.queries.len()],
        };
        let mut unused = Shape::default();
        // Common tables that are not used are compiled too.
        for name in text.common.keys() {
            unused.widen(self.named(&mut at, name, depth));
        }
        let mut first = self.query(&mut at, 0, depth);
        first.widen(unused);
        first
    }

    /// A query, after those that are in it.
    fn query(&mut self, at: &mut Reading<'_>, query: usize, depth: usize) -> Shape {
        if let Some(shape) = at.done[query] {
            return shape;
        }
        let mut whole = Shape::default();
        let text = at.text;
        for arm in &text.queries[query] {
            let shape = self.arm(at, arm, depth);
            whole.widen(shape);
            whole.fuel = whole.fuel.saturating_add(shape.fuel);
            whole.join = whole.join.max(shape.join);
            whole.columns = whole.columns.max(shape.columns);
        }
        at.done[query] = Some(whole);
        whole
    }

    fn arm(&mut self, at: &mut Reading<'_>, arm: &Arm, depth: usize) -> Shape {
        let mut shape = Shape::default();
        let mut columns = 0_u64;
        let mut add = |one: Shape, is_joined: bool| {
            shape.widen(one);
            shape.fuel = shape.fuel.saturating_add(one.fuel);
            if is_joined {
                shape.join = shape.join.saturating_add(one.join.max(1));
                columns = columns.saturating_add(one.columns);
            }
        };
        for named in &arm.names {
            add(self.table(at, named, depth), true);
        }
        for named in &arm.searched {
            add(self.table(at, named, depth), false);
        }
        for query in &arm.joined {
            add(self.nested(at, *query, depth), true);
        }
        for query in &arm.others {
            add(self.nested(at, *query, depth), false);
        }
        let shown = arm.stars.saturating_mul(columns);
        let used = columns.min(arm.words.saturating_add(shown));
        let windows = arm.windows.len() as u64;
        for fuel in [
            price::join(shape.join),
            price::natural(arm.naturals, shape.join, columns),
            price::terms(arm.counts.terms, shape.join),
            price::walked(arm.counts.walked),
            price::aggregates(arm.counts.aggregates),
            price::sorted(arm.counts.sorted, arm.counts.listed.saturating_add(shown)),
            price::constants(arm.counts.constants),
            self.ways(at.text, arm, shape.join),
            price::windows(windows, used),
        ] {
            shape.fuel = shape.fuel.saturating_add(fuel);
        }
        shape.tables = shape.tables.max(shape.join);
        shape.windows = shape.windows.max(windows);
        shape.columns = arm
            .words
            .saturating_add(shown)
            .min(COLUMNS.unsigned_abs().into());
        shape
    }

    fn nested(&mut self, at: &mut Reading<'_>, query: usize, depth: usize) -> Shape {
        match depth < MOST_NESTED {
            true => self.query(at, query, depth + 1),
            false => Shape::default(),
        }
    }

    fn table(&mut self, at: &mut Reading<'_>, named: &Named, depth: usize) -> Shape {
        match named.is_stored {
            true => self.stored(&named.name, depth),
            false => self.named(at, &named.name, depth),
        }
    }

    /// A table, a view or a common table.
    fn named(&mut self, at: &mut Reading<'_>, name: &str, depth: usize) -> Shape {
        if let Some(shape) = at.known.get(name) {
            return *shape;
        }
        let text = at.text;
        if let Some(queries) = text.common.get(name) {
            // One that names itself is recursive.
            at.known.insert(name.to_owned(), TABLE);
            let mut whole = TABLE;
            for query in queries {
                let shape = self.nested(at, *query, depth);
                whole.widen(shape);
                whole.fuel = whole.fuel.max(shape.fuel);
                whole.join = whole.join.max(shape.join);
                whole.columns = whole.columns.max(shape.columns);
            }
            at.known.insert(name.to_owned(), whole);
            return whole;
        }
        self.stored(name, depth)
    }

    fn stored(&mut self, name: &str, depth: usize) -> Shape {
        let Some(found) = self.catalogue.tables.get(name) else {
            return TABLE;
        };
        let columns = found.columns.len() as u64;
        let table = Shape { columns, ..TABLE };
        if found.kind != Kind::View || depth >= MOST_NESTED {
            return table;
        }
        if let Some(shape) = self.views.get(name) {
            return *shape;
        }
        self.views.insert(name.to_owned(), table);
        let read = self.text(&Text::read(&found.sql), depth + 1);
        let shape = Shape {
            columns,
            join: read.join.max(1),
            tables: read.tables.max(1),
            ..read
        };
        self.views.insert(name.to_owned(), shape);
        shape
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::of;
    use crate::catalogue::Catalogue;

    const SET_UP: &str = "CREATE TABLE t (a, b, c);
        CREATE VIEW v AS SELECT x.a, y.b FROM t x JOIN t y ON x.a = y.a WHERE x.b IS DISTINCT FROM y.b;
        CREATE VIEW w AS SELECT * FROM v, (SELECT a FROM v LIMIT 1) z;
        CREATE VIEW \"a\"\"b\" AS SELECT 1 FROM t, t, t";

    /// The tables of the largest join, and the most windows of one `SELECT`.
    #[test]
    fn tables_and_windows_are_counted_where_sqlite_puts_them_together() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SET_UP).unwrap();
        let catalogue = Catalogue::read(&connection).unwrap();
        for (sql, tables, windows) in [
            ("SELECT 1", 0, 0),
            (
                "SELECT a, b, trim(a, b) FROM t WHERE a IN (1, 2) ORDER BY a, b",
                1,
                0,
            ),
            (
                "SELECT * FROM t a, t AS b JOIN (t c, main.t d) ON (a.a, b.a) = (c.a, d.a), \"t\"",
                5,
                0,
            ),
            (
                "SELECT * FROM t a, json_each(a.b, '$') j WHERE a.a = j.value",
                2,
                0,
            ),
            ("SELECT * FROM v, main.v, MAIN.V x", 6, 0),
            ("SELECT * FROM w, t", 5, 0),
            // A common table does not hide what comes after the name of a schema.
            (
                "WITH v AS (SELECT 1) SELECT * FROM v, main.v, main . \"v\"",
                5,
                0,
            ),
            ("SELECT 1 FROM t WHERE a IN v", 2, 0),
            ("SELECT 1 WHERE 1 NOT IN w AND 2 IN (3)", 4, 0),
            ("WITH w AS (SELECT 1) SELECT 1 IN main.w, 1 IN w", 4, 0),
            (
                "SELECT * FROM t \u{feff}, v \u{feff}JOIN w, \u{feff}\"v\"",
                9,
                0,
            ),
            ("SELECT * FROM \"a\"\"b\", [a\"b]", 6, 0),
            ("SELECT * FROM t WHERE EXISTS (SELECT 1 FROM v)", 3, 0),
            (
                "SELECT (SELECT max(a) FROM v), (SELECT 1 FROM t) FROM t",
                2,
                0,
            ),
            (
                "SELECT a FROM t UNION SELECT b FROM t UNION ALL SELECT 1 FROM t, t",
                2,
                0,
            ),
            (
                "WITH x AS (SELECT * FROM y, y), y(q, r) AS (SELECT 1, 2 FROM v) SELECT * FROM x, t",
                5,
                0,
            ),
            (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n, t) SELECT * FROM n",
                2,
                0,
            ),
            ("WITH x AS (SELECT 1 FROM v, v) SELECT 1", 4, 0),
            ("INSERT INTO t SELECT 1, 2, 3 FROM v", 2, 0),
            (
                "SELECT sum(a) OVER (), sum(b) OVER ( ), sum(c) OVER w FROM t WINDOW w AS (ORDER BY (a))",
                1,
                2,
            ),
            (
                "SELECT sum(a) OVER (ORDER BY (a)), sum(b) OVER (ORDER BY (b)) FROM t",
                1,
                2,
            ),
            ("SELECT 'sum(a) OVER (), natural join' -- from t", 0, 0),
        ] {
            let found = of(sql, &catalogue);
            assert_eq!((found.tables, found.windows), (tables, windows), "{sql}");
        }
    }

    #[test]
    fn what_is_small_costs_nothing_and_the_rest_by_its_cube_or_square() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SET_UP).unwrap();
        let catalogue = Catalogue::read(&connection).unwrap();
        let named = |times: usize| format!("SELECT 1 FROM {}", vec!["t"; times].join(", "));
        let windows = |times: usize| {
            let each = |i| format!("sum(a) OVER (ORDER BY a + {i})");
            format!(
                "SELECT {} FROM t",
                (0..times).map(each).collect::<Vec<_>>().join(", ")
            )
        };
        for (sql, fuel) in [
            (named(4), 0),
            (named(5), 500 * (125 - 64)),
            (named(32), 500 * (32_768 - 64)),
            ("SELECT * FROM v, v".to_owned(), 0),
            (
                "SELECT * FROM t a NATURAL JOIN t b".to_owned(),
                20 * 2 * 6 * 6,
            ),
            (windows(1), 10_000 * 3 + 3_000),
            (windows(4), 10_000 * 4 * 3 + 3_000 * 16),
            (
                format!("SELECT 1 FROM t WHERE {}", ["a"; 17].join(" AND ")),
                0,
            ),
            (
                format!("SELECT 1 FROM t WHERE {}", ["a"; 18].join(" AND ")),
                20 * 33,
            ),
        ] {
            assert_eq!(of(&sql, &catalogue).fuel, fuel, "{sql}");
        }
    }

    /// What a text defines can double with each line, and can go in circles.
    #[test]
    fn a_text_that_grows_without_bound_is_counted_at_once() {
        let catalogue = Catalogue::default();
        let doubles = |i: usize| format!("a{} AS (SELECT 1 FROM a{i}, a{i})", i + 1);
        let defined: Vec<String> = (0..100).map(doubles).collect();
        let sql = format!("WITH {} SELECT 1 FROM a100", defined.join(", "));
        assert_eq!(of(&sql, &catalogue).tables, u64::MAX);
        let circle = "WITH a AS (SELECT 1 FROM b), b AS (SELECT 1 FROM a) SELECT 1 FROM a, b";
        assert_eq!(of(circle, &catalogue).tables, 2);
        let nested = format!("SELECT 1 FROM {}t", "(SELECT 1 FROM ".repeat(4_000));
        assert_eq!(of(&nested, &catalogue).tables, 1);
    }
}
