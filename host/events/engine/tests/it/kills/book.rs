//! A ledger that is one text file: an entry is a line, and its number is that of the line. A line is written at once, so
//! it is there as a whole or, after a kill, may lack its end.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use fractalaw_events_engine::*;

/// The file, and the number of its lines.
pub(crate) struct Book(Mutex<(File, u64)>);

/// What the lines say.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Runs with what triggered them.
    pub(crate) opened: BTreeMap<RunId, String>,
    /// Runs with their outcome, and what they say that they emitted and scheduled: `type:id`.
    pub(crate) closed: BTreeMap<RunId, (String, Vec<String>)>,
    /// Events from outside that were about to be accepted.
    pub(crate) accepted: Vec<EventId>,
}

pub(crate) fn read(folder: &Path) -> Lines {
    let mut lines = Lines::default();
    let text = std::fs::read_to_string(folder.join("book")).unwrap_or_default();
    for (line, number) in text.lines().zip(1..) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[0] {
            "open" => {
                lines.opened.insert(RunId(number), words[1].to_owned());
            }
            "close" => {
                let made = words[3..].iter().map(|&word| word.to_owned()).collect();
                let run = RunId(words[1].parse().unwrap());
                let before = lines.closed.insert(run, (words[2].to_owned(), made));
                assert_eq!(before, None, "{run:?} has two closings");
            }
            "accept" => lines.accepted.push(EventId(RunId(number).made(1))),
            "wait" => {}
            other => panic!("{other}"),
        }
    }
    lines
}

impl Book {
    pub(crate) fn open(folder: &Path) -> Book {
        let path = folder.join("book");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).open(&path).unwrap();
        file.set_len(whole as u64).unwrap();
        Book(Mutex::new((file, text[..whole].lines().count() as u64)))
    }

    /// Appends a line, and returns its number.
    pub(crate) fn append(&self, line: &str) -> u64 {
        let mut inner = self.0.lock().unwrap();
        inner.0.write_all(format!("{line}\n").as_bytes()).unwrap();
        inner.1 += 1;
        inner.1
    }

    /// The clock of the test: half a second for each line. So retries and ticks become due while the host works, and it
    /// goes on after a kill where it was.
    pub(crate) fn now(&self) -> Time {
        let lines = self.0.lock().unwrap().1;
        Time::from_unix_ms(crate::lab::T0 * 1000 + 500 * lines as i64)
    }
}

impl Closings for Lines {
    fn visit(
        &mut self,
        first: RunId,
        closing: &mut dyn FnMut(RunId, &str),
    ) -> Result<(), LedgerFailure> {
        for (&run, (outcome, _)) in self.closed.range(first..) {
            closing(run, outcome);
        }
        Ok(())
    }
}
