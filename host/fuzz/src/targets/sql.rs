//! Statements of SQL, on a database of which a part is granted.
//!
//! An input is a program of a few statements, made by a grammar (`sql/grammar.rs`) or as it stands. The program
//! runs on two databases that differ only in what is not granted. So whatever differs between the two runs came
//! from there: a row, a message, a count of steps. The second run also meets a connection that was used before, and
//! makes its short queries as the thread of a guest does.

mod tables;
mod words;

mod grammar;

use fractalaw_sqlite::{Code, Failure, Run, Store, TableChanges, Used};

use crate::data::{self, Purse};
use tables::{HIDDEN_NAMES, Side};

/// What one program may use. It is enough for every part of the grammar, and ends whatever has no end.
const FUEL: u64 = 4_000_000;

pub(crate) fn run(bytes: &[u8]) {
    let program = grammar::program(bytes);
    tables::with_sides(|(one, other)| run_on(one, other, &program));
}

fn run_on(one: &mut Side, other: &mut Side, program: &grammar::Program) {
    let first = attempt(&one.fresh(), program, Run::query);
    let second = attempt(&other.used(), program, |run, sql| {
        let short = run.query_if_short(sql);
        short.unwrap_or_else(|| run.query(sql))
    });
    assert_eq!(first, second, "the runs differ: {program:#?}");
    for (sql, answer) in program.statements.iter().zip(&first.answers) {
        hides(sql, answer);
    }
    for side in [one, other] {
        side.check(first.changed.as_deref());
    }
}

/// What a program did, as far as its guest or its report can see it.
#[derive(Debug, PartialEq, Eq)]
struct Attempt {
    answers: Vec<Answer>,
    used: Used,
    /// What changed. `None` if it was undone.
    changed: Option<Vec<String>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Rows(Vec<u8>),
    Count(u64),
    Failed(Failure),
}

/// How a query is made.
type Query = fn(&mut Run, &str) -> Result<Vec<u8>, Failure>;

fn attempt(store: &Store, program: &grammar::Program, query: Query) -> Attempt {
    let purse = Purse::new(FUEL);
    let mut run = store.run(tables::grants(), data::CONDITIONS, Box::new(purse));
    let mut answers = Vec::new();
    for sql in &program.statements {
        let answer = call(&mut run, sql, query);
        let ends = matches!(answer, Answer::Failed(Failure::Stop(_)));
        answers.push(answer);
        if ends {
            break;
        }
    }
    let used = run.used();
    data::within(used, FUEL);
    let ended = matches!(answers.last(), Some(Answer::Failed(Failure::Stop(_))));
    let completes = program.completes && !ended;
    let changed = if completes {
        run.prepare(None).and_then(|prepared| prepared.settle(true))
    } else {
        run.discard()
    };
    Attempt {
        answers,
        used,
        changed: changed
            .ok()
            .filter(|_| completes)
            .map(|changes| said(&changes)),
    }
}

/// The keys of the rows that changed. The values have columns that the guest was not granted, for whoever reads
/// the report.
fn said(changes: &[TableChanges]) -> Vec<String> {
    let keys = |changes: &TableChanges| {
        let keys: Vec<_> = changes.rows.iter().map(|row| &row.key).collect();
        format!("{}: {keys:?}", changes.table)
    };
    changes.iter().map(keys).collect()
}

/// As a guest that does not know what kind of statement it has.
fn call(run: &mut Run, sql: &str, query: Query) -> Answer {
    let rows = query(run, sql);
    let is_query = !matches!(&rows, Err(Failure::Call(error)) if error.code == Code::NotAQuery);
    if is_query {
        data::count("rows", &rows);
        return rows.map_or_else(Answer::Failed, Answer::Rows);
    }
    let count = run.execute(sql);
    data::count("changes", &count);
    count.map_or_else(Answer::Failed, Answer::Count)
}

/// The answer has no name and no value that was not granted, unless the statement itself has it.
fn hides(sql: &str, answer: &Answer) {
    let said = match answer {
        Answer::Rows(rows) => rows.clone(),
        Answer::Failed(failure) => failure.to_string().into_bytes(),
        Answer::Count(_) => return,
    };
    let (sql, said) = (sql.to_ascii_lowercase(), said.to_ascii_lowercase());
    for hidden in HIDDEN_NAMES.iter().chain(&Side::VALUES) {
        let shows = data::contains(&said, hidden.as_bytes());
        assert!(!shows || sql.contains(hidden), "`{hidden}` from {sql}");
    }
}

/// Statements as they stand, and choices for the grammar.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = (1..=48_u64)
        .map(|seed| {
            let mut random = crate::mutate::Random::new(seed);
            (0..192).map(|_| random.next() as u8 & 0x7f).collect()
        })
        .collect();
    seeds.extend(words::PLAIN.iter().map(|sql| grammar::plain(&[sql])));
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most of what the grammar makes reaches tables. Otherwise the target would look for nothing.
    #[test]
    fn seeds_give_rows_and_changes() {
        let (mut rows, mut counts, mut failed) = (0, 0, 0);
        for seed in seeds() {
            let program = grammar::program(&seed);
            let store = tables::with_sides(|(one, _)| one.fresh());
            for answer in attempt(&store, &program, Run::query).answers {
                match answer {
                    Answer::Rows(_) => rows += 1,
                    Answer::Count(_) => counts += 1,
                    Answer::Failed(_) => failed += 1,
                }
            }
        }
        assert!(
            rows > 20 && counts > 10 && failed > 20,
            "{rows} {counts} {failed}"
        );
    }

    #[test]
    #[should_panic(expected = "zqvault")]
    fn a_name_that_is_shown_is_noticed() {
        hides("SELECT 1", &Answer::Rows(b"the zqVault".to_vec()));
    }
}
