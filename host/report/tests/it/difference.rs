//! What changed between two reports, and between the functions of two profiles.

use fractalaw_report::{
    Change, Difference, Effect, FunctionFuel, FunctionMoved, FunctionsUsed, HostCalls, ListChange,
    MemoryKind, Outcome, Refusal, Report, Settled, Used,
};

use crate::samples::{outcomes, refusals, report};

fn completed() -> Report {
    report(Outcome::Completed("done".to_owned()))
}

#[test]
fn each_part_that_moved_is_named_and_no_other() {
    let before = completed();
    type Move = fn(&mut Report);
    type Named = fn(&Difference<'_>) -> bool;
    let parts: [(&str, Move, Named, bool); 11] = [
        (
            "outcome",
            |report| report.outcome = Outcome::OutOfFuel,
            |moved| moved.outcome.is_some(),
            true,
        ),
        (
            "backtrace",
            |report| report.backtrace.clear(),
            |moved| moved.backtrace.is_some(),
            false,
        ),
        (
            "audit",
            |report| report.audit[0].detail.push('x'),
            |moved| moved.audit.is_some(),
            true,
        ),
        (
            "effects",
            |report| report.effects[1].settled = Settled::Committed,
            |moved| moved.effects.is_some(),
            true,
        ),
        (
            "standard output",
            |report| report.stdout.dropped_bytes += 1,
            |moved| moved.stdout.is_some(),
            true,
        ),
        (
            "standard error",
            |report| report.stderr.bytes[5] = 0xff,
            |moved| moved.stderr.is_some(),
            true,
        ),
        (
            "cost model",
            // Its figures are no longer in the same unit.
            |report| (report.fuel.cost_model, report.fuel.guest) = (9, 9),
            |moved| moved.cost_model.is_some(),
            false,
        ),
        (
            "fuel",
            |report| report.fuel.guest += 1,
            |moved| moved.fuel.guest.is_some() && moved.fuel.consumed.is_some(),
            false,
        ),
        (
            "fuel among its parts",
            |report| (report.fuel.guest, report.fuel.host_calls) = (19, 301),
            |moved| moved.fuel.host_calls.is_some() && moved.fuel.consumed.is_none(),
            false,
        ),
        (
            "host calls",
            |report| report.host_calls[0].bytes_out += 1,
            |moved| moved.host_calls.len() == 1,
            false,
        ),
        (
            "memory",
            |report| report.memory.peak_bytes += 1,
            |moved| moved.peak_bytes.is_some(),
            false,
        ),
    ];
    for (place, (name, change, _, is_behaviour)) in parts.iter().enumerate() {
        let mut after = before.clone();
        change(&mut after);
        let moved = Difference::of(&before, &after);
        for (other, (_, _, is_named, _)) in parts.iter().enumerate() {
            assert_eq!(is_named(&moved), place == other, "{name}: {moved:#?}");
        }
        assert!(!moved.is_empty(), "{name}");
        assert_eq!(moved.is_same_behaviour(), !is_behaviour, "{name}");
    }
}

#[test]
fn what_was_read_from_json_is_alike_with_what_was_written() {
    let refused = refusals().into_iter().map(Outcome::Refused);
    for outcome in outcomes().into_iter().chain(refused) {
        let written = report(outcome);
        let read = Report::from_json(&written.json()).unwrap();
        let moved = Difference::of(&written, &read);
        assert!(moved.is_empty(), "{moved:#?}");
    }
    // The kind of refusal counts too, whatever its text is.
    let told = |kind: &str| {
        report(Outcome::Refused(Refusal::Recorded {
            kind: kind.to_owned(),
            message: "no".to_owned(),
            hint: String::new(),
        }))
    };
    assert!(Difference::of(&told("a"), &told("a")).is_empty());
    assert!(!Difference::of(&told("a"), &told("b")).is_empty());
}

#[test]
fn what_a_run_was_given_and_how_long_it_took_is_no_difference() {
    let (before, mut after) = (completed(), completed());
    after.durations.run *= 2;
    after.grants.granted.clear();
    after.limits.limits.fuel -= 1;
    after.fuel.budget -= 1;
    after.audit[0].time_unix_ns += 1;
    after.audit[0].fuel += 1;
    assert!(Difference::of(&before, &after).is_empty());
}

#[test]
fn a_change_says_what_it_was_and_what_it_is() {
    let (before, mut after) = (completed(), completed());
    let limit = Outcome::MemoryLimit {
        kind: MemoryKind::Table,
        requested: 2,
        limit: 1,
    };
    after.outcome = limit.clone();
    after.audit.push(after.audit[0].clone());
    after.fuel.instantiation = 5;
    let called = HostCalls {
        interface: "a:a/a@1.0.0".into(),
        function: "f".into(),
        calls: 1,
        bytes_in: 2,
        bytes_out: 3,
        fuel: 4,
    };
    let gone = std::mem::replace(&mut after.host_calls, vec![called.clone()]);
    let moved = Difference::of(&before, &after);
    assert_eq!(
        moved.outcome,
        Some(Change {
            before: &before.outcome,
            after: &limit,
        })
    );
    assert_eq!(
        moved.audit,
        Some(ListChange {
            before: &before.audit,
            after: &after.audit,
            first: 1,
        })
    );
    assert_eq!(
        (moved.fuel.instantiation, moved.fuel.consumed),
        (
            Some(Change {
                before: 1,
                after: 5
            }),
            Some(Change {
                before: 321,
                after: 325
            })
        )
    );
    assert_eq!(
        moved.host_calls,
        [
            Change {
                before: None,
                after: Some(&called),
            },
            Change {
                before: Some(&gone[0]),
                after: None,
            }
        ]
    );
}

fn used(functions: &[(&str, u64, u64)]) -> FunctionsUsed {
    let functions = functions.iter();
    functions
        .map(|(name, calls, fuel)| {
            let (calls, fuel) = (*calls, *fuel);
            ((*name).to_owned(), Used { calls, fuel })
        })
        .collect()
}

fn differences(moved: &[FunctionMoved]) -> Vec<(&str, i128)> {
    let moved = moved.iter();
    moved
        .map(|function| (&*function.name, function.difference()))
        .collect()
}

#[test]
fn the_function_that_moved_most_is_first_and_what_did_not_move_is_left_out() {
    let before = used(&[("a", 2, 10), ("gone", 1, 7), ("same", 5, 5), ("b", 1, 2)]);
    let after = used(&[("a", 3, 12), ("new", 1, 40), ("same", 5, 5), ("b", 1, 0)]);
    let moved = before.moved(&after);
    // If two changed by the same amount, the one that became more expensive comes first.
    let expected = [("new", 40), ("gone", -7), ("a", 2), ("b", -2)];
    assert_eq!(differences(&moved), expected);
    // If fuel fell, the cause of the fall comes first.
    let back = after.moved(&before);
    let expected = [("new", -40), ("gone", 7), ("b", 2), ("a", -2)];
    assert_eq!(differences(&back), expected);
    // It was called more often for the same fuel, so it changed, and comes last.
    let called = before.moved(&used(&[
        ("a", 9, 10),
        ("gone", 1, 7),
        ("same", 5, 5),
        ("b", 1, 3),
    ]));
    assert_eq!(differences(&called), [("b", 1), ("a", 0)]);
    let twice = FunctionMoved::together(moved.iter().chain(&moved));
    let expected = [("new", 80), ("gone", -14), ("a", 4), ("b", -4)];
    assert_eq!(differences(&twice), expected);
    assert_eq!(twice[0].after, Used { calls: 2, fuel: 80 });
}

#[test]
fn functions_of_one_name_count_as_one_and_what_was_not_entered_does_not() {
    let function = |name: &str, calls, own_fuel| FunctionFuel {
        name: name.to_owned(),
        part: None,
        module: None,
        module_name: None,
        index: None,
        calls,
        own_fuel,
        total_fuel: u64::MAX,
    };
    let functions = [
        function("a\u{1b}", 1, 2),
        function("never", 0, 0),
        function("a\u{1b}", 3, u64::MAX),
        function("[instantiation]", 1, 0),
    ];
    let of = FunctionsUsed::of(&functions);
    assert_eq!(
        of,
        used(&[("a\\u{1b}", 4, u64::MAX), ("[instantiation]", 1, 0)])
    );
    assert_eq!(of.fuel(), u64::MAX);
}

#[test]
fn no_two_effects_read_alike() {
    let effect = |kind: &str, subject: &str, fields: &[(&str, serde_json::Value)]| Effect {
        capability: "data".to_owned(),
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        settled: Settled::Committed,
    };
    let cases = [
        (
            effect("insert", "permits", &[("rows", 2.into())]),
            "[data] insert permits — rows 2 (committed)",
        ),
        (
            effect("insert", "permits", &[("rows", "2".into())]),
            "[data] insert permits — rows \"2\" (committed)",
        ),
        (
            effect("insert", "permits — rows 2", &[]),
            "[data] insert \"permits — rows 2\" (committed)",
        ),
        (
            effect(
                "insert",
                "a",
                &[("b", 1.into()), ("c", "d, e \"f\"".into())],
            ),
            "[data] insert a — b 1, c \"d, e \\\"f\\\"\" (committed)",
        ),
        (
            effect("insert a", "", &[("", serde_json::Value::Null)]),
            "[data] \"insert a\" \"\" — \"\" null (committed)",
        ),
        (
            effect("emit", "\u{1b}\n\u{202e}é", &[]),
            "[data] emit \"\\u001b\\n\\u202eé\" (committed)",
        ),
    ];
    for (effect, expected) in cases {
        assert_eq!(effect.to_string(), expected);
    }
}
