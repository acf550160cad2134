//! What makes one `SELECT` slow in addition to its tables: terms, deep expressions, and long lists of some kinds.

use super::kinds::{is_aggregate, is_constant, is_keyword, is_operator};
use crate::limits::EXPRESSION_DEPTH;
use crate::tokens::Token;

/// What is counted. A part of it is that of an `INSERT` or `UPDATE`.
#[derive(Default)]
pub(super) struct Counts {
    /// What is between `AND`, `OR` and `WHEN`, and what is between `OR` alone.
    pub(super) terms: u64,
    pub(super) ors: u64,
    /// The names in conditions, in lower case.
    pub(super) compared: Vec<String>,
    /// Calls of functions that read all rows of a group.
    pub(super) aggregates: u64,
    /// The commas between the columns of the result, and those in `GROUP BY` and `ORDER BY`.
    pub(super) listed: u64,
    pub(super) sorted: u64,
    /// How often SQLite walks through a part of an expression again, because the part is in another one.
    pub(super) walked: u64,
    /// Constants that SQLite keeps for the whole statement. It compares each one with all others.
    pub(super) constants: u64,
    /// The `ON CONFLICT` of an `INSERT`, and the table that is changed with the number of its token.
    pub(super) conflicts: u64,
    pub(super) into: (String, u64),
    /// Whether SQLite refuses it, so that it does no work for its expressions.
    is_too_deep: bool,
}

impl Place {
    /// The beginning of a query.
    pub(super) fn of_query() -> Place {
        Place {
            is_query: true,
            ..Place::default()
        }
    }
}

/// A place in a query: what is between two parentheses, up to the token that is read.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    clause: Clause,
    /// Whether it is a query, the list of an `IN`, or the arguments of a function.
    is_query: bool,
    is_list: bool,
    is_call: bool,
    /// The tokens since the last comma or term, and all of them.
    item: u64,
    all: u64,
    calls: u64,
    constants: u64,
    names: u64,
    /// The last operator with the times that it was there without another one between, and the operators and calls around.
    chain: (char, u64),
    depth: u64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Clause {
    #[default]
    Other,
    /// The columns of a result, or what an `UPDATE` sets.
    Listed,
    Conditions,
    Sorted,
}

/// Words after which the table comes that a statement changes.
const BEFORE_TABLE: [&str; 7] = [
    "abort", "fail", "ignore", "into", "replace", "rollback", "update",
];

/// SQLite reads no deeper expressions. An operator can have two signs, and one before its operand.
const TOO_DEEP: u64 = EXPRESSION_DEPTH.unsigned_abs() as u64;

/// An expression of so many tokens is walked through at no cost.
const SHORT: u64 = 16;

/// A call in the arguments of another one takes as long to walk through as so many tokens.
const CALL: u64 = 6;

impl Counts {
    /// Notes a token. A parenthesis is noted by [`Counts::open`] and [`Counts::close`].
    pub(super) fn note(&mut self, place: &mut Place, token: Token<'_>, last: Token<'_>) {
        if self.is_too_deep {
            return;
        }
        place.item += 1;
        place.all += 1;
        let after_operator = is_operator(last);
        match token {
            Token::Sign(',') => {
                place.item = 0;
                place.chain = (',', 0);
                match place.clause {
                    Clause::Listed => self.listed += u64::from(place.is_query),
                    Clause::Sorted => self.sorted += u64::from(place.is_query),
                    _ => {}
                }
            }
            Token::Sign(sign) if is_operator(token) => {
                self.operator(place);
                self.chain(place, sign);
                if is_constant(last) {
                    self.constant(place, true);
                }
            }
            Token::Sign(_) => {}
            Token::Word(word) if is_constant(token) || is_keyword(word) => {
                match (is_operator(token), is_constant(token)) {
                    (true, _) => self.operator(place),
                    (_, true) => self.constant(place, after_operator),
                    _ => self.keyword(place, &word.to_ascii_lowercase()),
                }
            }
            Token::Text(_) => self.constant(place, after_operator),
            Token::Word(_) | Token::Quoted(_) => {
                place.names += 1;
                if place.clause == Clause::Conditions {
                    self.compared.push(token.lower_name());
                }
                // The name of a table can come after that of a schema.
                let is_behind = last == Token::Sign('.') && self.into.1 + 2 == place.all;
                if is_behind || BEFORE_TABLE.iter().any(|word| last.is(word)) {
                    self.into = (token.lower_name(), place.all);
                }
            }
        }
    }

