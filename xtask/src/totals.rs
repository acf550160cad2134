//! Counts the tests that passed, from the output of test binaries.
//!
//! A test that fails may quote the output of another test binary line by line. Then `running 1 test` and its
//! result look like cargo's own. So a result counts only for the header before it that announced the same number
//! of tests, and everything between the two was quoted.

/// How many tests passed, failed, and were not to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    /// Left out because of their names.
    pub(crate) filtered: u64,
}

impl Totals {
    /// Whether there were tests, but all were left out.
    pub(crate) fn nothing_matched(self) -> bool {
        self.ran() == 0 && self.filtered > 0
    }

    /// Whether no test binary had a test or reported one.
    pub(crate) fn is_empty(self) -> bool {
        self.ran() + self.filtered == 0
    }

    fn ran(self) -> u64 {
        self.passed + self.failed + self.ignored
    }

    pub(crate) fn add(&mut self, other: Totals) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.filtered += other.filtered;
    }
}

/// The output of one `cargo test`, read line by line.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    ended: Totals,
    /// The numbers of announced tests, and their results if they came. The first is a test binary. The others are
    /// quoted by it, or come after one that was killed before its result.
    open: Vec<(u64, Option<Totals>)>,
}

impl Reading {
    /// Reads the next line. A guest's text begins with neither word, because it is indented wherever it is
    /// printed.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(announced) = announced(line) {
            if matches!(self.open[..], [(_, Some(_)), ..]) {
                self.end();
            }
            self.open.push((announced, None));
        } else if let Some(result) = result(line) {
            let fits = |announced: u64| announced == result.ran();
            let first = self
                .open
                .iter()
                .position(|(announced, found)| fits(*announced) && found.is_none());
            // The same numbers again mean that what came before was quoted.
            let again = || {
                self.open
                    .iter()
                    .rposition(|(announced, _)| fits(*announced))
            };
            if let Some(at) = first.or_else(again) {
                self.open.truncate(at);
                self.open.push((result.ran(), Some(result)));
            }
        }
    }

    /// The sum of all results.
    pub(crate) fn totals(mut self) -> Totals {
        self.end();
        self.ended
    }

    fn end(&mut self) {
        for (_, found) in self.open.drain(..) {
            self.ended.add(found.unwrap_or_default());
        }
    }
}

/// The number in a line such as `running 3 tests`.
fn announced(line: &str) -> Option<u64> {
    let (number, tests) = line.strip_prefix("running ")?.split_once(' ')?;
    tests.starts_with("test").then(|| number.parse().ok())?
}

/// The numbers in a line such as `test result: ok. 3 passed; 0 failed; 0 ignored; …`.
fn result(line: &str) -> Option<Totals> {
    let figures = line.strip_prefix("test result: ")?;
    let mut totals = Totals::default();
    for part in figures.split(['.', ';']) {
        let mut words = part.split_whitespace();
        let number = words.next().and_then(|word| word.parse::<u64>().ok());
        if let Some((number, kind)) = number.zip(words.next()) {
            match kind {
                "passed" | "measured" => totals.passed += number,
                "failed" => totals.failed += number,
                "ignored" => totals.ignored += number,
                "filtered" => totals.filtered += number,
                _ => {}
            }
        }
    }
    Some(totals)
}

#[cfg(test)]
mod tests {
    use super::{Reading, Totals};

    fn read(text: &str) -> Totals {
        let mut reading = Reading::default();
        text.lines().for_each(|line| reading.line(line));
        reading.totals()
    }

    /// Header and result as libtest prints them.
    fn binary(passed: u64, failed: u64, printed: &str) -> String {
        let (count, verdict) = (passed + failed, if failed == 0 { "ok" } else { "FAILED" });
        let tests = if count == 1 { "test" } else { "tests" };
        format!(
            "\nrunning {count} {tests}\n{printed}\n\ntest result: {verdict}. {passed} passed; {failed} failed; \
             0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\n"
        )
    }

    #[test]
    fn only_results_count_and_those_that_a_test_quotes_do_not() {
        let quoted = |text: &str| {
            format!("failures:\n---- a ----\nthe harness said:\n{text}failures:\n    a")
        };
        let with_quoted = |text: &str| binary(41, 3, &quoted(text));
        let killed = "running 50 tests\ntest a ... ok\n";
        let shuffled = binary(2, 0, "").replace("2 tests", "2 tests (shuffle seed: 7)");
        let cases = [
            (binary(12, 0, ""), (12, 0)),
            (
                binary(0, 0, "") + &binary(4, 2, "") + &binary(0, 0, ""),
                (4, 2),
            ),
            (with_quoted(&binary(0, 1, "")), (41, 3)),
            (
                with_quoted(&(binary(0, 1, "") + &binary(7, 0, ""))),
                (41, 3),
            ),
            (with_quoted(&with_quoted(&binary(0, 1, ""))), (41, 3)),
            // The same number of tests, so only the order distinguishes them.
            (binary(0, 1, &quoted(&binary(1, 0, ""))), (0, 1)),
            (with_quoted(&binary(44, 0, "")) + &binary(5, 0, ""), (46, 3)),
            (
                killed.to_owned() + &binary(5, 1, "") + &binary(7, 0, ""),
                (12, 1),
            ),
            (binary(5, 1, "") + killed, (5, 1)),
            (shuffled, (2, 0)),
            (
                binary(
                    3,
                    0,
                    "7 passed; 7 failed\ntest tests::it_has_7_passed ... ok\nrunning late\n    test result: ok. 3 passed\n\
                     +  test result: ok. 1000 passed; 0 failed; 0 ignored",
                ),
                (3, 0),
            ),
            (
                "test result: ok. 1000 passed; 0 failed; 0 ignored".to_owned(),
                (0, 0),
            ),
        ];
        for (text, (passed, failed)) in cases {
            let found = read(&text);
            assert_eq!((found.passed, found.failed), (passed, failed), "{text}");
        }
    }

    #[test]
    fn what_was_left_out_counts_too_coloured_or_not() {
        let found = read(
            "running 8 tests\ntest result: \u{1b}[31mFAILED\u{1b}[m. 4 passed; 2 failed; 1 ignored; 1 measured; \
             3 filtered out",
        );
        assert_eq!((found.passed, found.failed), (5, 2));
        assert_eq!((found.ignored, found.filtered), (1, 3));
        assert!(!found.nothing_matched() && !found.is_empty());
    }
}
