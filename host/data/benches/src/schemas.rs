//! Statements that are short and take SQLite long to compile, because of triggers, keys, checks and views, and those whose
//! expressions do. Each shape has a size at which it was out of line with its price.

/// Many triggers, keys, indexes and columns, each kind in a table of its own.
pub(crate) fn set_up() -> String {
    let columns = |count: usize| many(count, |i| format!("c{i}"), ", ");
    let trigger = |i: usize| {
        format!(
            "CREATE TRIGGER fired{i} AFTER UPDATE ON fires BEGIN
                INSERT INTO log SELECT NULL, NEW.a, p.b FROM log p JOIN log q ON p.id = q.a WHERE q.b = OLD.b; END;"
        )
    };
    let child = |i: usize| {
        format!(
            "CREATE TABLE child{i} (id INTEGER PRIMARY KEY, p REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE);"
        )
    };
    let instead = |i: usize| {
        format!(
            "CREATE TRIGGER instead{i} INSTEAD OF INSERT ON seen BEGIN INSERT INTO log VALUES (NULL, NEW.a, NEW.b); END;"
        )
    };
    let index = |i: usize| {
        let (second, third) = ((i + 1) % 60, (i + 3) % 60);
        format!("CREATE INDEX indexed{i} ON indexed (c{i}, c{second}, c{third});")
    };
    let expressions = |i: usize| {
        format!(
            "CREATE INDEX e{i} ON expressed (a + {i}, b * {i}); CREATE INDEX f{i} ON expressed (a) WHERE b = {i} AND c > {i};"
        )
    };
    [
        "CREATE TABLE log (id INTEGER PRIMARY KEY, a, b); CREATE TABLE fires (id INTEGER PRIMARY KEY, a, b);".to_owned(),
        many(100, trigger, " "),
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, a);".to_owned(),
        many(100, child, " "),
        "CREATE VIEW seen AS SELECT a, b FROM log;".to_owned(),
        many(100, instead, " "),
        format!("CREATE TABLE indexed (id INTEGER PRIMARY KEY, {});", columns(60)),
        many(60, index, " "),
        "CREATE TABLE three (a, b, c, d); CREATE INDEX threes ON three (a, b, c);".to_owned(),
        format!("CREATE TABLE uniques ({});", many(60, |i| format!("c{i} UNIQUE"), ", ")),
        "CREATE TABLE expressed (a, b, c);".to_owned(),
        many(60, expressions, " "),
        format!(
            "CREATE TABLE checked ({}, {});",
            columns(200),
            many(200, |i| format!("CHECK (c{i} > {i} AND c{i} <> 5)"), ", ")
        ),
        format!(
            "CREATE TABLE generated (a, {}, d0 AS (a + 1), {});",
            many(200, |i| format!("c{i} AS (a + {i} * 2)"), ", "),
            many(12, |i| format!("d{} AS (d{i} + d{i})", i + 1), ", ")
        ),
        format!(
            "CREATE TABLE broad ({0}); CREATE TABLE filled ({0});
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO filled (c0) SELECT i FROM n;",
            columns(1_999)
        ),
        format!(
            "CREATE TABLE names ({});",
            many(200, |i| format!("{}{i}", "n".repeat(2_000)), ", ")
        ),
        format!(
            "CREATE VIEW united AS {};",
            many(30, |i| format!("SELECT a, b FROM log WHERE id = {i}"), " UNION ALL ")
        ),
        format!(
            "CREATE VIEW cases AS SELECT {} FROM log;",
            many(450, |i| format!("CASE WHEN a = {i} THEN b WHEN a = {i} + 1 THEN id END AS k{i}"), ", ")
        ),
        "CREATE VIEW doubled0 AS SELECT a AS k FROM log;".to_owned(),
        many(
            12,
            |i| format!("CREATE VIEW doubled{} AS SELECT k + k AS k FROM doubled{i};", i + 1),
            " ",
        ),
    ]
    .join("\n")
}