    /// Each operator walks through what is on its left.
    fn operator(&mut self, place: &Place) {
        self.walked += place.item.saturating_sub(SHORT);
    }

    /// The same operator many times. SQLite stops reading there, because the expression is too deep.
    fn chain(&mut self, place: &mut Place, sign: char) {
        let (last, times) = place.chain;
        place.chain = (sign, if last == sign { times + 1 } else { 1 });
        self.refuse(place.chain.1 > 3 * TOO_DEEP);
    }

    fn refuse(&mut self, is_too_deep: bool) {
        if is_too_deep {
            self.is_too_deep = true;
            (self.walked, self.constants) = (0, 0);
        }
    }

    fn constant(&mut self, place: &mut Place, is_operand: bool) {
        if place.is_list {
            place.constants += 1;
        } else if is_operand && place.clause != Clause::Other {
            self.constants += 1;
        }
    }

    fn keyword(&mut self, place: &mut Place, word: &str) {
        place.item = 0;
        place.chain = (',', 0);
        match word {
            "and" | "when" => self.terms += 1,
            "or" => {
                self.terms += 1;
                self.ors += 1;
            }
            "conflict" => {
                self.conflicts += 1;
                place.clause = Clause::Other;
            }
            "else" | "end" | "then" => {}
            "select" | "set" => place.clause = Clause::Listed,
            "having" | "on" | "using" | "where" => place.clause = Clause::Conditions,
            "group" | "order" => place.clause = Clause::Sorted,
            _ => place.clause = Clause::Other,
        }
    }

    /// What is behind this parenthesis.
    pub(super) fn open(&mut self, place: &Place, last: Token<'_>) -> Place {
        let is_list = last.is("in");
        let is_call = !is_list && matches!(last, Token::Word(word) if !is_keyword(word));
        self.aggregates += u64::from(is_call && is_aggregate(last));
        let depth = place.depth + u64::from(is_call || is_operator(last));
        self.refuse(depth > TOO_DEEP);
        Place {
            clause: place.clause,
            is_list,
            is_call,
            depth,
            ..Place::default()
        }
    }

