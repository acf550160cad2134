//! Databases of cases, and what fills them.

use anyhow::{Context, Result, ensure};

use super::{Test, workspace};
use crate::case::Case;
use crate::name::Name;

pub(super) const TESTS: [Test; 2] = [
    ("each-run-has-a-database-of-its-own", seeds),
    (
        "a-database-beside-a-case-is-copied-and-never-changed",
        databases,
    ),
];

/// Each run has a database of its own, with the rows of all files. A file that is missing or no data is named.
fn seeds() -> Result<()> {
    let workspace = workspace(&[
        ("schema.sql", "CREATE TABLE site (name TEXT);"),
        ("site.csv", "name\nnorth\n"),
        ("site.xml", ""),
    ])?;
    let at = |name: &str| workspace.path().join(name);
    let case = |seed: &str| {
        let seed = format!("about = \"data\"\ndata.seed = [\"schema.sql\", \"{seed}\"]");
        std::fs::write(at("case"), seed)?;
        Case::read(Name::of(&at("case")), &at("case"))
    };
    let well = case("site.csv")?;
    let (one, other) = (well.granted()?, well.granted()?);
    for granted in [&one, &other] {
        let database = granted.database.as_ref().context("it has data")?;
        let connection = rusqlite::Connection::open(database.file())?;
        let inserted = connection.execute("INSERT INTO site SELECT name FROM site", ())?;
        ensure!(inserted == 1, "{inserted} rows");
    }
    for (seed, expected) in [
        (
            "none.csv",
            "hint: `seed` of `[data]` names files beside the case",
        ),
        ("site.xml", "`….sql`, `TABLE.csv` or `TABLE.jsonl`"),
    ] {
        let error = case(seed)?.granted().err().context("it is refused")?;
        let error = format!("{error:#}");
        ensure!(error.contains(expected) && error.contains(seed), "{error}");
    }
    Ok(())
}

/// A database is a seed by itself or before other files. A run changes its copy.
fn databases() -> Result<()> {
    let workspace = workspace(&[
        ("more.sql", "INSERT INTO site VALUES ('south');"),
        ("text.db", "no database"),
        ("open.db", ""),
        ("open.db-wal", ""),
    ])?;
    let at = |name: &str| workspace.path().join(name);
    rusqlite::Connection::open(at("site.db"))?
        .execute_batch("CREATE TABLE site (name TEXT); INSERT INTO site VALUES ('north')")?;
    let before = std::fs::read(at("site.db"))?;
    let case = |seed: &str| {
        std::fs::write(at("case"), format!("about = \"data\"\ndata.seed = {seed}"))?;
        Case::read(Name::of(&at("case")), &at("case"))
    };
    for (seed, names) in [
        ("\"site.db\"", "north"),
        ("[\"site.db\", \"more.sql\"]", "north,south"),
    ] {
        let granted = case(seed)?.granted()?;
        let database = granted.database.as_ref().context("it has data")?;
        let connection = rusqlite::Connection::open(database.file())?;
        let found: String =
            connection.query_row("SELECT group_concat(name) FROM site", (), |row| row.get(0))?;
        ensure!(found == names, "{found}");
        connection.execute_batch("DELETE FROM site")?;
    }
    ensure!(
        std::fs::read(at("site.db"))? == before,
        "the seed has changed"
    );
    for (seed, expected) in [
        (
            "\"none.db\"",
            "hint: `seed` of `[data]` names files beside the case",
        ),
        ("\"text.db\"", "text.db` is not an SQLite database"),
        ("\"open.db\"", "open.db` is in use, or was not closed"),
        (
            "[\"more.sql\", \"site.db\"]",
            "`site.db` comes after another file, expected a database to come first",
        ),
    ] {
        let error = case(seed)?.granted().err().context("it is refused")?;
        let error = format!("{error:#}");
        ensure!(error.contains(expected), "{error}");
    }
    let error = case("7").err().context("it is refused")?;
    let error = format!("{error:#}");
    ensure!(
        error.contains("expected a file's name, or a list of names"),
        "{error}"
    );
    Ok(())
}
