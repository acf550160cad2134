//! Each byte and each number of a stream is changed, and it is cut off at each length. It is then an error, or has the
//! rows that `arrow-ipc` reads.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{self, catch_unwind};

use crate::cells::{ours, theirs};
use crate::samples;

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What `arrow-ipc` makes of a stream. It can panic.
fn arrow(stream: &[u8]) -> Result<Vec<String>, String> {
    IS_QUIET.set(true);
    let read = catch_unwind(|| theirs(stream).map_err(|error| error.to_string()));
    IS_QUIET.set(false);
    read.unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// How often each pair of answers came.
#[derive(Default)]
struct Answers(BTreeMap<String, usize>);

impl Answers {
    fn compare(&mut self, stream: &[u8]) {
        let pair = match (ours(stream), arrow(stream)) {
            (Ok(ours), Ok(theirs)) => {
                assert_eq!(ours, theirs);
                "both read it".to_owned()
            }
            (Err(_), Err(_)) => "both refuse it".to_owned(),
            (Err(ours), Ok(_)) => format!("we refuse: {}", kind_of(&ours)),
            (Ok(_), Err(theirs)) => format!("they refuse: {}", kind_of(&theirs)),
        };
        *self.0.entry(pair).or_default() += 1;
    }
}

/// An error without its numbers.
fn kind_of(error: &str) -> String {
    // A head that the crate `flatbuffers` refuses: the field in it.
    if let Some((_, trace)) = error.split_once("field_name: \"") {
        return trace.split('"').next().unwrap_or_default().to_owned();
    }
    let text = error.split_once(": ").map_or(error, |(_, problem)| problem);
    text.chars()
        .filter(|letter| !letter.is_ascii_digit() && *letter != '-')
        .collect()
}

fn mutate(whole: &[u8], answers: &mut Answers) {
    for length in 0..whole.len() {
        answers.compare(&whole[..length]);
    }
    let mut bytes = whole.to_vec();
    for at in 0..whole.len() {
        bytes[at] ^= 0xff;
        answers.compare(&bytes);
        bytes[at] = whole[at];
    }
    for at in (0..whole.len() - 3).step_by(4) {
        for word in [0, 1, -1, i32::MAX] {
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            answers.compare(&bytes);
        }
        bytes[at..at + 4].copy_from_slice(&whole[at..at + 4]);
    }
}

fn quiet() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !IS_QUIET.get() {
            before(info);
        }
    }));
}

#[test]
fn mutated_streams() {
    quiet();
    let mut answers = Answers::default();
    for (_, whole) in samples::streams() {
        mutate(&whole, &mut answers);
    }
    let kinds: Vec<&str> = answers.0.keys().map(String::as_str).collect();
    assert_eq!(kinds, EXPECTED);
    // Most changes are to values. The others are found.
    assert!(answers.0["both read it"] > 10_000);
    assert!(answers.0["both refuse it"] > 10_000);
}

/// Where we differ. `arrow-ipc` refuses what we do not read: types within types that have none, the name of a list's
/// items, and the values of null rows. It refuses a stream that ends behind its schema, and panics where offsets are
/// not aligned. We refuse what the format does not have, which it reads as something else or leaves out.
const EXPECTED: [&str; 13] = [
    "both read it",
    "both refuse it",
    "they refuse: Invalid buffer slice at : got .. but buffer  has length ",
    "they refuse: Unexpected End of Stream",
    "they refuse: View at index  contained nonzero padding for string of length ",
    "they refuse: children",
    "they refuse: it panicked",
    "they refuse: name",
    "we refuse: a batch has more than its columns",
    "we refuse: a message of an unknown kind",
    "we refuse: a negative number of rows or nulls",
    "we refuse: a table has no list of its fields",
    "we refuse: it has version  of the format, expected  or ",
];
