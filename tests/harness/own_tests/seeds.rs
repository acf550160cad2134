//! Databases of cases, and what fills them.

use anyhow::{Context, Result, ensure};

use super::{Test, workspace};
use crate::case::Case;
use crate::name::Name;

pub(super) const TESTS: [Test; 1] = [("each-run-has-a-database-of-its-own", seeds)];

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
