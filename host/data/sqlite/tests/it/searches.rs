//! Searches of full text that do much on one document, where nothing interrupts FTS5: each ends with a typed outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fractalaw_sqlite::{Amount, Budget, Quota, Stop};

use crate::tables::{CONDITIONS, grants, rows, run, store, told};

/// Documents in which a few words are at thousands of places, and ordinary ones.
const SET_UP: &str = "
CREATE VIRTUAL TABLE dense USING fts5(body);
INSERT INTO dense SELECT replace(hex(zeroblob(50000)), '00', 'the of ');
INSERT INTO dense SELECT replace(hex(zeroblob(3000)), '00', 'q r ');
INSERT INTO dense SELECT replace(hex(zeroblob(900)), '00', 'm n ');
CREATE VIRTUAL TABLE docs USING fts5(title, body);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
    INSERT INTO docs SELECT 'permit ' || i, 'the permit holder shall keep records of ' || (i % 7) FROM n;
CREATE VIRTUAL TABLE parts USING fts5(body, tokenize = 'trigram');
INSERT INTO parts VALUES ('the permit holder');
CREATE VIRTUAL TABLE thin USING fts5(body, detail = none);
INSERT INTO thin SELECT body FROM docs;
";

fn times(word: &str, count: usize, between: &str) -> String {
    vec![word; count].join(between)
}

/// A run with so much fuel, which counts what it used and how often it was looked at.
struct Purse {
    left: u64,
    used: Arc<AtomicU64>,
}

impl Budget for Purse {
    fn spend(&mut self, fuel: u64) -> Result<(), Stop> {
        self.used.fetch_add(fuel, Ordering::Relaxed);
        let left = self.left.checked_sub(fuel);
        self.left = left.unwrap_or(0);
        left.map(drop).ok_or(Stop::OutOfFuel)
    }

