//! Rendering, reading and writing texts: no byte is lost, and two different things never have the same text.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use fractalaw_host::{Run, Tier};
use fractalaw_report::{Decision, Effect, FunctionsUsed, Refusal, Report, Settled};

use super::{Test, workspace};
use crate::case::Case;
use crate::granted::{Changes, Granted};
use crate::listing::{self, Listing};
use crate::name::Name;
use crate::regular;
use crate::rendering::Observed;
use crate::reviewed::{self, Cost};
use crate::snapshot::Stored;
use crate::whole::Wholes;
use crate::{functions, rendering};

pub(super) const TESTS: [Test; 10] = [
    ("a-last-newline-is-seen", last_newline),
    ("a-text-ends-so-that-nothing-of-it-is-lost", ends),
    ("bytes-that-are-no-text-are-shown-as-bytes", bytes),
    ("entries-that-print-alike-are-told-apart", entries),
    ("what-is-left-out-is-in-a-digest", long_lists),
    ("folders-are-compared-to-the-byte", folders),
    ("a-pipe-among-the-inputs-is-an-error", pipes),
    (
        "the-function-that-moved-most-stands-first",
        functions_that_moved,
    ),
    (
        "what-was-reviewed-is-read-or-told-by-its-line",
        reviewed_texts,
    ),
    ("effects-are-shown-if-there-are-any", effects),
];

fn last_newline() -> Result<()> {
    ensure!(rendering::lines("").is_empty());
    ensure!(rendering::lines("\n") == ["", ""]);
    ensure!(rendering::lines("x") == ["x"]);
    ensure!(rendering::lines("x\n") == ["x", ""]);
    ensure!(rendering::lines("x\r\ny") == ["x\\r", "y"]);
    Ok(())
}

fn ends() -> Result<()> {
    let workspace = workspace(&[])?;
    let path = workspace.path().join("a.snap");
    for (text, expected) in [
        ("x\n", "x\n"),
        ("\n  x\n", "\n  x\n"),
        ("", "end\n"),
        ("\n", "\nend\n"),
        ("  x \n", "  x \nend\n"),
        ("x\n\n", "x\n\nend\n"),
        ("x\u{a0}\n", "x\u{a0}\nend\n"),
        ("x\u{2028}\n  \n", "x\u{2028}\n  \nend\n"),
    ] {
        let rendered = Listing::of(text.to_owned()).end();
        ensure!(rendered.text() == expected, "{rendered:?}");
        // The text is the same when it is read again.
        fs::write(&path, format!("---\nsource: a\n---\n{expected}"))?;
        ensure!(Stored::read(&path).text() == Some(expected), "{text:?}");
    }
    Ok(())
}

fn bytes() -> Result<()> {
    let text = listing::contents("zwei Wörter\n\u{1b}[2J".as_bytes());
    ensure!(text == ["zwei Wörter", "\\u{1b}[2J"], "{text:?}");
    let lone = listing::contents(b"a\xff\n|b\x00 and so on, past sixteen");
    let expected = [
        "00000000  61 ff 0a 7c 62 00 20 61 6e 64 20 73 6f 20 6f 6e  |a..|b. and so on|",
        "00000010  2c 20 70 61 73 74 20 73 69 78 74 65 65 6e        |, past sixteen|",
    ];
    ensure!(lone == expected, "{lone:#?}");
    // A lossy decoding would make these two the same.
    ensure!(listing::contents(b"\xfe") != listing::contents(b"\xff"));
    ensure!(listing::kind(b"\xfe") == ", not UTF-8" && listing::kind(b"a").is_empty());
    Ok(())
}

/// Opening a pipe would wait for ever.
fn pipes() -> Result<()> {
    let workspace = workspace(&[("folder/file", "")])?;
    let at = |name: &str| workspace.path().join(name);
    for pipe in ["input", "folder/pipe"] {
        let made = Command::new("mkfifo").arg(at(pipe)).status()?;
        ensure!(made.success(), "a pipe is made");
    }
    let expected = |pipe| format!("`{}` is no regular file, expected one", at(pipe).display());
    let input = regular::read(&at("input")).map(drop);
    let case = Case::read(Name::of(&at("input")), &at("input")).map(drop);
    let folder = Granted::copy(&[(Some(at("folder")), "/folder", false)]).map(drop);
    for (read, pipe) in [(input, "input"), (case, "input"), (folder, "folder/pipe")] {
        let error = read.err().context("a pipe is refused")?.to_string();
        ensure!(error == expected(pipe), "{error}");
    }
    Ok(())
}

