//! What a case does differently than in the baseline: an earlier record, or the reviewed fuel if there are no
//! earlier records.

use std::cmp::Ordering;

use fractalaw_report::{
    AuditEntry, Captured, Change, Effect, FunctionsUsed, ListChange, Outcome, Profile,
};

use super::outcome::said;
use crate::cases::records::Record;
use crate::page::shown::{Grouped, Moved, Shown};

/// The functions whose change is shown, those with the largest change.
const MOST_FUNCTIONS: usize = 15;

/// The characters of a text past which only the difference is shown.
const TEXT_CHARACTERS: usize = 300;

/// One case compared with its baseline.
#[derive(Debug)]
pub(super) struct Difference {
    /// One word or number, for the list.
    pub(super) mark: Shown,
    /// `same`, `more`, `less`, `changed`, `new` or `none`. Only a case with the same behaviour can be cheaper or
    /// more expensive.
    pub(super) kind: &'static str,
    /// How the run ended before, if it ends differently now.
    pub(super) outcome_before: Option<Shown>,
    pub(super) rows: Vec<Row>,
    pub(super) functions: Vec<FunctionMoved>,
    pub(super) functions_left_out: usize,
    /// Why something is not compared.
    pub(super) notes: Vec<String>,
}

/// Something that changed.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: &'static str,
    pub(super) before: Shown,
    pub(super) now: Shown,
    pub(super) moved: Option<Moved>,
    /// Whether it is something that the run does, and not what it costs.
    is_behaviour: bool,
}

/// A function whose own fuel changed.
#[derive(Debug)]
pub(super) struct FunctionMoved {
    pub(super) name: Shown,
    pub(super) before: Grouped,
    pub(super) now: Grouped,
    pub(super) moved: Moved,
}

impl Difference {
    fn nothing(mark: &str, kind: &'static str) -> Difference {
        Difference {
            mark: Shown::ours(mark),
            kind,
            outcome_before: None,
            rows: Vec::new(),
            functions: Vec::new(),
            functions_left_out: 0,
            notes: Vec::new(),
        }
    }

    /// Whether there is something to see.
    pub(super) fn is_something(&self) -> bool {
        !self.rows.is_empty() || !self.functions.is_empty() || !self.notes.is_empty()
    }

    /// The colour of a change of a number. Less is an improvement only if it is a cost, and only if the behaviour
    /// is the same.
    pub(super) fn tone(&self, row: &Row, moved: &Moved) -> &'static str {
        if row.is_behaviour {
            return "changed";
        }
        self.tone_of_cost(moved)
    }

    /// The same for a cost.
    pub(super) fn tone_of_cost(&self, moved: &Moved) -> &'static str {
        match moved.now.cmp(&moved.before) {
            Ordering::Greater => "more",
            _ if self.kind == "changed" => "",
            _ => "less",
        }
    }

    /// Whether the case counts among those that changed.
    pub(super) fn moved(&self) -> bool {
        !matches!(self.kind, "same" | "none")
    }
}

/// Compared with the reviewed fuel and behaviour.
pub(super) fn to_reviewed(record: &Record) -> Difference {
    let Some(reviewed) = &record.reviewed else {
        return Difference::nothing("new", "new");
    };
    let mut difference = Difference::nothing("=", "same");
    if let Some(behaviour) = &reviewed.behaviour {
        let kind = record.report.outcome.kind();
        let before = behaviour.outcome.as_ref().filter(|before| *before != kind);
        difference.outcome_before = before.map(|before| Shown::line(before));
        difference.text("behaviour", &behaviour.before, &behaviour.now);
    }
    let Some(before) = reviewed.fuel else {
        if difference.rows.is_empty() {
            return Difference::nothing("–", "none");
        }
        return difference.marked();
    };
    let now = &record.report.fuel;
    if reviewed
        .cost_model
        .is_some_and(|model| model != now.cost_model)
    {
        if difference.rows.is_empty() {
            difference = Difference::nothing("other model", "none");
        }
        difference.notes.push(OTHER_MODEL.to_owned());
    } else if before != now.consumed() {
        let after = now.consumed();
        difference.number("fuel", Some(Change { before, after }), false);
    }
    difference.marked()
}

const OTHER_MODEL: &str = "The baseline was made with another cost model, so its fuel is another unit and is not compared.";

/// Compared with an earlier record of the same case, if there is one.
pub(super) fn to_record(record: &Record, earlier: Option<&Record>) -> Difference {
    let Some(earlier) = earlier else {
        return Difference::nothing("new", "new");
    };
    let found = fractalaw_report::Difference::of(&earlier.report, &record.report);
    let mut difference = Difference::nothing("=", "same");
    if let Some(Change { before, after }) = found.outcome {
        difference.outcome(before, after);
    }
    if found.cost_model.is_some() {
        difference.notes.push(OTHER_MODEL.to_owned());
    } else {
        let fuel = found.fuel;
        difference.number("fuel", fuel.consumed, false);
        difference.number("instantiation", fuel.instantiation, false);
        difference.number("guest", fuel.guest, false);
        difference.number("host calls", fuel.host_calls, false);
        difference.functions(earlier, record);
    }
    let peak = found.peak_bytes.map(|peak| Change {
        before: peak.before as u64,
        after: peak.after as u64,
    });
    difference.number("peak memory", peak, false);
    difference.list(["audit entries", "first other entry"], found.audit, entry);
    difference.list(["effects", "first other effect"], found.effects, effect);
    for (what, output) in [
        ("standard output", found.stdout),
        ("standard error", found.stderr),
    ] {
        let text = |captured: &Captured| String::from_utf8_lossy(&captured.bytes).into_owned();
        if let Some(Change { before, after }) = output {
            difference.text(what, &text(before), &text(after));
        }
    }
    difference.marked()
}

