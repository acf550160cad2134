//! Checks what must hold for every report, whatever the guest did.

use fractalaw_host::terminal::is_unsafe;
use fractalaw_host::{
    AUDIT_BYTES, AUDIT_ENTRIES, AUDIT_ENTRY_BYTES, OUTPUT_BYTES, Outcome, Refusal, Report, TrapCode,
};
use serde_json::Value;

/// # Panics
///
/// If something does not hold.
pub(crate) fn report(report: &Report) {
    let panicked =
        matches!(&report.outcome, Outcome::Trap(trap) if trap.code == TrapCode::HostPanicked);
    assert!(!panicked, "{:?}", report.outcome);
    bounds(report);
    text(report);
    json(report);
}

fn bounds(report: &Report) {
    let entries = &report.audit;
    let lengths = entries
        .iter()
        .map(|entry| entry.event_type.len() + entry.resource.len() + entry.detail.len());
    assert!(entries.len() <= AUDIT_ENTRIES);
    assert!(lengths.clone().all(|bytes| bytes <= AUDIT_ENTRY_BYTES));
    assert!(lengths.sum::<usize>() <= AUDIT_BYTES);
    assert!(report.stdout.bytes.len() <= OUTPUT_BYTES);
    assert!(report.stderr.bytes.len() <= OUTPUT_BYTES);
    assert!(report.memory.peak_bytes <= report.memory.cap_bytes);
    assert!(
        report.fuel.consumed() <= report.fuel.budget,
        "{:?}",
        report.fuel
    );
    if let Outcome::Refused(refusal) = &report.outcome {
        // A refusal lists everything that is not granted, as the author declared it. A manifest bounds how much
        // that is.
        let most = match refusal {
            Refusal::NotGranted(_) => 256 << 10,
            _ => 8 << 10,
        };
        assert!(refusal.to_string().len() <= most, "{}", refusal.kind());
    }
    let sequence = entries.iter().map(|entry| entry.sequence);
    assert!(sequence.eq(1..=entries.len() as u64));
}

/// The text contains nothing that obeys the guest, and each of the host's own lines is once where it belongs.
fn text(report: &Report) {
    let text = report.text();
    printable(&text);
    let mut lines = text.lines();
    if let Outcome::Refused(refusal) = &report.outcome {
        let last = lines.next_back().expect("there is a hint");
        assert_eq!(last, format!("hint: {}", refusal.hint()));
        assert!(text.starts_with("refused: "));
        assert!(lines.skip(1).all(|line| line.starts_with("  ")), "{text}");
        return;
    }
    let first = lines.next().expect("there is an outcome");
    let completed = matches!(report.outcome, Outcome::Completed(_));
    assert!(!completed || !first.starts_with("trap:"), "{first}");
    let header = format!("--- Audit Trail ({} entries) ---", report.audit.len());
    // Below a trap, if the guest wrote to standard error. A guest's own lines are indented.
    let hint = "hint: what it wrote to standard error stands below";
    let is_hint = |line: &str| line == hint && !report.stderr.bytes.is_empty();
    let ours: Vec<_> = lines
        .filter(|line| !line.starts_with("  ") && !line.is_empty() && !is_hint(line))
        .collect();
    assert_eq!(ours[0], header, "{text}");
    let known = [
        "--- Effects (",
        "Fuel: ",
        "Limits: tier ",
        "Granted, not used: ",
        "--- Host Calls (",
        "--- Standard Output (",
        "--- Standard Error (",
    ];
    let mut next = 0;
    assert!(
        ours[1..].iter().any(|line| line.starts_with("Fuel: ")),
        "{text}"
    );
    for line in &ours[1..] {
        let found = known[next..]
            .iter()
            .position(|known| line.starts_with(known));
        next += 1 + found.unwrap_or_else(|| panic!("a line was forged: {line}"));
    }
    let trail = text
        .split(&format!("\n{header}\n"))
        .nth(1)
        .expect("there is a trail");
    let entries = trail
        .lines()
        .take_while(|line| line.starts_with("  "))
        .count();
    assert_eq!(entries, report.audit.len(), "{text}");
}

fn json(report: &Report) {
    let text = report.json();
    printable(&text);
    let json: Value = serde_json::from_str(&text).expect("the report is JSON");
    assert_eq!(json["outcome"]["kind"], report.outcome.kind());
    let entries = json["audit"].as_array().expect("there is a trail");
    assert_eq!(entries.len(), report.audit.len());
    for (json, entry) in entries.iter().zip(&report.audit) {
        assert_eq!(json["event_type"], entry.event_type);
        assert_eq!(json["resource"], entry.resource);
        assert_eq!(json["detail"], entry.detail);
    }
    let read = Report::from_json(&text).expect("a report is read from its own JSON");
    assert_eq!((read.json(), read.text()), (text, report.text()));
    match &report.outcome {
        Outcome::Completed(text) => assert_eq!(json["outcome"]["ok"], *text),
        Outcome::GuestError(text) => assert_eq!(json["outcome"]["err"], *text),
        _ => {}
    }
}

/// # Panics
///
/// If printing the text could do more than show it.
pub(crate) fn printable(text: &str) {
    let harm = text.chars().find(|&c| is_unsafe(c) && c != '\n');
    assert_eq!(harm, None, "{text:?}");
}
