//! Does to data what it must not, one thing for each argument. The host must end each in time, give nothing away that was
//! not granted, and leave nothing in the data.

use std::time::Duration;
use std::{env, hint, thread};

use micro_app::{Error, Sql, execute, query, query_as, query_one, record};

micro_app::main!(run);

fn run() -> Result<String, String> {
    let what = env::args().nth(1).unwrap_or_default();
    record("attempt", "hostile-queries", &*what);
    match &*what {
        "cartesian-join" => {
            number("SELECT count(*) FROM reading a, reading b, reading c, reading d, reading e")
        }
        "endless-recursion" => number(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        ),
        "endless-rows" => {
            let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, 'row' FROM n";
            Ok(format!("{} bytes", query(endless)?.stream().len()))
        }
        "huge-value" => number("SELECT length(randomblob(1000000000))"),
        "huge-values" => number(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
             SELECT sum(length(hex(randomblob(400000)))) FROM n",
        ),
        "huge-sort" => number(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
             SELECT count(*) FROM (SELECT hex(randomblob(1000)) AS h FROM n ORDER BY h)",
        ),
        "long-statement" => number(Sql::trusted(format!("SELECT {}1", "1 + ".repeat(20_000)))),
        "not-granted" => Ok(not_granted()),
        "other-files" => Ok(other_files()),
        "writes-then-traps" => {
            write()?;
            panic!("after a write");
        }
        "writes-then-burns" => {
            write()?;
            burn()
        }
        "writes-then-fails" => {
            write()?;
            Err("after a write".to_owned())
        }
        "holds-a-write" => {
            write()?;
            thread::sleep(Duration::from_secs(3_600));
            Ok("slept".to_owned())
        }
        what => match (attack(what), change(what)) {
            (Some(sql), _) => number(Sql::trusted(sql)),
            (None, Some(sql)) => Ok(format!("{} rows changed", execute(sql)?)),
            (None, None) => Err(format!("no attack is called `{what}`")),
        },
    }
}

/// One query that does as much as it can, in as few steps as it can.
fn attack(what: &str) -> Option<String> {
    let endless = |select: &str| {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT {select} FROM n"
        )
    };
    let list = |count: usize, between: &str| {
        let terms: Vec<String> = (0..count).map(|term| term.to_string()).collect();
        terms.join(between)
    };
    Some(match what {
        "six-table-join" => {
            "SELECT count(*) FROM reading a, reading b, reading c, reading d, reading e, reading f WHERE a.level < f.level".into()
        }
        "growing-recursion" => {
            "WITH RECURSIVE n(i, t) AS (SELECT 1, 'a' UNION SELECT i + 1, t || i FROM n) SELECT count(*) FROM n".into()
        }
        "replace-bomb" => endless(&format!(
            "max(length(replace(hex(zeroblob(5000 + i % 2)), '0', '{}')))",
            "x".repeat(50)
        )),
        "printf-bomb" => endless("max(length(printf('%900000d', i)))"),
        "slow-like" => format!("SELECT count(*) FROM page WHERE body LIKE '%{}b%'", "a_".repeat(120)),
        "slow-glob" => format!("SELECT count(*) FROM page WHERE body GLOB '*{}b'", "[a-z]".repeat(48)),
        "slow-trim" => "SELECT sum(length(trim(a.body, b.body))) FROM page a, page b, reading".into(),
        "huge-json" => "SELECT sum(value) FROM (SELECT '[' || replace(substr(body, 1, 100000), 'a', '1,') || '1]' AS j FROM page), json_each(j)".into(),
        "many-dates" => format!(
            "SELECT max(datetime(a.id, 'unixepoch'{})) FROM reading a, reading b",
            ", 'start of month', 'weekday 3'".repeat(45)
        ),
        "deep-expression" => format!("SELECT {}1{}", "(1 + ".repeat(5_000), ")".repeat(5_000)),
        "long-list" => format!("SELECT count(*) FROM reading WHERE id IN ({})", list(100_000, ",")),
        "many-terms" => format!("SELECT count(*) FROM words WHERE words MATCH '{}'", list(7_000, " OR ")),
        "near-many" => format!("SELECT count(*) FROM dense WHERE dense MATCH 'NEAR({})'", ["the of"; 17].join(" ")),
        "near-dense" => format!("SELECT count(*) FROM dense WHERE dense MATCH 'NEAR({}, 9)'", ["the of"; 4].join(" ")),
        "long-phrase" => format!("SELECT count(*) FROM reading, dense WHERE dense MATCH '\"{}\"'", ["the of"; 30].join(" ")),
        "ranked-terms" => format!("SELECT count(*) FROM (SELECT rank FROM dense WHERE dense MATCH '{}' ORDER BY rank)", ["the"; 40].join(" OR ")),
        "slow-snippet" => "SELECT max(length(t)) FROM (SELECT snippet(dense, 0, '', '', '', 64) AS t FROM dense WHERE dense MATCH 'the' ORDER BY rowid)".into(),
        "slow-highlight" => "SELECT length(highlight(dense, 0, '<', '>')) FROM dense WHERE dense MATCH 'the'".into(),
        "first-words" => "SELECT count(*) FROM reading a, reading b, dense WHERE dense MATCH '^the'".into(),
        "short-prefixes" => format!("SELECT count(*) FROM reading, words WHERE words MATCH '{}'", ["r*"; 40].join(" OR ")),
        "many-julian-days" => "SELECT count(strftime(replace(hex(zeroblob(475)), '0', '%J'), a.id)) FROM reading a, reading b".into(),
        "middle-join" => "SELECT count(*) FROM (SELECT substr(body, 1, 4000) AS t FROM page, reading) a, (SELECT substr(body, 1, 4000) AS t FROM page, reading) b WHERE a.t = b.t".into(),
        "wide-window" => "SELECT max(t) FROM (SELECT count(*) OVER (ORDER BY a.level * b.id) AS t FROM reading a, reading b, reading c)".into(),
        "wide-sort" => "SELECT count(*) FROM (SELECT substr(body, 1, 12000) || a.id AS t FROM page, reading a, reading b ORDER BY t LIMIT -1 OFFSET 1)".into(),
        "generated-columns" => "SELECT max(wide), max(loud) FROM made, reading a, reading b".into(),
        _ => return None,
    })
}

