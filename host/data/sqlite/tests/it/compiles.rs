//! Compiling ends with the budget too.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fractalaw_sqlite::{Failure, Stop, Store, Unlimited};

use crate::stops::{Bounded, bounded, with};
use crate::tables::{CONDITIONS, grants, store};

/// SQLite compares the plans of a join while it compiles it, for longer than a run may take.
#[test]
fn a_join_of_many_tables_ends_with_its_budget_while_it_is_compiled() {
    let table = |i: usize| {
        let index = |j: usize| {
            format!(
                "CREATE INDEX i{i}_{j} ON j{i} (c{j}, c{}, c{});",
                (j + 1) % 4,
                (j + 2) % 4
            )
        };
        format!(
            "CREATE TABLE j{i} (c0, c1, c2, c3); {}",
            (0..4).map(index).collect::<String>()
        )
    };
    let store = store(&(0..32).map(table).collect::<String>());
    let join = |tables: usize| {
        let joined = |i: usize| format!(" JOIN j{i} USING (c0, c1, c2, c3)");
        format!(
            "SELECT count(*) FROM j0{}",
            (1..tables).map(joined).collect::<String>()
        )
    };
    let ends = |tables: usize, budget: Bounded| {
        let charged = Arc::clone(&budget.charged);
        let ended = with(&store, budget).query(&join(tables)).map(drop);
        (ended, charged.load(Ordering::Relaxed))
    };
    for fuel in [30_000_000, 200_000_000] {
        let budget = Bounded { fuel, ..bounded() };
        assert_eq!(ends(32, budget), (Err(Stop::OutOfFuel.into()), fuel));
    }
    let budget = Bounded {
        looks: 3,
        ..bounded()
    };
    assert_eq!(ends(32, budget).0, Err(Stop::Deadline.into()));
    // It costs the same when it is ready from before. The first statement of a run also pays for its copies of pages.
    let mut run = with(&store, bounded());
    let mut cost = |sql: &str| {
        let before = run.used().fuel;
        run.query(sql).unwrap();
        run.used().fuel - before
    };
    cost(&join(6));
    let (ready, new) = (cost(&join(6)), cost(&format!("{} ", join(6))));
    assert_eq!(ready + 250, new);
}

/// What a call costs in a run of its own.
fn cost(store: &Store, sql: &str) -> u64 {
    let (fuel, answer) = tried(store, sql);
    assert_eq!(answer, Ok(()), "{sql}");
    fuel
}

/// The same for a call that may fail.
fn tried(store: &Store, sql: &str) -> (u64, Result<(), Failure>) {
    let budget = Box::new(Unlimited::default());
    let mut run = store.run(grants(&["*"], &["*"]), CONDITIONS, budget);
    let answer = match sql.starts_with("SELECT") {
        true => run.query(sql).map(drop),
        false => run.execute(sql).map(drop),
    };
    (run.used().fuel, answer)
}

/// SQLite compiles the programs of all triggers of a table, and those of its foreign keys, whenever a statement can fire them.
#[test]
fn a_statement_pays_for_what_it_makes_sqlite_compile() {
    let trigger = |i: usize| {
        format!(
            "CREATE TRIGGER g{i} AFTER UPDATE OF a ON t BEGIN INSERT INTO log VALUES (OLD.a, NEW.a); END;"
        )
    };
    let child = |i: usize| {
        format!("CREATE TABLE c{i} (id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE);")
    };
    let check = |i: usize| format!("CHECK (c{i} > {i})");
    let column = |i: usize| format!("c{i}");
    let many = |one: &dyn Fn(usize) -> String, between: &str| {
        (0..100).map(one).collect::<Vec<_>>().join(between)
    };
    let store = store(&format!(
        "CREATE TABLE log (a, b); CREATE TABLE t (a, b); CREATE TABLE u (a, b); {}
         CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE q (id INTEGER PRIMARY KEY); {}
         CREATE TABLE k ({columns}, {}); CREATE TABLE l ({columns});
         CREATE VIEW v AS SELECT {} FROM u;",
        many(&trigger, " "),
        many(&child, " "),
        many(&check, ", "),
        many(&|i| format!("CASE a WHEN {i} THEN b END AS c{i}"), ", "),
        columns = many(&column, ", "),
    ));
    for (much, little) in [
        ("UPDATE t SET a = 1", "UPDATE u SET a = 1"),
        ("DELETE FROM p", "DELETE FROM q"),
        (
            "INSERT INTO k DEFAULT VALUES",
            "INSERT INTO l DEFAULT VALUES",
        ),
        ("SELECT c1 FROM v", "SELECT a  FROM u"),
    ] {
        let (much, little) = (cost(&store, much), cost(&store, little));
        assert!(much > little + 100_000, "{much} and {little}");
    }
    // Triggers for other columns are not compiled.
    assert_eq!(
        cost(&store, "UPDATE t SET b = 1"),
        cost(&store, "UPDATE u SET b = 1")
    );
    // A statement that fails pays too. Each of its queries has the expression of the one in it twice, until the program is too large.
    let begins = "(SELECT k + k AS k FROM ".repeat(16);
    let sql = format!(
        "SELECT k FROM {begins}(SELECT a AS k FROM u){}",
        ")".repeat(16)
    );
    let (fuel, answer) = tried(&store, &sql);
    assert!(answer.is_err() && fuel > 10_000_000, "{fuel}, {answer:?}");
}