/// An audit entry on one line.
fn entry(entry: &AuditEntry) -> Shown {
    Shown::ours(format!(
        "{}: [{}] {} — {}",
        entry.sequence,
        Shown::start_of_line(&entry.event_type, TEXT_CHARACTERS),
        Shown::start_of_line(&entry.resource, TEXT_CHARACTERS),
        Shown::start_of_line(&entry.detail, TEXT_CHARACTERS)
    ))
}

/// An effect on one line.
fn effect(effect: &Effect) -> Shown {
    Shown::start_of_safe(&effect.to_string(), TEXT_CHARACTERS)
}

impl Difference {
    fn outcome(&mut self, before: &Outcome, now: &Outcome) {
        self.outcome_before = Some(Shown::line(before.kind()));
        self.text("outcome", before.kind(), now.kind());
        if before.kind() == now.kind() {
            self.rows.push(Row {
                what: "outcome says",
                before: Shown::start_of_lines(&said(before), TEXT_CHARACTERS),
                now: Shown::start_of_lines(&said(now), TEXT_CHARACTERS),
                moved: None,
                is_behaviour: true,
            });
        }
    }

    fn number(&mut self, what: &'static str, moved: Option<Change<u64>>, is_behaviour: bool) {
        if let Some(Change { before, after: now }) = moved {
            self.rows.push(Row {
                what,
                before: Shown::ours(Grouped(before).to_string()),
                now: Shown::ours(Grouped(now).to_string()),
                moved: Some(Moved { before, now }),
                is_behaviour,
            });
        }
    }

    fn text(&mut self, what: &'static str, before: &str, now: &str) {
        if before != now {
            self.rows.push(Row {
                what,
                before: Shown::start_of_lines(before, TEXT_CHARACTERS),
                now: Shown::start_of_lines(now, TEXT_CHARACTERS),
                moved: None,
                is_behaviour: true,
            });
        }
    }

    /// The number of items, if it changed, and the first item that differs.
    fn list<T>(
        &mut self,
        [count, first]: [&'static str; 2],
        moved: Option<ListChange<'_, T>>,
        show: fn(&T) -> Shown,
    ) {
        let Some(moved) = moved else {
            return;
        };
        let (before, after) = (moved.before.len() as u64, moved.after.len() as u64);
        self.number(
            count,
            (before != after).then_some(Change { before, after }),
            true,
        );
        let at = |list: &[T]| {
            list.get(moved.first)
                .map_or_else(|| Shown::ours("none"), show)
        };
        self.rows.push(Row {
            what: first,
            before: at(moved.before),
            now: at(moved.after),
            moved: None,
            is_behaviour: true,
        });
    }

    fn functions(&mut self, earlier: &Record, record: &Record) {
        let (Some(before), Some(now)) = (&earlier.profile, &record.profile) else {
            return;
        };
        let used = |profile: &Profile| FunctionsUsed::of(&profile.functions);
        let mut moved = used(before).moved(&used(now));
        moved.retain(|function| function.difference() != 0);
        self.functions_left_out = moved.len().saturating_sub(MOST_FUNCTIONS);
        moved.truncate(MOST_FUNCTIONS);
        let shown = moved.into_iter().map(|function| {
            let (before, now) = (function.before.fuel, function.after.fuel);
            FunctionMoved {
                name: Shown::start_of_safe(&function.name, TEXT_CHARACTERS),
                before: Grouped(before),
                now: Grouped(now),
                moved: Moved { before, now },
            }
        });
        self.functions = shown.collect();
    }

    /// Sets the mark from the rows: that the behaviour changed, otherwise by how much fuel moved, otherwise that
    /// something changed. A run with another behaviour that costs less is not a cheaper run.
    fn marked(mut self) -> Difference {
        let fuel = self.rows.iter().find(|row| row.what == "fuel");
        let moved = fuel.and_then(|row| row.moved);
        if self.rows.iter().any(|row| row.is_behaviour) {
            let fuel = moved.map(|moved| format!(", {moved}")).unwrap_or_default();
            self.mark = Shown::ours(format!("changed{fuel}"));
            self.kind = "changed";
        } else if let Some(moved) = moved {
            self.mark = Shown::ours(moved.to_string());
            self.kind = if moved.now > moved.before {
                "more"
            } else {
                "less"
            };
        } else if !self.rows.is_empty() || !self.functions.is_empty() {
            self.mark = Shown::ours("changed");
            self.kind = "changed";
        }
        self
    }
}
