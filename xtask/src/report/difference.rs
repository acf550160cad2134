//! What a case does otherwise than in the baseline: earlier records, or the reviewed fuel if there are none.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use fractalaw_report::{AuditEntry, Captured};

use super::outcome::said;
use crate::cases::records::Record;
use crate::page::shown::{Grouped, Moved, Shown};

/// Functions of whose own fuel the difference is shown, those that moved most.
const MOST_FUNCTIONS: usize = 15;

/// Characters of a text of which only the difference is of interest.
const TEXT_CHARACTERS: usize = 300;

/// One case against its baseline.
#[derive(Debug)]
pub(super) struct Difference {
    /// In one word or number, for the list.
    pub(super) mark: Shown,
    /// `same`, `more`, `less`, `changed`, `new` or `none`. Only a case that does what it did can be cheaper or dearer.
    pub(super) kind: &'static str,
    /// How the run ended before, if it ends otherwise now.
    pub(super) outcome_before: Option<Shown>,
    pub(super) rows: Vec<Row>,
    pub(super) functions: Vec<FunctionMoved>,
    pub(super) functions_left_out: usize,
    /// Why something is not compared.
    pub(super) notes: Vec<String>,
}

/// Something that is not what it was.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: &'static str,
    pub(super) before: Shown,
    pub(super) now: Shown,
    pub(super) moved: Option<Moved>,
    /// Whether it is something that the run does, and not what that costs.
    is_behaviour: bool,
}

/// A function whose own fuel moved.
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

    /// Whether it is worth opening.
    pub(super) fn is_something(&self) -> bool {
        !self.rows.is_empty() || !self.functions.is_empty() || !self.notes.is_empty()
    }

    /// What a number's move is shown as. Less is an improvement only of what the run costs, and only if it still
    /// does the same.
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

    /// Whether the case counts among those that moved.
    pub(super) fn moved(&self) -> bool {
        !matches!(self.kind, "same" | "none")
    }
}

/// Against the fuel and the behaviour that were reviewed.
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
        difference.number("fuel", before, now.consumed());
    }
    difference.marked()
}

const OTHER_MODEL: &str = "The baseline was made with another cost model, so its fuel is another unit and is not compared.";

/// Against an earlier record of the same case, if there is one.
pub(super) fn to_record(record: &Record, earlier: Option<&Record>) -> Difference {
    let Some(earlier) = earlier else {
        return Difference::nothing("new", "new");
    };
    let (before, now) = (&earlier.report, &record.report);
    let mut difference = Difference::nothing("=", "same");
    difference.text("outcome", before.outcome.kind(), now.outcome.kind());
    if before.outcome != now.outcome {
        difference.outcome_before = Some(Shown::line(before.outcome.kind()));
    }
    if before.outcome.kind() == now.outcome.kind() && before.outcome != now.outcome {
        difference.rows.push(Row {
            what: "outcome says",
            before: Shown::start_of_lines(&said(&before.outcome), TEXT_CHARACTERS),
            now: Shown::start_of_lines(&said(&now.outcome), TEXT_CHARACTERS),
            moved: None,
            is_behaviour: true,
        });
    }
    if before.fuel.cost_model != now.fuel.cost_model {
        difference.notes.push(OTHER_MODEL.to_owned());
    } else {
        for (what, before, now) in [
            ("fuel", before.fuel.consumed(), now.fuel.consumed()),
            (
                "instantiation",
                before.fuel.instantiation,
                now.fuel.instantiation,
            ),
            ("guest", before.fuel.guest, now.fuel.guest),
            ("host calls", before.fuel.host_calls, now.fuel.host_calls),
        ] {
            difference.number(what, before, now);
        }
        difference.functions(earlier, record);
    }
    difference.number(
        "peak memory",
        before.memory.peak_bytes as u64,
        now.memory.peak_bytes as u64,
    );
    difference.number_of_behaviour(
        "audit entries",
        before.audit.len() as u64,
        now.audit.len() as u64,
    );
    difference.first_other_entry(&before.audit, &now.audit);
    for (what, before, now) in [
        ("standard output", &before.stdout, &now.stdout),
        ("standard error", &before.stderr, &now.stderr),
    ] {
        let text = |captured: &Captured| String::from_utf8_lossy(&captured.bytes).into_owned();
        difference.text(what, &text(before), &text(now));
    }
    difference.marked()
}

impl Difference {
    fn number(&mut self, what: &'static str, before: u64, now: u64) {
        if before != now {
            self.rows.push(Row {
                what,
                before: Shown::ours(Grouped(before).to_string()),
                now: Shown::ours(Grouped(now).to_string()),
                moved: Some(Moved { before, now }),
                is_behaviour: false,
            });
        }
    }

    fn number_of_behaviour(&mut self, what: &'static str, before: u64, now: u64) {
        let rows = self.rows.len();
        self.number(what, before, now);
        for row in &mut self.rows[rows..] {
            row.is_behaviour = true;
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

    /// Entries behind the first that differs differ too, most often, and would only repeat it.
    fn first_other_entry(&mut self, before: &[AuditEntry], now: &[AuditEntry]) {
        let same = |(a, b): &(&AuditEntry, &AuditEntry)| {
            (&a.event_type, &a.resource, &a.detail) == (&b.event_type, &b.resource, &b.detail)
        };
        let at = before.iter().zip(now).take_while(same).count();
        let show = |entry: Option<&AuditEntry>| match entry {
            Some(entry) => Shown::ours(format!(
                "{}: [{}] {} — {}",
                entry.sequence,
                Shown::start_of_line(&entry.event_type, TEXT_CHARACTERS),
                Shown::start_of_line(&entry.resource, TEXT_CHARACTERS),
                Shown::start_of_line(&entry.detail, TEXT_CHARACTERS)
            )),
            None => Shown::ours("none"),
        };
        if at < before.len() || at < now.len() {
            self.rows.push(Row {
                what: "first other entry",
                before: show(before.get(at)),
                now: show(now.get(at)),
                moved: None,
                is_behaviour: true,
            });
        }
    }

    fn functions(&mut self, earlier: &Record, record: &Record) {
        let (Some(before), Some(now)) = (own_fuel(earlier), own_fuel(record)) else {
            return;
        };
        let names: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).collect();
        let mut moved: Vec<(&str, Moved)> = names
            .into_iter()
            .map(|name| {
                let of = |table: &BTreeMap<&str, u64>| table.get(*name).copied().unwrap_or(0);
                let moved = Moved {
                    before: of(&before),
                    now: of(&now),
                };
                (*name, moved)
            })
            .filter(|(_, moved)| moved.before != moved.now)
            .collect();
        moved.sort_by_key(|(_, moved)| std::cmp::Reverse(moved.before.abs_diff(moved.now)));
        self.functions_left_out = moved.len().saturating_sub(MOST_FUNCTIONS);
        moved.truncate(MOST_FUNCTIONS);
        self.functions = moved
            .into_iter()
            .map(|(name, moved)| FunctionMoved {
                name: Shown::start_of_line(name, TEXT_CHARACTERS),
                before: Grouped(moved.before),
                now: Grouped(moved.now),
                moved,
            })
            .collect();
    }

    /// With the mark that its rows ask for: that the run does something else, else by how much fuel moved, else
    /// that something did. A run that does something else and costs less for it is no cheaper run.
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

/// Own fuel by name; what has the same name counts as one.
fn own_fuel(record: &Record) -> Option<BTreeMap<&str, u64>> {
    let mut table = BTreeMap::new();
    for function in &record.profile.as_ref()?.functions {
        *table.entry(&*function.name).or_default() += function.own_fuel;
    }
    Some(table)
}
