//! Statements that attack before they begin: SQLite takes long to compile them.

/// Small tables with many indexes, and one with many columns.
pub(crate) fn set_up() -> String {
    let columns = |count: usize| many(count, |i| format!("c{i}"), ", ");
    let table = |i: usize| {
        let index = |j: usize| {
            let (second, third) = ((j + 1) % 8, (j + 3) % 8);
            format!("CREATE INDEX x{i}_{j} ON x{i} (c{j}, c{second}, c{third});")
        };
        format!(
            "CREATE TABLE x{i} (id INTEGER PRIMARY KEY, {}); {} CREATE TABLE y{i} (id INTEGER PRIMARY KEY, p INTEGER, v TEXT);",
            columns(8),
            many(8, index, " ")
        )
    };
    format!(
        "{} CREATE TABLE columns (c500 INTEGER, {}); CREATE VIEW v0 AS SELECT * FROM x0; {}",
        many(32, table, " "),
        columns(499),
        many(
            8,
            |i| format!("CREATE VIEW v{} AS SELECT * FROM v{i};", i + 1),
            " "
        )
    )
}

/// Each attack with its name.
pub(crate) fn attacks() -> Vec<(&'static str, String)> {
    let joined = |tables: usize, each: &dyn Fn(usize) -> String| {
        format!(
            "SELECT count(*) FROM {}",
            many(
                tables,
                |i| format!("{}{}", if i == 0 { "" } else { "JOIN " }, each(i)),
                " "
            )
        )
    };
    let on = |i: usize, on: String| match i {
        0 => "y0".to_owned(),
        _ => format!("y{i} ON {on}"),
    };
    let using = |table: &str, i: usize, columns: &str| match i {
        0 => format!("{table}0"),
        _ => format!("{table}{i} USING ({columns})"),
    };
    let natural = |tables: usize| many(tables, |i| format!("y{i}"), " NATURAL JOIN ");
    let windows = |count: usize| many(count, |i| format!("sum(c1) OVER (ORDER BY c0 + {i})"), ", ");
    let all_equal = |i: usize| {
        let before = i.max(1) - 1;
        on(
            i,
            format!("y{i}.id = y{before}.id AND y{i}.p = y{before}.p AND y{i}.v = y{before}.v"),
        )
    };
    vec![
        ("compiled: one constant", "SELECT 1".to_owned()),
        (
            "compiled: one row by its key",
            "SELECT v FROM y0 WHERE id = 777".to_owned(),
        ),
        (
            "compiled: one row of an indexed table",
            "SELECT c1, c2 FROM x0 WHERE c0 = 5 AND c3 = 7".to_owned(),
        ),
        (
            "compiled: rows by a text, sorted",
            "SELECT id, p, v FROM y1 WHERE v = 'holder' AND p > 12 ORDER BY p LIMIT 20".to_owned(),
        ),
        (
            "compiled: two tables, grouped",
            "SELECT a.p, count(*), sum(b.p) FROM y0 a JOIN y1 b ON b.id = a.p WHERE a.v LIKE '%holder%' GROUP BY a.p ORDER BY 2 DESC"
                .to_owned(),
        ),
        (
            "compiled: one row added",
            "INSERT INTO y0 (p, v) VALUES (12, 'note of the holder 4711')".to_owned(),
        ),
        (
            "compiled: one row updated",
            "UPDATE y0 SET v = 'note of the holder 4711' WHERE id = 12".to_owned(),
        ),
        (
            "compiled: one row added to an indexed table",
            "INSERT INTO x0 VALUES (NULL, 1, 2, 3, 4, 5, 6, 7, 8)".to_owned(),
        ),
        (
            "compiled: 4 tables by keys",
            joined(4, &|i| on(i, format!("y{i}.id = y{}.p", i.max(1) - 1))),
        ),
        (
            "compiled: 8 tables, all columns equal",
            joined(8, &all_equal),
        ),
        (
            "compiled: 32 tables, all columns equal",
            joined(32, &all_equal),
        ),
        (
            "compiled: 8 tables by keys",
            joined(8, &|i| on(i, format!("y{i}.id = y{}.p", i.max(1) - 1))),
        ),
        (
            "compiled: 32 tables by keys",
            joined(32, &|i| on(i, format!("y{i}.id = y{}.p", i.max(1) - 1))),
        ),
        (
            "compiled: star of 32 tables",
            joined(32, &|i| on(i, format!("y{i}.id = y0.p + {i}"))),
        ),
        (
            "compiled: 32 tables, equal columns",
            joined(32, &|i| on(i, format!("y{i}.v = y{}.v", i.max(1) - 1))),
        ),
        (
            "compiled: NATURAL JOIN of 8 tables",
            format!("SELECT count(*) FROM {}", natural(8)),
        ),
        (
            "compiled: NATURAL JOIN of 32 tables",
            format!("SELECT count(*) FROM {}", natural(32)),
        ),
        (
            "compiled: 8 tables with indexes",
            joined(8, &|i| using("x", i, "c0, c1, c2, c3")),
        ),
        (
            "compiled: 16 tables with indexes",
            joined(16, &|i| using("x", i, "c0, c1, c2, c3")),
        ),
        (
            "compiled: 32 tables with indexes",
            joined(32, &|i| using("x", i, "c0, c1, c2, c3")),
        ),
        (
            "compiled: 4 windows",
            format!("SELECT {} FROM x0", windows(4)),
        ),
        (
            "compiled: 32 windows",
            format!("SELECT {} FROM x0", windows(32)),
        ),
        (
            "compiled: 16 windows of 450 columns",
            format!(
                "SELECT {}, {} FROM columns",
                windows(16),
                many(450, |i| format!("c{i}"), ", ")
            ),
        ),
        (
            "compiled: all of 500 columns",
            "SELECT * FROM columns".to_owned(),
        ),
        (
            "compiled: union of 500 columns",
            many(100, |_| "SELECT * FROM columns".to_owned(), " UNION "),
        ),
        ("compiled: views of views", "SELECT c0 FROM v8".to_owned()),
        (
            "compiled: common tables",
            format!(
                "WITH {} SELECT * FROM a99",
                many(
                    100,
                    |i| match i {
                        0 => "a0 AS (SELECT c0 FROM x0)".to_owned(),
                        _ => format!("a{i} AS (SELECT c0 FROM a{})", i - 1),
                    },
                    ", "
                )
            ),
        ),
        (
            "compiled: CASE of 2 500 branches",
            format!(
                "SELECT CASE {} END FROM x0",
                many(2_500, |i| format!("WHEN c0={i} THEN c1"), " ")
            ),
        ),
        (
            "compiled: 2 000 terms",
            format!(
                "SELECT 1 FROM y0 a, y1 b, y2 c, y3 d WHERE {}",
                terms(0, 2_000)
            ),
        ),
    ]
}

/// Terms in a tree that is not deep.
fn terms(first: usize, count: usize) -> String {
    let table = |i: usize| ["a", "b", "c", "d"][i % 4];
    match count {
        1 => format!("{}.p={}.id", table(first), table(first * 7 + 1)),
        _ => format!(
            "({} AND {})",
            terms(first, count / 2),
            terms(first + count / 2, count - count / 2)
        ),
    }
}

fn many(count: usize, one: impl Fn(usize) -> String, between: &str) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(between)
}