/// One statement that changes as much as it can.
fn change(what: &str) -> Option<&'static str> {
    Some(match what {
        "trigger-cascade" => "INSERT INTO first SELECT id FROM reading",
        "huge-keys" => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
             INSERT INTO keys SELECT hex(zeroblob(499000)) || i FROM n"
        }
        "middle-rows" => "UPDATE middle SET body = upper(body)",
        "long-documents" => "INSERT INTO dense SELECT body FROM dense, reading",
        "huge-rows" => "UPDATE reading SET station = hex(zeroblob(400000)) || id",
        _ => return None,
    })
}

fn number(sql: impl Into<Sql>) -> Result<String, String> {
    let number: Option<i64> = query_one(sql)?;
    Ok(format!("{number:?}"))
}

fn write() -> Result<u64, Error> {
    execute("UPDATE reading SET level = level + 1000")?;
    execute("DELETE FROM reading WHERE id % 2 = 0")
}

fn burn() -> Result<String, String> {
    let mut count = 0_u64;
    loop {
        count = hint::black_box(count + 1);
    }
}

/// Every way to a table that is there and was not granted.
fn not_granted() -> String {
    let attempts = [
        "SELECT name FROM salary",
        "SELECT name FROM main.salary",
        "SELECT s.name FROM reading r LEFT JOIN salary s",
        "SELECT (SELECT name FROM salary) FROM reading",
        "SELECT name FROM leaky_view",
        "SELECT name FROM sqlite_master WHERE name = 'salary'",
        "SELECT sql FROM sqlite_schema WHERE sql LIKE '%salary%'",
        "SELECT name FROM pragma_table_info('salary')",
        "PRAGMA table_info(salary)",
        "SELECT name FROM nothing_at_all",
    ];
    said(&attempts, |sql| {
        Ok(format!("{:?}", query_as::<String>(sql)?))
    })
}

/// Every way out of the database.
fn other_files() -> String {
    let attempts = [
        "ATTACH '/etc/passwd' AS other",
        "VACUUM INTO '/tmp/copy.db'",
        "PRAGMA temp_store_directory = '/tmp'",
        "PRAGMA journal_mode = OFF",
        "SELECT load_extension('evil')",
        "SELECT readfile('/etc/passwd')",
        "SELECT writefile('/tmp/x', 'y')",
        "CREATE VIRTUAL TABLE t USING csv(filename='/etc/passwd')",
        "CREATE TABLE mine (x)",
        "DROP TABLE reading",
        "COMMIT",
    ];
    said(&attempts, |sql| match query(sql) {
        Ok(_) => Ok("given".to_owned()),
        Err(_) => Ok(format!("{} rows changed", execute(sql)?)),
    })
}

/// What came of each attempt, a line each.
fn said(
    attempts: &[&'static str],
    attempt: impl Fn(&'static str) -> Result<String, Error>,
) -> String {
    let mut text = String::new();
    for sql in attempts {
        let came = attempt(sql).unwrap_or_else(|error| format!("{:?}: {error}", error.code));
        text.push_str(sql);
        text.push_str("\n  ");
        text.push_str(&came.replace('\n', "\n  "));
        text.push('\n');
    }
    text
}
