//! The ways to find rows by an index. SQLite looks at all of them for each table that a query reads.

use std::collections::{BTreeMap, BTreeSet};

use super::Reader;
use super::text::{Arm, Named, Text};
use crate::catalogue::{Catalogue, Kind, Table};
use crate::price;

/// So many bytes of a view's text count as one.
const BYTES_OF_LOOK: usize = 128;

impl Reader<'_> {
    /// What it costs to look at the ways to find the rows of a query.
    pub(super) fn ways(&mut self, text: &Text, arm: &Arm, joined: u64) -> u64 {
        let counts = &arm.counts;
        let catalogue = self.catalogue;
        let changed = text.queries[0].first().map(|arm| &arm.counts.into.0);
        let changed = changed.and_then(|name| catalogue.tables.get_key_value(name));
        let unique = changed.map_or(0, |(_, table)| table.indexes.len() as u64 + 1);
        let conflicts = price::conflicts(counts.conflicts.saturating_mul(unique));
        if counts.compared.len() < 4 && counts.ors == 0 && arm.naturals == 0 {
            return conflicts;
        }
        let mut under = Under {
            catalogue,
            left: self.looks_left,
            tables: BTreeMap::new(),
        };
        (under.tables).extend(changed.map(|(name, table)| (name.as_str(), table)));
        under.add(text, arm, &mut BTreeSet::new());
        let tables = under.tables;
        self.looks_left = under.left;
        let mut compared: BTreeMap<&str, u64> = BTreeMap::new();
        for name in &counts.compared {
            *compared.entry(name).or_default() += 1;
        }
        let (mut indexes, mut ways) = (0_u64, 0_u64);
        if self.looks_left == 0 {
            ways = u64::MAX;
        }
        for table in tables.values() {
            indexes = indexes.saturating_add(table.indexes.len() as u64 + 1);
            for index in &table.indexes {
                let mut each = 1_u64;
                for column in index {
                    let terms = compared.get(column.as_str()).copied().unwrap_or_default();
                    each = each.saturating_mul(terms.saturating_add(arm.naturals));
                    ways = ways.saturating_add(each);
                }
            }
        }
        price::ways(ways, counts.terms, joined)
            .saturating_add(price::ors(counts.ors.saturating_mul(indexes), counts.terms))
            .saturating_add(conflicts)
    }
}

/// Looks for the tables that a query reads, also in views and in other queries that SQLite may put into it.
struct Under<'a> {
    catalogue: &'a Catalogue,
    left: usize,
    tables: BTreeMap<&'a str, &'a Table>,
}

impl Under<'_> {
    /// Adds what is under a query. Each query of a text is looked through once.
    fn add(&mut self, text: &Text, arm: &Arm, seen: &mut BTreeSet<usize>) {
        let mut inner: Vec<usize> = arm.joined.clone();
        for Named { name, is_stored } in &arm.names {
            if let Some(queries) = text.common.get(name).filter(|_| !is_stored) {
                inner.extend(queries);
            } else if let Some((name, table)) = self.catalogue.tables.get_key_value(name) {
                self.left = self.left.saturating_sub(1);
                let is_new = self.tables.insert(name, table).is_none();
                if is_new && table.kind == Kind::View && self.left > 0 {
                    self.left = self.left.saturating_sub(table.sql.len() / BYTES_OF_LOOK);
                    let view = Text::read(&table.sql);
                    for arm in view.queries.first().into_iter().flatten() {
                        self.add(&view, arm, &mut BTreeSet::new());
                    }
                }
            }
        }
        for query in inner {
            self.left = self.left.saturating_sub(1);
            if self.left > 0 && seen.insert(query) {
                for arm in &text.queries[query] {
                    self.add(text, arm, seen);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::of;
    use crate::catalogue::Catalogue;

    const SET_UP: &str = "CREATE TABLE t (a, b, c, d UNIQUE); CREATE INDEX ti ON t (a, b, c); CREATE INDEX te ON t (A, b + 1);
        CREATE VIEW v AS SELECT * FROM t WHERE d > 0;";

    #[test]
    fn ways_are_the_product_of_the_terms_for_the_columns_of_an_index() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SET_UP).unwrap();
        let catalogue = Catalogue::read(&connection).unwrap();
        let equal = |columns: &[&str], times: usize| {
            let terms: Vec<String> = (0..times)
                .flat_map(|i| columns.iter().map(move |column| format!("{column} > {i}")))
                .collect();
            terms.join(" AND ")
        };
        // Both indexes begin with `a`.
        let of_three = |times: u64| times + (times + times * times + times * times * times);
        let terms = |terms: u64| 20 * (terms * terms).saturating_sub(256);
        let ways = |ways: u64, terms: u64| ways * (120 + 2 * terms);
        let conditions = equal(&["a", "b", "c"], 4);
        for (sql, fuel) in [
            (
                format!("SELECT a FROM t WHERE {}", equal(&["a", "b", "c"], 3)),
                0,
            ),
            (
                format!("SELECT a FROM t WHERE {conditions}"),
                ways(of_three(4), 11),
            ),
            (
                format!("SELECT a FROM main.t WHERE {}", equal(&["a", "b", "c"], 6)),
                terms(17) + ways(of_three(6), 17),
            ),
            (
                format!("SELECT a FROM t WHERE {}", equal(&["a", "b", "c"], 40)),
                terms(119) + 21_000 * (120 + 2 * 119) + 6 * (120 * 120 - 64 * 64),
            ),
            // A view, a query and a common table are put into the query around them.
            (
                format!("SELECT a FROM v WHERE {conditions}"),
                ways(of_three(4), 11),
            ),
            (
                format!("SELECT a FROM (SELECT * FROM t) WHERE {conditions}"),
                ways(of_three(4), 11),
            ),
            (
                format!("WITH w AS (SELECT * FROM v) SELECT a FROM w WHERE {conditions}"),
                ways(of_three(4), 11),
            ),
            // Three indexes and the rowid, for each `OR`.
            (
                format!("SELECT a FROM t WHERE {}", vec!["c = c"; 17].join(" OR ")),
                0,
            ),
            (
                format!("SELECT a FROM t WHERE {}", vec!["c = c"; 18].join(" OR ")),
                terms(17) + 4 * (600 + 16 * 17),
            ),
            (
                format!(
                    "INSERT INTO t VALUES (1, 2, 3, 4) {}",
                    "ON CONFLICT (d) DO NOTHING ".repeat(3)
                ),
                1_100 * 4,
            ),
        ] {
            assert_eq!(of(&sql, &catalogue).fuel, fuel, "{sql}");
        }
    }

    /// A common table can name itself, and each can name the one before it twice.
    #[test]
    fn tables_are_looked_for_within_a_bound() {
        let catalogue = Catalogue::default();
        let conditions = "a = 1 AND a = 2 AND a = 3 AND a = 4";
        let recursive = format!(
            "WITH x AS (SELECT * FROM x WHERE {conditions}) SELECT * FROM x WHERE {conditions}"
        );
        assert_eq!(of(&recursive, &catalogue).fuel, 0);
        let doubles = |i: usize| {
            format!(
                "a{} AS (SELECT 1 FROM a{i}, a{i} WHERE {conditions})",
                i + 1
            )
        };
        let defined: Vec<String> = (0..100).map(doubles).collect();
        let sql = format!(
            "WITH {} SELECT 1 FROM a100 WHERE {conditions}",
            defined.join(", ")
        );
        assert_eq!(of(&sql, &catalogue).tables, u64::MAX);
    }
}
