//! What a guest returns cannot be read as something that the host says.

use fractalaw_report::{Outcome, Refusal, Trap, TrapCode};

use crate::samples::report;

/// Each line that the host begins itself, in a report with everything, and the line that the programs add.
#[test]
fn a_result_that_begins_like_any_line_of_the_host_is_marked() {
    let trap = Outcome::Trap(Trap {
        code: TrapCode::Unreachable,
        message: "it stopped".to_owned(),
        during: fractalaw_report::During::Run,
    });
    let refused = Outcome::Refused(Refusal::LineFull { waiting: 1 });
    let mut lines = vec!["error: no".to_owned()];
    for outcome in [Outcome::OutOfFuel, trap, refused] {
        let mut report = report(outcome);
        report.stderr.bytes = b"said".to_vec();
        let text = report.text();
        let of_the_host = |line: &&str| !line.is_empty() && !line.starts_with("  ");
        lines.extend(text.lines().filter(of_the_host).map(str::to_owned));
    }
    let begin_with = |begin: &str| lines.iter().any(|line| line.starts_with(begin));
    for begin in [
        "Fuel:",
        "Not metered:",
        "Limits:",
        "Granted, not used:",
        "hint:",
    ] {
        assert!(begin_with(begin), "{begin}: {lines:?}");
    }
    for line in lines {
        let text = report(Outcome::Completed(line.clone())).text();
        // What is escaped already is escaped once more.
        let shown = format!("result: {}", line.replace('\\', "\\\\"));
        assert_eq!(text.lines().next(), Some(&*shown));
    }
}

#[test]
fn a_limit_that_differs_by_a_nanosecond_is_shown_to_the_nanosecond() {
    let mut report = report(Outcome::OutOfFuel);
    let tier = fractalaw_report::Limits::of(report.limits.tier).deadline;
    report.limits.limits.deadline = tier + std::time::Duration::from_nanos(1);
    let text = report.text();
    let line = text.lines().find(|line| line.starts_with("Limits:"));
    let expected = "deadline 2m 1ns (higher than 2m)";
    assert!(line.is_some_and(|line| line.contains(expected)), "{line:?}");
}