fn entries() -> Result<()> {
    let entry = |event_type: &str, resource: &str, detail: &str| {
        rendering::entry(&fractalaw_host::AuditEntry {
            sequence: 1,
            time_unix_ns: 0,
            fuel: 0,
            event_type: event_type.to_owned(),
            resource: resource.to_owned(),
            detail: detail.to_owned(),
        })
    };
    let plain = entry("a", "b", "c — d");
    ensure!(plain == "1. 1970-01-01T00:00:00Z [a] b — c — d", "{plain}");
    let others = [
        ("a", "b — c", "d"),
        ("a", "b —", "d"),
        ("a", "b", "— d"),
        ("a] b", "c", "d"),
        ("a", "b] c", "d"),
        ("a", "b] c", "d\""),
        ("a]", "\", detail \"", ""),
        ("a]", "", "\", detail \""),
    ];
    let rendered: Vec<_> = others.iter().map(|(t, r, d)| entry(t, r, d)).collect();
    let apart: std::collections::BTreeSet<_> = rendered.iter().chain([&plain]).collect();
    ensure!(apart.len() == others.len() + 1, "{rendered:#?}");
    ensure!(
        rendered[0] == "1. 1970-01-01T00:00:00Z event type \"a\", resource \"b — c\", detail \"d\"",
        "{}",
        rendered[0]
    );
    Ok(())
}

fn long_lists() -> Result<()> {
    let rendered = |changed: usize, long: &str| {
        let lines: Vec<_> = (0..200)
            .map(|line| {
                if line == changed {
                    "changed".to_owned()
                } else {
                    format!("line {line}")
                }
            })
            .collect();
        let mut text = Listing::of("heading\n".to_owned());
        text.list("  ", &lines);
        text.list("  ", &[long.to_owned()]);
        text.end()
    };
    let long = "x".repeat(2001);
    let (before, after) = (rendered(999, &long), rendered(100, &format!("{long}y")));
    let lines: Vec<_> = before.text().lines().collect();
    ensure!(lines.len() == 13, "{lines:#?}");
    ensure!(
        lines[5..8]
            .concat()
            .starts_with("  line 4  … 190 more; SHA-256 of all: "),
        "{lines:#?}"
    );
    ensure!(
        lines[12].starts_with(&format!(
            "  {}… 1801 more characters; SHA-256 of the line: ",
            "x".repeat(200)
        )),
        "{lines:#?}"
    );
    let differing = before
        .text()
        .lines()
        .zip(after.text().lines())
        .filter(|(a, b)| a != b)
        .count();
    ensure!(differing == 2, "{}", after.text());
    ensure!(
        before
            .whole()
            .is_some_and(|whole| whole.lines().count() == 202)
    );

    // The text that was kept of the run that passed shows what moved in the other run.
    let place = tempfile::tempdir()?;
    let wholes = Wholes::new(place.path().to_owned());
    let snapshot = place.path().join("a/one.behaviour.snap");
    let shown = wholes.difference(&snapshot, before.text(), &after);
    ensure!(
        shown.ends_with("is not kept on this machine: no difference in it can be shown\n"),
        "{shown}"
    );
    wholes.keep(&snapshot, &before)?;
    let shown = wholes.difference(&snapshot, before.text(), &after);
    ensure!(shown.contains("\n-  line 100\n+  changed\n"), "{shown}");
    ensure!(!shown.contains("SHA-256"), "{shown}");
    Ok(())
}

fn folders() -> Result<()> {
    let workspace = workspace(&[
        ("out/same.txt", "as it is"),
        ("out/changed.txt", "three duties"),
        ("out/gone.txt", "gone\n"),
        ("out/deep/inner.txt", ""),
        ("in/input.txt", ""),
    ])?;
    let at = |name: &str| workspace.path().join(name);
    let (out, input) = (Some(at("out")), Some(at("in")));
    let granted = Granted::copy(&[(out, "/out", true), (input.clone(), "/", false)])?;
    let rendered = |granted: &Granted| -> Result<String> {
        let mut text = Listing::default();
        granted.changes()?.put(&mut text);
        Ok(text.end().text().to_owned())
    };
    ensure!(rendered(&granted)? == "files: unchanged\n");
    ensure!(rendered(&Granted::copy(&[(input, "/in", false)])?)? == "end\n");

    let [(copy, _), (input, _)] = &granted.folders[..] else {
        anyhow::bail!("two folders were granted");
    };
    fs::write(copy.join("changed.txt"), "wrong things")?;
    fs::remove_file(copy.join("gone.txt"))?;
    fs::create_dir(copy.join("new"))?;
    fs::write(copy.join("new/`made`.bin"), b"\xff\n")?;
    fs::remove_file(copy.join("deep/inner.txt"))?;
    fs::remove_dir(copy.join("deep"))?;
    fs::write(copy.join("deep"), "a file now")?;
    // Nothing may change here. If something does, the harness notices.
    fs::write(input.join("input.txt"), "written")?;
    #[cfg(unix)]
    std::os::unix::fs::symlink("new", copy.join("link"))?;
    let expected = "\
files: 8 changed
  `/out/changed.txt`: was a file of 12 bytes, is a file of 12 bytes
    wrong things
  `/out/deep`: was a folder, is a file of 10 bytes
    a file now
  `/out/deep/inner.txt`: removed, was a file of 0 bytes
  `/out/gone.txt`: removed, was a file of 5 bytes
  `/out/link`: made, a link to `new`
  `/out/new`: made, a folder
  `/out/new/\\u{60}made\\u{60}.bin`: made, a file of 2 bytes, not UTF-8
    00000000  ff 0a                                            |..|
  `/input.txt`: was a file of 0 bytes, is a file of 7 bytes
    written
";
    let expected = match cfg!(unix) {
        true => expected.to_owned(),
        false => expected
            .replace("files: 8", "files: 7")
            .replace("  `/out/link`: made, a link to `new`\n", ""),
    };
    let found = rendered(&granted)?;
    ensure!(found == expected, "{found}");
    // The files in the workspace are not touched.
    ensure!(fs::read_to_string(at("out/changed.txt"))? == "three duties");
    Ok(())
}

