//! Reading snapshots: whatever ends their lines, whatever is in their header, and what is no snapshot.

use std::fs;

use anyhow::{Result, ensure};

use super::{Test, workspace};
use crate::snapshot::Stored;

pub(super) const TESTS: [Test; 1] = [("snapshots-are-read-whatever-ends-their-lines", line_ends)];

fn line_ends() -> Result<()> {
    let text = "---\nsource: a\n---\noutcome: completed\n  x\n";
    let read = |bytes: &[u8]| -> Result<Stored> {
        let workspace = workspace(&[])?;
        let path = workspace.path().join("a.snap");
        fs::write(&path, bytes)?;
        Ok(Stored::read(&path))
    };
    let expected = Stored::Text("outcome: completed\n  x\n".to_owned());
    ensure!(read(text.as_bytes())? == expected);
    ensure!(read(text.replace('\n', "\r\n").as_bytes())? == expected);
    // The plainest form, and what differs from it a little.
    for (header, text, expected) in [
        ("description: \"a case\"", "x\n---\ny\n", "x\n---\ny\n"),
        ("description: \"a \\\"case\\\"\"", "x\n", "x\n"),
        ("description: a case", "x\n", "x\n"),
        ("description: \"a case\"\nassertion_line: 1", "x\n", "x\n"),
        ("description: \"a case\"", "\nx \n\n", "\nx\n"),
        ("description: \"a case\"", "x", "x\n"),
    ] {
        let file = format!("---\nsource: tests/harness/snapshot.rs\n{header}\n---\n{text}");
        let found = read(file.as_bytes())?;
        ensure!(
            found == Stored::Text(expected.to_owned()),
            "{file}: {found:?}"
        );
    }
    for (bytes, why) in [
        (
            &b"outcome: completed\n"[..],
            "it has no header between two lines `---`",
        ),
        (b"", "it has no header between two lines `---`"),
        (
            b"<<<<<<< HEAD\n---\nsource: a\n---\n",
            "it has no header between two lines `---`",
        ),
        (
            b"---\nsource: a\n---\n\xff",
            "stream did not contain valid UTF-8",
        ),
        (b"---\nsource: a\n---\n\n", "it has no text"),
        (b"---\nsource: a\n", "it has no text"),
        (
            b"---\nsource: a\nextension: bin\nsnapshot_kind: binary\n---\n",
            "it is a binary snapshot",
        ),
        (
            b"---\nsource: tests/a.rs\ndescription: \"a\"\nextension: bin\nsnapshot_kind: binary\n---\nx\n",
            "it is a binary snapshot",
        ),
    ] {
        let found = read(bytes)?;
        ensure!(found == Stored::Unreadable(why.to_owned()), "{found:?}");
    }
    let Stored::Unreadable(why) = read(b"---\nsource: {\n---\nx\n")? else {
        anyhow::bail!("the header is no YAML");
    };
    ensure!(why.starts_with("Failed parsing the YAML from "), "{why}");
    let nowhere = workspace(&[])?;
    ensure!(Stored::read(&nowhere.path().join("a.snap")) == Stored::Nothing);
    Ok(())
}