/// Each attack with its name.
pub(crate) fn attacks() -> Vec<(&'static str, String)> {
    let on = |table: &str,
              column: &str,
              terms: usize,
              operator: &str,
              term: &dyn Fn(usize) -> String| {
        let terms: Vec<String> = (0..terms).map(term).collect();
        format!(
            "SELECT {column} FROM {table} WHERE {}",
            tree(&terms, operator)
        )
    };
    let equal = |i: usize| format!("c{} = {i}", i % 60);
    let either = |i: usize| format!("(c{} = {i} OR c{} > {i})", i % 60, (i * 7 + 1) % 60);
    let of_three = |i: usize| format!("{} = {i}", ["a", "b", "c"][i % 3]);
    let joined = |tables: usize, with: &str| many(tables, |i| format!("x{i}"), with);
    let using = |tables: usize| {
        let one = |i: usize| match i {
            0 => "x0".to_owned(),
            _ => format!("JOIN x{i} USING (c0, c1, c2, c3)"),
        };
        format!("SELECT count(*) FROM {}", many(tables, one, " "))
    };
    let numbers = |count: usize| many(count, |i| i.to_string(), ", ");
    let sums = |count: usize| many(count, |i| format!("sum(a + {i})"), ", ");
    let added = |count: usize| many(count, |i| format!("a + {i}"), ", ");
    let list = |count: usize| many(count, |i| format!("c{i}"), ", ");
    let deep = |one: &str, count: usize| many(count, |_| format!("{}a", one.repeat(190)), ", ");
    vec![
        ("schema: 100 triggers", "UPDATE fires SET a = 1".to_owned()),
        (
            "schema: 100 triggers of a view",
            "INSERT INTO seen VALUES (1, 2)".to_owned(),
        ),
        (
            "schema: 100 children, deleted",
            "DELETE FROM parent".to_owned(),
        ),
        (
            "schema: 100 children, key changed",
            "UPDATE parent SET id = id + 1".to_owned(),
        ),
        (
            "schema: 60 indexes, 64 equal",
            on("indexed", "1", 64, "AND", &equal),
        ),
        (
            "schema: 60 indexes, 256 equal",
            on("indexed", "1", 256, "AND", &equal),
        ),
        (
            "schema: 60 indexes, 16 of either",
            on("indexed", "1", 16, "OR", &equal),
        ),
        (
            "schema: 60 indexes, 256 of either",
            on("indexed", "1", 256, "OR", &equal),
        ),
        (
            "schema: 60 indexes, 16 pairs",
            on("indexed", "1", 16, "AND", &either),
        ),
        (
            "schema: 60 indexes, 64 pairs",
            on("indexed", "1", 64, "AND", &either),
        ),
        (
            "schema: 1 index of 3, 32 equal",
            on("three", "1", 32, "AND", &of_three),
        ),
        (
            "schema: 1 index of 3, 80 equal",
            on("three", "1", 80, "AND", &of_three),
        ),
        (
            "schema: 1 index of 3, 256 equal",
            on("three", "1", 256, "AND", &of_three),
        ),
        (
            "schema: 1 index of 3, 80 equal, in a query",
            on("(SELECT * FROM three)", "1", 80, "AND", &of_three),
        ),
        ("schema: 3 tables with indexes", using(3)),
        ("schema: 4 tables with indexes", using(4)),
        (
            "schema: NATURAL JOIN of 2 tables",
            format!("SELECT 1 FROM {}", joined(2, " NATURAL JOIN ")),
        ),
        (
            "schema: NATURAL JOIN of 3 tables",
            format!("SELECT 1 FROM {}", joined(3, " NATURAL JOIN ")),
        ),
        (
            "schema: NATURAL JOIN of 4 tables",
            format!("SELECT 1 FROM {}", joined(4, " NATURAL JOIN ")),
        ),
        (
            "schema: 60 unique, replaced",
            "REPLACE INTO uniques (c0) VALUES (1)".to_owned(),
        ),
        (
            "schema: 60 unique, 60 conflicts",
            format!(
                "INSERT INTO uniques (c0) VALUES (1) {}",
                many(60, |i| format!("ON CONFLICT (c{i}) DO NOTHING"), " ")
            ),
        ),
        (
            "schema: 60 unique, any conflict",
            "INSERT INTO uniques (c0) VALUES (1) ON CONFLICT DO UPDATE SET c1 = 1".to_owned(),
        ),
        (
            "schema: 120 expressions, inserted",
            "INSERT INTO expressed VALUES (1, 2, 3)".to_owned(),
        ),
        (
            "schema: 120 expressions, updated",
            "UPDATE expressed SET a = 1".to_owned(),
        ),
        (
            "schema: 200 checks",
            "INSERT INTO checked (c0) VALUES (1)".to_owned(),
        ),
        (
            "schema: 200 generated, inserted",
            "INSERT INTO generated (a) VALUES (1)".to_owned(),
        ),
        (
            "schema: 200 generated, read",
            format!("SELECT {} FROM generated", list(200)),
        ),
        (
            "schema: generated that doubles",
            "SELECT d12 FROM generated".to_owned(),
        ),
        (
            "schema: 1 999 columns, inserted",
            "INSERT INTO broad (c0) VALUES (1)".to_owned(),
        ),
        (
            "schema: 1 999 columns, updated",
            "UPDATE broad SET c0 = 1".to_owned(),
        ),
        (
            "schema: 50 rows of 1 999 columns, updated",
            "UPDATE filled SET c0 = c0 + 1".to_owned(),
        ),
        ("schema: long names", "SELECT * FROM names".to_owned()),
        (
            "schema: union of 30, joined",
            "SELECT 1 FROM united x JOIN united y".to_owned(),
        ),
        (
            "schema: 450 cases in a view",
            "SELECT * FROM cases".to_owned(),
        ),
        (
            "schema: views that double",
            "SELECT k FROM doubled12".to_owned(),
        ),
        (
            "text: queries that double",
            format!(
                "SELECT k FROM {}(SELECT a AS k FROM log){}",
                "(SELECT k + k AS k FROM ".repeat(13),
                ")".repeat(13)
            ),
        ),
        (
            "text: union of 30, joined",
            format!(
                "SELECT 1 FROM ({0}) x, ({0}) y",
                many(30, |_| "SELECT a FROM log".to_owned(), " UNION ALL ")
            ),
        ),
        (
            "text: deep sums",
            format!("SELECT {} FROM log", deep("a+", 50)),
        ),
        (
            "text: deep negations",
            format!("SELECT {} FROM log", deep("- ", 50)),
        ),
        (
            "text: deep concatenations",
            format!("SELECT {} FROM log", deep("a||", 50)),
        ),
        (
            "text: deep paths",
            format!("SELECT {} FROM log", deep("a->", 20)),
        ),
        (
            "text: deep calls",
            format!(
                "SELECT {} FROM log",
                many(
                    50,
                    |_| format!("{}a{}", "abs(".repeat(90), ")".repeat(90)),
                    ", "
                )
            ),
        ),
        (
            "text: deep ranges",
            format!(
                "SELECT {} FROM log",
                many(20, |_| format!("a{}", " BETWEEN 1 AND 2".repeat(90)), ", ")
            ),
        ),
        ("text: 450 sums", format!("SELECT {} FROM log", sums(450))),
        (
            "text: 450 sorted by all",
            format!("SELECT {0} FROM log ORDER BY {0}", added(450)),
        ),
        (
            "text: 450 grouped by all",
            format!("SELECT {0} FROM broad GROUP BY {0}", list(450)),
        ),
        (
            "text: 900 constants beside a column",
            format!("SELECT 1 FROM log WHERE a IN (b, {})", numbers(900)),
        ),
        (
            "text: 9 000 constants beside a column",
            format!("SELECT 1 FROM log WHERE a IN (b, {})", numbers(9_000)),
        ),
        (
            "text: 9 000 constants added",
            format!(
                "SELECT {} FROM log",
                many(
                    90,
                    |i| many(100, |j| format!("a+{}", i * 100 + j), "+"),
                    ", "
                )
            ),
        ),
        (
            "text: list of 9 000 constants",
            format!("SELECT 1 FROM log WHERE a IN ({})", numbers(9_000)),
        ),
        (
            "text: 3 000 rows of constants",
            format!(
                "INSERT INTO log (a, b) VALUES {}",
                many(3_000, |i| format!("({i}, -1)"), ", ")
            ),
        ),
        (
            "text: comment of 60 KB",
            format!("SELECT a FROM log /*{}*/", "x".repeat(60_000)),
        ),
    ]
}

/// Terms in a tree that is not deep.
fn tree(terms: &[String], operator: &str) -> String {
    match terms {
        [one] => one.clone(),
        _ => {
            let (left, right) = terms.split_at(terms.len() / 2);
            format!(
                "({} {operator} {})",
                tree(left, operator),
                tree(right, operator)
            )
        }
    }
}

fn many(count: usize, one: impl Fn(usize) -> String, between: &str) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(between)
}