/// SQLite keeps some of what it finds out while it compiles a statement for as long as the connection is open.
#[test]
fn compiling_costs_the_same_on_a_new_connection_and_on_a_used_one() {
    let store = store(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a UNIQUE, b);
         CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE ON UPDATE SET NULL, q REFERENCES p (a) ON UPDATE CASCADE);
         CREATE TABLE g (id INTEGER PRIMARY KEY REFERENCES c ON DELETE SET NULL ON UPDATE RESTRICT, p);
         CREATE INDEX ci ON c (p, q);
         CREATE VIEW v AS SELECT p.a, c.q FROM p JOIN c ON c.p = p.id;
         CREATE VIEW w AS SELECT * FROM v x NATURAL JOIN v y;
         CREATE TRIGGER t AFTER UPDATE ON p BEGIN UPDATE g SET p = NEW.b WHERE p = OLD.b; END;
         CREATE TRIGGER i INSTEAD OF INSERT ON v BEGIN INSERT INTO p (a) VALUES (NEW.a); END;
         INSERT INTO p VALUES (1, 2, 3), (4, 5, 6);
         INSERT INTO c VALUES (1, 1, 2), (2, 4, 5);
         INSERT INTO g VALUES (2, 3);
         CREATE VIRTUAL TABLE docs USING fts5(title, body);
         INSERT INTO docs SELECT 'title ' || value, 'record ' || value FROM json_each(json_array(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))",
    );
    let names = (0..300).map(|i| format!("a AS x{i}")).collect::<Vec<_>>();
    let statements = [
        format!("SELECT {} FROM w", names.join(", ")),
        "SELECT * FROM w a JOIN w b JOIN v c USING (a, q) WHERE a.a IN (SELECT q FROM c WHERE p = 1)".to_owned(),
        "SELECT * FROM pragma_table_info('p') a JOIN pragma_table_info('c') b USING (name) JOIN pragma_index_list('c') d".to_owned(),
        "SELECT * FROM pragma_foreign_key_list('g') a, pragma_table_xinfo('w') b, pragma_index_info('ci'), pragma_table_list".to_owned(),
        "SELECT count(*) FROM json_each('[1]') a, json_tree('[2]') b, json_each('[3]') c, json_tree('[4]') d".to_owned(),
        "SELECT * FROM w WHERE a IN (1, 2) AND missing = 3".to_owned(),
        "SELECT * FROM dbstat".to_owned(),
        "SELECT * FROM pragma_database_list, pragma_function_list".to_owned(),
        // SQLite asks nobody about a table of which only the columns that are compared are read.
        "SELECT 1 FROM c, docs, g AS x NATURAL JOIN docs".to_owned(),
        "UPDATE p SET id = id + 10, a = a + 1 WHERE id = 1".to_owned(),
        "UPDATE c SET id = id + 10 WHERE q IN (1, 3)".to_owned(),
        "DELETE FROM p WHERE a = 5".to_owned(),
        "INSERT INTO v VALUES (1, 2)".to_owned(),
        "INSERT INTO p VALUES (9, 9, 9) ON CONFLICT (a) DO UPDATE SET b = 1".to_owned(),
        "REPLACE INTO p VALUES (1, 5, 7)".to_owned(),
    ];
    let costs = |fresh: bool| -> Vec<u64> {
        let each = |sql: &String| {
            if fresh {
                store.rest();
            }
            tried(&store, sql).0
        };
        statements.iter().map(each).collect()
    };
    let new = costs(true);
    assert!(new.iter().any(|fuel| *fuel > 200_000), "{new:?}");
    assert_eq!(costs(false), new);
    assert_eq!(costs(false), new);
    // None is ready on the connection that the next run takes, because of as many others.
    for number in 0..64 {
        cost(&store, &format!("SELECT {number}"));
    }
    assert_eq!(costs(false), new);
}
