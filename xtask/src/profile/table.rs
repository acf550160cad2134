//! A profile as a table.

use std::cmp::Reverse;

use fractalaw_manifest::terminal::one_line;
use fractalaw_report::{FunctionMoved, PartFuel, Profile};

use crate::numbers::{grouped, percent, signed};
use crate::tables;

/// The functions that are shown unless all are asked for.
const MOST: usize = 25;

/// The functions by their own fuel, the largest first, and the sum.
pub(super) fn functions(profile: &Profile, all: bool) -> String {
    let mut functions: Vec<_> = profile
        .functions
        .iter()
        .filter(|function| function.calls > 0 || function.own_fuel > 0)
        .collect();
    functions.sort_by_key(|function| (Reverse(function.own_fuel), &function.name));
    let whole: u64 = functions.iter().map(|function| function.own_fuel).sum();
    let shown = shown(functions.len(), all);
    let mut table = tables::start(["own fuel", "percent", "with callees", "calls", "function"]);
    for function in &functions[..shown] {
        table.add_row([
            grouped(function.own_fuel),
            part(function.own_fuel, whole),
            grouped(function.total_fuel),
            grouped(function.calls),
            one_line(&function.name),
        ]);
    }
    let rest = &functions[shown..];
    if !rest.is_empty() {
        let fuel = rest.iter().map(|function| function.own_fuel).sum();
        table.add_row([
            grouped(fuel),
            part(fuel, whole),
            String::new(),
            String::new(),
            format!("{} more functions (`--all` shows them)", rest.len()),
        ]);
    }
    table.add_row([
        grouped(whole),
        part(whole, whole),
        String::new(),
        String::new(),
        "the whole run".to_owned(),
    ]);
    tables::text(table, |column| column < 4)
}

/// The fuel of each part of a composed component, the largest first, and the sum. `None` if it was not composed.
pub(super) fn parts(profile: &Profile) -> Option<String> {
    let mut parts = profile.by_part();
    if parts.len() == 1 {
        return None;
    }
    parts.sort_by_key(|part| (Reverse(part.fuel()), part.part));
    let whole: u64 = parts.iter().map(PartFuel::fuel).sum();
    let mut table = tables::start(["fuel", "percent", "own fuel", "host calls", "part"]);
    let mut row = |fuel: u64, own: u64, host_calls: u64, name: String| {
        table.add_row([
            grouped(fuel),
            part(fuel, whole),
            grouped(own),
            grouped(host_calls),
            name,
        ]);
    };
    for part in &parts {
        let name = part.part.map_or("(in no part)".to_owned(), one_line);
        row(part.fuel(), part.own, part.host_calls, name);
    }
    let sum = |figure: fn(&PartFuel<'_>) -> u64| parts.iter().map(figure).sum();
    row(
        whole,
        sum(|part| part.own),
        sum(|part| part.host_calls),
        "the whole run".to_owned(),
    );
    Some(tables::text(table, |column| column < 4))
}

/// The functions that changed, the largest change first, and the sum.
pub(super) fn changes(changes: &[FunctionMoved], all: bool) -> String {
    if changes.is_empty() {
        return "no function moved\n".to_owned();
    }
    let shown = shown(changes.len(), all);
    let mut table = tables::start(["change", "percent", "before", "after", "calls", "function"]);
    for change in &changes[..shown] {
        table.add_row([
            signed(change.difference()),
            percent(change.before.fuel, change.after.fuel),
            grouped(change.before.fuel),
            grouped(change.after.fuel),
            signed(i128::from(change.after.calls) - i128::from(change.before.calls)),
            change.name.clone(),
        ]);
    }
    let sum =
        |changes: &[FunctionMoved]| changes.iter().map(FunctionMoved::difference).sum::<i128>();
    let rest = &changes[shown..];
    for (changes, name) in [
        (
            rest,
            format!("{} more functions (`--all` shows them)", rest.len()),
        ),
        (changes, "all functions that moved".to_owned()),
    ] {
        if !changes.is_empty() {
            let mut row: [String; 6] = Default::default();
            row[0] = signed(sum(changes));
            row[5] = name;
            table.add_row(row);
        }
    }
    tables::text(table, |column| column < 5)
}

fn shown(functions: usize, all: bool) -> usize {
    if all { functions } else { functions.min(MOST) }
}

fn part(fuel: u64, whole: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two decimals of a percentage")]
    let part = fuel as f64 * 100.0 / whole.max(1) as f64;
    format!("{part:.2}")
}
