//! Makes statements from choices: what guests may do, what they may not, and texts that are not quite SQL.

use super::words::{COLUMNS, COLUMNS_OF, FUNCTIONS, LITERALS, ODD, OPERATORS, PLAIN, TABLES};
use crate::choices::Choices;

/// The statements of one run.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) statements: Vec<String>,
    /// Whether the run completes. Otherwise everything is undone.
    pub(super) completes: bool,
}

/// The first byte of a program that stands as it is, with statements between zero bytes.
const PLAIN_MARK: u8 = 0xff;

pub(super) fn program(bytes: &[u8]) -> Program {
    if let Some((&PLAIN_MARK, rest)) = bytes.split_first() {
        let texts = rest.split(|byte| *byte == 0).take(8);
        let statements = texts.map(|text| String::from_utf8_lossy(text).into_owned());
        return Program {
            statements: statements.collect(),
            completes: true,
        };
    }
    let mut maker = Maker {
        choices: Choices::new(bytes),
        depth: 0,
        scope: Vec::new(),
    };
    let completes = maker.choices.below(2) == 1;
    let mut statements = Vec::new();
    while statements.is_empty() || (statements.len() < 6 && !maker.choices.is_over()) {
        let statement = maker.statement();
        statements.push(maker.spoiled(statement));
    }
    Program {
        statements,
        completes,
    }
}

/// An input of these statements as they stand.
pub(super) fn plain(statements: &[&str]) -> Vec<u8> {
    let mut bytes = vec![PLAIN_MARK];
    bytes.extend(statements.join("\0").bytes());
    bytes
}

/// Statements are not nested deeper.
const DEPTH: usize = 5;

struct Maker<'a> {
    choices: Choices<'a>,
    depth: usize,
    /// The columns that can be named here.
    scope: Vec<&'static str>,
}