fn functions_that_moved() -> Result<()> {
    let before = reviewed::functions("10 2 a <b as c>::d\n7 1 gone\n5 5 same\n")?;
    let after = reviewed::functions("12 3 a <b as c>::d\n5 5 same\n40 1 [new] one\n")?;
    let shown = functions::shown(&before.moved(&after), 2);
    let expected = "  +40 in `[new] one`: 0 → 40, calls 0 → 1\n  -7 in `gone`: 7 → 0, calls 1 → 0\n  … and 1 more functions\n";
    ensure!(shown == expected, "{shown}");
    Ok(())
}

/// The harness reads what it writes. If a line is anything else, the error names the line.
fn reviewed_texts() -> Result<()> {
    let text = "5 5  two spaces\n0 1 [run]\n12 3 a <b as c>::d\n";
    let read = reviewed::functions(text)?;
    ensure!(functions::text(&read) == text, "{read:?}");
    let nothing = Ok(FunctionsUsed::default());
    for none in [Err("refused".to_owned()), nothing] {
        let rendered = rendering::functions(&none);
        ensure!(reviewed::functions(rendered.text())?.is_empty());
    }
    let cost = |model, fuel| Some(Cost { model, fuel });
    for (text, expected) in [
        ("cost model: 2\nfuel: 7\nguest: 9\n", cost(2, 7)),
        ("cost model: 1\nfuel: at least 7\n", cost(1, 7)),
        ("fuel: not repeatable, deadline-exceeded\n", None),
    ] {
        let read = reviewed::cost(text)?;
        ensure!(read == expected, "{text}: {read:?}");
    }
    ensure!(reviewed::outcome("outcome: completed\n  x\n")? == "completed");
    let function = "expected a function's own fuel, its calls and its name";
    for (error, expected) in [
        (
            reviewed::functions("1 2 a\n\n").err(),
            format!("line 2 is ``, {function}"),
        ),
        (
            reviewed::functions("1 2 a\n<<<<<<< HEAD\n").err(),
            format!("line 2 is `<<<<<<< HEAD`, {function}"),
        ),
        (
            reviewed::functions("1 a b\n").err(),
            format!("line 1 is `1 a b`, {function}"),
        ),
        (
            reviewed::cost("fuel: 7\n").err(),
            "line 1 is `fuel: 7`, expected `cost model: ` and its version".to_owned(),
        ),
        (
            reviewed::cost("cost model: 2\nfuel: 7,000\n").err(),
            "line 2 is `fuel: 7,000`, expected `fuel: ` and a number".to_owned(),
        ),
        (
            reviewed::outcome("completed\n").err(),
            "line 1 is `completed`, expected `outcome: ` and its kind".to_owned(),
        ),
    ] {
        let error = error
            .context("what is no snapshot's text is told")?
            .to_string();
        ensure!(error == expected, "{error}");
    }
    Ok(())
}

/// An effect is in the text only if there is one.
fn effects() -> Result<()> {
    let effect = Effect {
        capability: "data".to_owned(),
        kind: "insert".to_owned(),
        subject: "permits".to_owned(),
        fields: vec![("rows".to_owned(), 2.into())],
        settled: Settled::Committed,
    };
    let refused = Refusal::LineFull { waiting: 1 };
    let limits = Run::new().limits(Tier::Standard);
    let mut report = Report::refused(refused, None, limits, Decision::default());
    let rendered = |report: &Report| {
        rendering::behaviour(&Observed {
            report: report.clone(),
            changes: Changes::default(),
        })
    };
    let without = rendered(&report);
    ensure!(!without.text().contains("effects"), "{}", without.text());
    report.effects.push(effect);
    let with = rendered(&report);
    let expected = without.text().replace(
        "audit trail: 0 entries\n",
        "audit trail: 0 entries\neffects: 1\n  [data] insert permits — rows 2 (committed)\n",
    );
    ensure!(with.text() == expected, "{}", with.text());
    Ok(())
}