    /// What was between two parentheses is a part of what is around them.
    pub(super) fn close(&mut self, place: &mut Place, inner: Place) {
        if self.is_too_deep {
            return;
        }
        place.names += inner.names;
        if inner.is_query {
            return;
        }
        place.item += inner.all;
        place.all += inner.all;
        place.calls += inner.calls;
        if inner.is_call {
            let again = inner.all + CALL * inner.calls;
            self.walked += again.saturating_sub(SHORT * (CALL + 1));
            place.calls += 1;
        }
        // If all are constants, SQLite looks them up in a tree and keeps none.
        if inner.is_list && inner.names > 0 {
            self.constants += inner.constants;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Text;
    use super::Counts;

    fn counts(sql: &str) -> Counts {
        let mut text = Text::read(sql);
        std::mem::take(&mut text.queries[0][0].counts)
    }

    #[test]
    fn terms_and_names_are_counted_in_conditions() {
        for (sql, terms, ors, compared) in [
            ("SELECT a, b FROM t", 0, 0, ""),
            (
                "SELECT a FROM t WHERE b = 1 AND (c = 2 OR t.d > 3)",
                2,
                1,
                "b c t d",
            ),
            (
                "SELECT a FROM t JOIN u ON a = \"b c\" GROUP BY d HAVING e",
                0,
                0,
                "a b c e",
            ),
            ("SELECT a FROM t JOIN u USING (b, c)", 0, 0, "b c"),
            ("SELECT CASE WHEN a THEN b END FROM t", 1, 0, ""),
            ("UPDATE t SET a = 1 WHERE c IS NULL", 0, 0, "c null"),
        ] {
            let found = counts(sql);
            let expected = (terms, ors, compared.to_owned());
            assert_eq!(
                (found.terms, found.ors, found.compared.join(" ")),
                expected,
                "{sql}"
            );
        }
    }

    #[test]
    fn lists_are_counted_where_sqlite_compares_each_part_with_others() {
        for (sql, aggregates, listed, sorted) in [
            ("SELECT a, max(b, c), count(*) FROM t", 2, 2, 0),
            (
                "SELECT abs(a), Sum (b) FROM t, u GROUP BY c, d ORDER BY e, f, max(g, h)",
                2,
                1,
                3,
            ),
            (
                "SELECT a, (SELECT b, c FROM t ORDER BY d, e) FROM t",
                0,
                1,
                0,
            ),
        ] {
            let found = counts(sql);
            assert_eq!(
                (found.aggregates, found.listed, found.sorted),
                (aggregates, listed, sorted),
                "{sql}"
            );
        }
    }

    #[test]
    fn expressions_count_by_their_depth_and_constants_where_sqlite_keeps_them() {
        let sum = |count: usize| vec!["a"; count].join("+");
        for (sql, walked, constants) in [
            (format!("SELECT {}, {} FROM t", sum(8), sum(8)), 0, 0),
            // The ninth operator is the 18th token, and so on.
            (format!("SELECT {}", sum(12)), 2 + 4 + 6, 0),
            (format!("SELECT a FROM t WHERE {} > 1", sum(9)), 2, 1),
            (format!("SELECT {}a", "- ".repeat(20)), 1 + 2 + 3 + 4, 0),
            (
                "SELECT a + 1, 2 * b, 'c' || d, 3 FROM t WHERE e = 'f'".to_owned(),
                0,
                4,
            ),
            // A call of 16 others counts 16 tokens and 16 times 6, and that of 17 counts 7 more.
            (
                format!("SELECT {}a{}", "abs(".repeat(17), ")".repeat(17)),
                1,
                0,
            ),
            (
                format!("SELECT {}a{}", "abs(".repeat(20), ")".repeat(20)),
                1 + 8 + 15 + 22,
                0,
            ),
            (format!("SELECT max({})", vec!["a"; 57].join(", ")), 1, 0),
            (format!("SELECT 1+1+{}", sum(601)), 0, 0),
            (format!("SELECT {}1", "(1+".repeat(300)), 0, 0),
            ("SELECT max(a, 1, 2), 3, 'b' FROM t".to_owned(), 0, 0),
            ("SELECT 1 FROM t WHERE a IN (1, -2, 'b')".to_owned(), 0, 0),
            (
                "SELECT 1 FROM t WHERE a IN (1, -2, 'b', c)".to_owned(),
                0,
                3,
            ),
            ("SELECT 1 FROM t WHERE a IN (1, abs(c))".to_owned(), 0, 1),
            (
                "INSERT INTO t VALUES (1, -2, 'c'), (-3, 4 + 5, 6)".to_owned(),
                0,
                0,
            ),
            ("UPDATE t SET a = 1, b = b + 2".to_owned(), 0, 2),
        ] {
            let found = counts(&sql);
            assert_eq!(
                (found.walked, found.constants),
                (walked, constants),
                "{sql}"
            );
        }
    }

    #[test]
    fn an_insert_has_a_table_and_conflicts() {
        for (sql, into, conflicts) in [
            ("INSERT OR IGNORE INTO T VALUES (1)", "t", 0),
            (
                "INSERT INTO main.\"t u\" (a) SELECT b.c FROM b ON CONFLICT (a) DO NOTHING ON CONFLICT DO UPDATE SET a = 1",
                "t u",
                2,
            ),
            ("UPDATE T SET a = 1", "t", 0),
            ("UPDATE OR IGNORE main.T SET a = 1 FROM u", "t", 0),
            ("SELECT conflict FROM t", "", 1),
        ] {
            let found = counts(sql);
            assert_eq!(
                (found.into.0.as_str(), found.conflicts),
                (into, conflicts),
                "{sql}"
            );
        }
    }
}