impl Maker<'_> {
    fn statement(&mut self) -> String {
        self.depth = 0;
        self.scope.clear();
        match self.choices.below(16) {
            0..=6 => self.select(),
            7..=8 => self.insert(),
            9..=10 => self.update(),
            11 => {
                let table = self.table();
                format!("DELETE FROM {table}{}", self.filter())
            }
            12 => format!("{} {}", self.with(), self.select()),
            13 => format!("EXPLAIN {}", self.select()),
            _ => self.choices.pick(&PLAIN).to_owned(),
        }
    }

    /// A table, whose columns can then be named.
    fn table(&mut self) -> String {
        // More often one of those that are granted.
        if self.choices.below(8) < 7 {
            let at = self.choices.below(COLUMNS_OF.len());
            self.scope.extend(COLUMNS_OF[at]);
            return TABLES[at].to_owned();
        }
        self.choices.pick(&TABLES).to_owned()
    }

    fn column(&mut self) -> String {
        if !self.scope.is_empty() && !self.choices.rarely(16) {
            return self.choices.pick(&self.scope.clone()).to_owned();
        }
        let column = self.choices.pick(&COLUMNS);
        match self.choices.below(8) {
            7 => format!("q.{column}"),
            _ => column.to_owned(),
        }
    }

    fn select(&mut self) -> String {
        self.depth += 1;
        let mut text = if self.choices.rarely(8) {
            format!(
                "SELECT * FROM (VALUES ({}), ({}))",
                self.expression(),
                self.expression()
            )
        } else {
            self.core()
        };
        if self.choices.rarely(6) {
            let how = self
                .choices
                .pick(&["UNION ALL", "UNION", "EXCEPT", "INTERSECT"]);
            text = format!("{text} {how} {}", self.core());
        }
        if self.choices.rarely(3) {
            let end = self
                .choices
                .pick(&["", "DESC", "NULLS LAST", "COLLATE NOCASE"]);
            let by = match self.choices.rarely(3) {
                true => self.expression(),
                false => "1".to_owned(),
            };
            text = format!("{text} ORDER BY {by} {end}");
        }
        if self.choices.rarely(4) {
            text = format!(
                "{text} LIMIT {} OFFSET {}",
                self.literal(),
                self.choices.below(9)
            );
        }
        self.depth -= 1;
        text
    }

    fn core(&mut self) -> String {
        let outer = self.scope.clone();
        self.scope.clear();
        let source = self.source();
        let distinct = if self.choices.rarely(8) {
            "DISTINCT "
        } else {
            ""
        };
        let mut columns = vec![self.result()];
        while columns.len() < 4 && self.choices.rarely(3) {
            columns.push(self.result());
        }
        let mut text = format!(
            "SELECT {distinct}{} FROM {source}{}",
            columns.join(", "),
            self.filter()
        );
        if self.choices.rarely(5) {
            text = format!("{text} GROUP BY {}", self.column());
            if self.choices.rarely(2) {
                text = format!("{text} HAVING {}", self.expression());
            }
        }
        self.scope = outer;
        text
    }

    fn result(&mut self) -> String {
        match self.choices.below(5) {
            0..=1 => self.column(),
            2 if self.choices.rarely(4) => "*".to_owned(),
            2 => format!("{} AS q{}", self.expression(), self.choices.below(3)),
            3 => self.window(),
            _ => self.expression(),
        }
    }

    fn window(&mut self) -> String {
        let frame = self.choices.pick(&[
            "",
            "ROWS 3 PRECEDING",
            "RANGE UNBOUNDED PRECEDING",
            "GROUPS CURRENT ROW EXCLUDE TIES",
        ]);
        format!(
            "{} OVER (PARTITION BY {} ORDER BY {} {frame})",
            self.call(),
            self.column(),
            self.column()
        )
    }

    fn source(&mut self) -> String {
        let mut text = self.one_source();
        while self.depth < 3 && self.choices.rarely(5) {
            let how = self.choices.pick(&[
                ", ",
                " JOIN ",
                " LEFT JOIN ",
                " NATURAL JOIN ",
                " FULL JOIN ",
                // What SQLite takes for a space, and for two tokens.
                " \u{feff}NATURAL \u{feff}JOIN ",
                "\x0c\x0b\u{feff}NATURAL/**/JOIN\u{feff}",
            ]);
            text = format!("{text}{how}{}", self.one_source());
            if self.choices.rarely(2) && how.contains("JOIN") && !how.contains("NATURAL") {
                text = match self.choices.below(2) {
                    0 => format!("{text} ON {}", self.expression()),
                    _ => {
                        let blank = self.choices.pick(&[" ", "\u{feff}", " \x0b", "--\n"]);
                        format!("{text}{blank}USING ({})", self.column())
                    }
                };
            }
        }
        text
    }

    fn one_source(&mut self) -> String {
        match self.choices.below(12) {
            0..=7 => self.table(),
            8 => format!("{} AS q", self.table()),
            9 if self.depth < DEPTH => format!("({}) AS q", self.select()),
            10 => format!("json_each({})", self.literal()),
            _ => {
                let pragma = self.choices.pick(&[
                    "table_info",
                    "table_xinfo",
                    "index_list",
                    "foreign_key_list",
                    "index_info",
                    "table_list",
                    "database_list",
                    "function_list",
                ]);
                format!("pragma_{pragma}('{}')", self.table().replace('\'', ""))
            }
        }
    }

    fn filter(&mut self) -> String {
        match self.choices.below(3) {
            0 => String::new(),
            _ => format!(" WHERE {}", self.expression()),
        }
    }

    fn literal(&mut self) -> String {
        if self.choices.rarely(64) {
            return self.choices.pick(&ODD).to_owned();
        }
        self.choices.pick(&LITERALS).to_owned()
    }

    fn call(&mut self) -> String {
        let (name, arguments) = self.choices.pick(&FUNCTIONS);
        let arguments: Vec<String> = (0..arguments).map(|_| self.expression()).collect();
        format!("{name}({})", arguments.join(", "))
    }

    fn expression(&mut self) -> String {
        if self.depth >= DEPTH {
            return self.literal();
        }
        self.depth += 1;
        let text = match self.choices.below(16) {
            0..=3 => self.column(),
            4..=5 => self.literal(),
            6..=8 => format!(
                "{} {} {}",
                self.expression(),
                self.choices.pick(&OPERATORS),
                self.expression()
            ),
            9..=10 => self.call(),
            11 => format!("({})", self.select()),
            12 => format!("{} IN ({})", self.expression(), self.select()),
            13 => format!(
                "CASE WHEN {} THEN {} ELSE {} END",
                self.expression(),
                self.expression(),
                self.expression()
            ),
            14 => format!("EXISTS ({})", self.select()),
            _ => {
                let to = self
                    .choices
                    .pick(&["TEXT", "INTEGER", "REAL", "BLOB", "NUMERIC"]);
                format!("CAST({} AS {to})", self.expression())
            }
        };
        self.depth -= 1;
        text
    }

    fn with(&mut self) -> String {
        match self.choices.below(4) {
            0 => format!("WITH q AS ({})", self.select()),
            1 => format!("WITH q(id, name) AS MATERIALIZED ({})", self.select()),
            2 => format!("WITH {} AS ({})", self.table(), self.select()),
            _ => {
                let limit = self.choices.below(200);
                self.scope.push("id");
                format!(
                    "WITH RECURSIVE q(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM q WHERE id < {limit})"
                )
            }
        }
    }

    fn insert(&mut self) -> String {
        let how = self.choices.pick(&[
            "INSERT",
            "INSERT OR IGNORE",
            "INSERT OR REPLACE",
            "REPLACE",
            "INSERT OR FAIL",
            "INSERT OR ROLLBACK",
        ]);
        let table = self.table();
        let columns = match self.choices.below(3) {
            0 => String::new(),
            1 => format!(" ({})", self.choices.pick(&COLUMNS)),
            _ => format!(
                " ({}, {})",
                self.choices.pick(&COLUMNS),
                self.choices.pick(&COLUMNS)
            ),
        };
        let rows = match self.choices.below(4) {
            0 => "DEFAULT VALUES".to_owned(),
            1 => format!("VALUES ({})", self.literal()),
            2 => format!("VALUES ({}, {})", self.expression(), self.literal()),
            _ => self.select(),
        };
        let end = match self.choices.below(6) {
            4 => " ON CONFLICT DO NOTHING".to_owned(),
            5 => format!(
                " ON CONFLICT DO UPDATE SET {} = {}",
                self.choices.pick(&COLUMNS),
                self.expression()
            ),
            _ => String::new(),
        };
        let returning = if self.choices.rarely(16) {
            " RETURNING *"
        } else {
            ""
        };
        format!("{how} INTO {table}{columns} {rows}{end}{returning}")
    }

    fn update(&mut self) -> String {
        let how = self.choices.pick(&[
            "UPDATE",
            "UPDATE OR IGNORE",
            "UPDATE OR REPLACE",
            "UPDATE OR ROLLBACK",
        ]);
        let (table, column) = (self.table(), self.column());
        let from = match self.choices.rarely(6) {
            true => format!(" FROM {}", self.source()),
            false => String::new(),
        };
        format!(
            "{how} {table} SET {column} = {}{from}{}",
            self.expression(),
            self.filter()
        )
    }

    /// Now and then a text that is not quite what the grammar made.
    fn spoiled(&mut self, mut text: String) -> String {
        if !self.choices.rarely(6) {
            return text;
        }
        for _ in 0..=self.choices.below(3) {
            let words: Vec<&str> = text.split(' ').collect();
            let at = self.choices.below(words.len());
            let word = match self.choices.below(6) {
                0 => String::new(),
                1 => format!("{0} {0}", words[at]),
                2 => self.column(),
                3 => self.table(),
                4 => format!(
                    "{}{}",
                    words[at],
                    self.choices.pick(&[
                        "(", ")", "'", "\"", ";", "--", "/*", "\u{0}", "\u{202e}", "🦀"
                    ])
                ),
                _ => format!("({})", words[at]),
            };
            let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
            words[at] = word;
            text = words.join(" ");
        }
        text
    }
}