    fn count(&mut self, _: Quota, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn affords(&self, _: &Amount) -> bool {
        true
    }

    fn look(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

/// What one FTS5 call may not do is an error of code 7, whatever the fuel is.
#[test]
fn what_is_too_much_for_one_document_is_refused() {
    let store = store(SET_UP);
    let mut run = run(&store, &["*"], &["*"]);
    let many = "phrases that are in too many places, or begin too many words\n\
                hint: search for fewer phrases, or for rarer ones";
    let of_document = |function: &str| {
        format!(
            "`{function}` of a document in which the pattern is in too many places\n\
             hint: search for fewer phrases, or for rarer ones"
        )
    };
    let pattern =
        |pattern: &str| format!("SELECT count(*) FROM dense WHERE dense MATCH '{pattern}'");
    let of = |call: &str, pattern: &str| {
        format!("SELECT length({call}) FROM dense WHERE dense MATCH '{pattern}'")
    };
    for (sql, expected) in [
        (
            pattern(&format!("NEAR({}, 1000)", times("the of", 17, " "))),
            "`NEAR` with 34 phrases, expected at most 32\nhint: put `AND` between several `NEAR`".to_owned(),
        ),
        (
            pattern(&format!("NEAR({}, 1000)", times("the of", 16, " "))),
            many.to_owned(),
        ),
        (
            "SELECT count(*) FROM dense WHERE dense MATCH 'NEAR(' || replace(hex(zeroblob(17)), '00', 'the of ') || ', 9)'".to_owned(),
            "`NEAR` with 34 phrases, expected at most 32\nhint: put `AND` between several `NEAR`".to_owned(),
        ),
        (
            format!("SELECT count(*) FROM dense('NEAR({})')", times("a", 33, " ")),
            "`NEAR` with 33 phrases, expected at most 32\nhint: put `AND` between several `NEAR`".to_owned(),
        ),
        (
            pattern(&times("the", 4_097, " OR ")),
            "a pattern for full text with 4097 phrases, expected at most 4096\nhint: make several searches of it".to_owned(),
        ),
        (
            "SELECT count(*) FROM dense WHERE dense MATCH hex(zeroblob(40000))".to_owned(),
            "a pattern for full text of 80000 bytes, expected at most 65536\nhint: make several searches of it".to_owned(),
        ),
        (
            pattern(&format!("\"{}\"", times("q r", 513, " "))),
            "a phrase of 1026 words, expected at most 1024\nhint: search for a part of it".to_owned(),
        ),
        (of("snippet(dense, 0, '', '', '', 9)", "the"), of_document("snippet")),
        (of("snippet(dense, 0, '', '', '', 9)", "q"), of_document("snippet")),
        (of("highlight(dense, 0, '<', '>')", "the"), of_document("highlight")),
        (of("bm25(dense)", &times("the", 60, " OR ")), of_document("bm25")),
        (of("rank", &times("the", 60, " OR ")), of_document("bm25")),
        (
            "INSERT INTO docs (title) SELECT snippet(dense, 0, '', '', '', 9) FROM dense WHERE dense MATCH 'of'".to_owned(),
            of_document("snippet"),
        ),
    ] {
        let result = match sql.starts_with("INSERT") {
            true => told(run.execute(&sql)),
            false => told(run.query(&sql)),
        };
        assert_eq!(result, format!("7: {expected}"), "{sql:.90}");
    }
    // The run goes on, and has changed nothing.
    assert_eq!(rows(&run.query("SELECT count(*) FROM docs").unwrap()), "50");
}

/// What FTS5 finds stays the same, and a pattern that is none has FTS5's own error.
#[test]
fn ordinary_searches_find_what_they_found() {
    let store = store(SET_UP);
    let mut run = run(&store, &["*"], &[]);
    for (sql, expected) in [
        (
            "SELECT count(*) FROM docs WHERE docs MATCH 'NEAR(permit records, 4)'",
            "50",
        ),
        (
            "SELECT count(*) FROM docs WHERE docs MATCH 'NEAR(\"permit holder\" \"records of\", 2) AND 3'",
            "7",
        ),
        (
            "SELECT count(*) FROM docs WHERE docs MATCH 'body : ^the + permit'",
            "50",
        ),
        (
            "SELECT count(*) FROM docs WHERE docs MATCH 'title : p* NOT 3'",
            "43",
        ),
        ("SELECT count(*) FROM docs WHERE title MATCH '3'", "1"),
        ("SELECT count(*) FROM parts WHERE parts MATCH 'ermit'", "1"),
        (
            "SELECT count(*) FROM thin WHERE thin MATCH 'records AND 3'",
            "7",
        ),
        (
            "SELECT count(*) FROM dense WHERE dense MATCH 'NEAR(q r, 3)'",
            "1",
        ),
        (
            "SELECT rowid FROM docs WHERE docs MATCH '3 OR records' ORDER BY rank, rowid LIMIT 2",
            "3\n10",
        ),
        (
            "SELECT highlight(docs, 1, '<', '>') FROM docs WHERE docs MATCH 'holder' AND rowid = 1",
            "the permit <holder> shall keep records of 1",
        ),
        (
            "SELECT snippet(docs, 1, '<', '>', '…', 3) FROM docs WHERE docs MATCH 'keep' LIMIT 1",
            "…shall <keep> records…",
        ),
        (
            "SELECT snippet(thin, 0, '<', '>', '', 2) FROM thin WHERE thin MATCH 'keep' LIMIT 1",
            "<keep> records",
        ),
    ] {
        assert_eq!(rows(&run.query(sql).unwrap()), expected, "{sql}");
    }
    for (pattern, expected) in [
        ("NEAR(a b", "4: fts5: syntax error near \"\""),
        ("a (b)", "4: fts5: syntax error near \"a\""),
        ("NEAR(a b, c)", "4: expected integer, got \"c\""),
        ("\"a", "4: unterminated string"),
        ("a ! b", "4: fts5: syntax error near \"!\""),
        ("nowhere : a", "4: no such column: nowhere"),
    ] {
        let sql = format!("SELECT count(*) FROM docs WHERE docs MATCH '{pattern}'");
        assert_eq!(told(run.query(&sql)), expected, "{pattern}");
    }
}

/// The time of these grows with the square of a number, and so does their price: an attack is out of fuel before FTS5 has
/// compared the places of one document.
#[test]
fn attacks_with_full_text_are_out_of_fuel() {
    let store = store(SET_UP);
    for (fuel, sql) in [
        (
            20_000_000,
            "SELECT count(*) FROM dense WHERE dense MATCH 'NEAR(the of the of, 10)'",
        ),
        (
            100_000_000,
            "SELECT count(*) FROM dense WHERE dense MATCH 'NEAR(the of the of the of the of, 10)'",
        ),
        (
            20_000_000,
            "SELECT count(*) FROM docs a, docs b, dense WHERE dense MATCH 'NEAR(q r q r q r, 9)'",
        ),
        (
            10_000_000,
            "SELECT snippet(dense, 0, '', '', '', 9) FROM dense, docs WHERE dense MATCH 'm'",
        ),
        (
            20_000_000,
            "INSERT INTO dense SELECT replace(hex(zeroblob(200000)), '00', 'z ') FROM docs",
        ),
    ] {
        let used = Arc::<AtomicU64>::default();
        let budget = Box::new(Purse {
            left: fuel,
            used: Arc::clone(&used),
        });
        let mut run = store.run(grants(&["*"], &["*"]), CONDITIONS, budget);
        let ended = match sql.starts_with("INSERT") {
            true => told(run.execute(sql)),
            false => told(run.query(sql)),
        };
        assert_eq!(ended, "stop: out of fuel", "{sql}");
    }
}

/// A search that compares places costs more with each phrase of `NEAR`, and the words of a document are paid for.
#[test]
fn comparing_places_and_reading_documents_is_paid_for() {
    let store = store(SET_UP);
    let cost = |sql: &str| {
        let used = Arc::<AtomicU64>::default();
        let budget = Box::new(Purse {
            left: u64::MAX,
            used: Arc::clone(&used),
        });
        let mut run = store.run(grants(&["*"], &["*"]), CONDITIONS, budget);
        match sql.starts_with("INSERT") {
            true => drop(run.execute(sql).unwrap()),
            false => drop(run.query(sql).unwrap()),
        }
        used.load(Ordering::Relaxed)
    };
    let near = |phrases: usize| {
        cost(&format!(
            "SELECT count(*) FROM dense WHERE dense MATCH 'NEAR({})'",
            times("q r", phrases / 2, " ")
        ))
    };
    let (two, four, eight) = (near(2), near(4), near(8));
    assert!(four > 2 * two && eight > 3 * four, "{two}, {four}, {eight}");
    let added = |words: usize| {
        cost(&format!(
            "INSERT INTO docs (body) VALUES ('{}')",
            times("w", words, " ")
        ))
    };
    let (few, many) = (added(10), added(1_010));
    assert!(many - few > 250_000, "{few} and {many}");
}

/// Full text writes what has changed when the call ends. The run's budget can end there too, and the call is then no error of the
/// engine.
#[test]
fn a_budget_that_ends_while_full_text_writes_ends_the_run() {
    let store = store(SET_UP);
    let delete = |rows: u64, fuel: u64| {
        let used = Arc::<AtomicU64>::default();
        let budget = Box::new(Purse {
            left: fuel,
            used: Arc::clone(&used),
        });
        let mut run = store.run(grants(&["*"], &["*"]), CONDITIONS, budget);
        let ended = told(run.execute(&format!("DELETE FROM docs WHERE rowid <= {rows}")));
        (ended, used.load(Ordering::Relaxed))
    };
    for rows in 1..=50 {
        let (ended, cost) = delete(rows, u64::MAX);
        assert_eq!(ended, format!("ok: {rows}"));
        for missing in [1, 10_000, 100_000] {
            let (ended, _) = delete(rows, cost - missing);
            assert_eq!(ended, "stop: out of fuel", "{rows} rows, {missing} missing");
        }
    }
}
