//! Cargo's output on a terminal as one line that moves: how far a long build is. Errors and warnings stay, below each other.
//! Elsewhere, as in CI, cargo's own lines are plain and all there.

use std::env;
use std::io::{self, Read, Write, stderr};
use std::process::{Command, ExitStatus, Stdio};

use crate::children;
use crate::progress::Progress;

/// What one piece of cargo's text is.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// It takes the place of what was shown before.
    Moves(String),
    /// It is of no interest once the next piece is there, and says nothing that is shown.
    Passes,
    /// It stays.
    Stays,
}

/// Runs cargo and waits for it. `title` begins the line.
pub(crate) fn run(command: &mut Command, title: &str) -> io::Result<ExitStatus> {
    let progress = Progress::new();
    if !progress.is_shown() {
        return children::spawn(command)?.wait();
    }
    let colour = env::var_os("CARGO_TERM_COLOR").is_none() && env::var_os("NO_COLOR").is_none();
    if colour {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "100")
        .stderr(Stdio::piped());
    let mut running = children::spawn(command)?;
    if let Some(from) = running.child.stderr.take() {
        follow(from, |piece, end| match said(piece) {
            Said::Moves(text) => progress.say(&format!("{title}: {text}")),
            Said::Passes => {}
            Said::Stays => {
                progress.say("");
                // If nobody reads it, the build goes on.
                let _ = writeln!(stderr(), "{}", piece.trim_end_matches(end));
            }
        })?;
    }
    running.wait()
}

/// Reads pieces, which end like lines or are overwritten by the next one.
fn follow(from: impl Read, mut of: impl FnMut(&str, char)) -> io::Result<()> {
    let mut piece = Vec::new();
    for byte in io::BufReader::new(from).bytes() {
        match byte? {
            end @ (b'\n' | b'\r') => {
                of(&String::from_utf8_lossy(&piece), char::from(end));
                piece.clear();
            }
            byte => piece.push(byte),
        }
    }
    if !piece.is_empty() {
        of(&String::from_utf8_lossy(&piece), '\n');
    }
    Ok(())
}

/// Cargo's own words are right-aligned verbs. Everything else is a message of the compiler or an error.
fn said(piece: &str) -> Said {
    let text = without_colour(piece);
    let Some((verb, rest)) = text.trim_start().split_once(' ') else {
        return match text.trim().is_empty() && text != piece {
            true => Said::Passes,
            false => Said::Stays,
        };
    };
    let is_aligned =
        text.starts_with(' ') && text.len() - text.trim_start().len() + verb.len() == 12;
    match verb {
        // `Building [=====>     ] 23/214: crate, crate`
        "Building" if is_aligned => match rest.split_once("] ") {
            Some((_, done)) => Said::Moves(done.trim_end().to_owned()),
            None => Said::Passes,
        },
        "Downloading" | "Downloaded" | "Updating" if is_aligned => {
            Said::Moves(format!("{} {}", verb.to_lowercase(), rest.trim_end()))
        }
        "Adding" | "Blocking" | "Compiling" | "Dirty" | "Finished" | "Fresh" | "Locking"
            if is_aligned =>
        {
            Said::Passes
        }
        _ => Said::Stays,
    }
}

/// The text without what a terminal obeys: `ESC [ … letter`.
fn without_colour(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let end = after.find(|character: char| character.is_ascii_alphabetic());
        rest = end.map_or("", |end| &after[end + 1..]);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_build_is_moves_and_what_the_compiler_says_stays() {
        let moves = |text: &str| Said::Moves(text.to_owned());
        for (piece, expected) in [
            (
                "    Building [====>      ] 23/214: cranelift-codegen, regalloc2",
                moves("23/214: cranelift-codegen, regalloc2"),
            ),
            (
                "\u{1b}[1m\u{1b}[96m    Building\u{1b}[0m [> ] 1/2: syn\u{1b}[K",
                moves("1/2: syn"),
            ),
            (" Downloading crates ...", moves("downloading crates ...")),
            ("   Compiling wasmtime v48.0.8", Said::Passes),
            (
                "\u{1b}[1m\u{1b}[92m   Compiling\u{1b}[0m wasmtime v48.0.8",
                Said::Passes,
            ),
            (
                "    Finished `dev` profile [unoptimized] target(s) in 3m 31s",
                Said::Passes,
            ),
            ("\u{1b}[K", Said::Passes),
            ("warning: unused variable: `a`", Said::Stays),
            ("  --> host/src/lib.rs:1:1", Said::Stays),
            ("Compiling is a word of this message", Said::Stays),
            ("    Compiling", Said::Stays),
            (
                "error: could not compile `wasmtime` (lib) due to 1 previous error",
                Said::Stays,
            ),
            ("", Said::Stays),
        ] {
            assert_eq!(said(piece), expected, "{piece:?}");
        }
    }

    #[test]
    fn pieces_end_with_lines_or_where_the_next_one_overwrites_them() {
        let mut pieces = Vec::new();
        let text = "one\rtwo\n\nerror: three".as_bytes();
        follow(text, |piece, end| pieces.push((piece.to_owned(), end))).unwrap();
        let expected = [
            ("one", '\r'),
            ("two", '\n'),
            ("", '\n'),
            ("error: three", '\n'),
        ];
        assert_eq!(pieces, expected.map(|(piece, end)| (piece.to_owned(), end)));
    }
}
