//! Composed components: data between their parts costs by its length, is bounded, and appears in profiles.

use fractalaw_host::{
    Certainty, Host, Inspection, LoadError, Outcome, PartFuel, Quota, Refusal, Report, Run, Tier,
};

use crate::components::{RUNTIME, run};

/// Units of fuel for each started 64 bytes of memory.
const STEP: u64 = 256;

/// A component of two parts, with texts in these encodings and memories full of this byte.
fn two_parts([from, to]: [&str; 2], byte: u8, sender: &str) -> Vec<u8> {
    let text = include_str!("../components/two-parts.wat");
    let text = text
        .replace("{from}", from)
        .replace("{to}", to)
        .replace("{byte}", &byte.to_string())
        .replace("{run}", sender);
    wat::parse_str(text).expect("the text is a component")
}

/// An export `run` of the outermost component, besides everything else.
const RUN: &str = r#"(core module $runs (memory (export "m") 1)
        (func (export "run") (result i32) i32.const 16))
    (core instance $runs (instantiate $runs))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $runs "run") (memory $runs "m")))"#;

fn heavy(host: &Host, component: &[u8]) -> Report {
    run(host, component, Run::new().tier(Tier::Heavy))
}

fn take(length: u32) -> String {
    format!("(call $take (i32.const 65536) (i32.const {length}))")
}

fn fuel(host: &Host, component: &[u8]) -> u64 {
    let report = heavy(host, component);
    assert_eq!(report.outcome, Outcome::Completed(String::new()));
    assert_eq!(report.fuel.certainty, Certainty::Exact);
    report.fuel.consumed()
}

/// For each pair of encodings: the byte that texts are made of, and how many bytes of memory are asked for, one
/// after another, for each code unit of the sender.
#[test]
fn a_text_that_crosses_costs_by_the_bytes_of_room_that_it_is_given() {
    let host = Host::builder().slots(1).build().unwrap();
    let (utf8, utf16, compact) = ("utf8", "utf16", "latin1+utf16");
    let cases: [(&str, &str, u8, &[u64]); 12] = [
        (utf8, utf8, 0x61, &[1]),
        (utf8, utf16, 0x61, &[2]),
        (utf8, compact, 0x61, &[1]),
        (utf16, utf16, 0x61, &[2]),
        (compact, compact, 0x61, &[1]),
        (compact, utf16, 0xe9, &[2]),
        (compact, utf8, 0x61, &[1]),
        // Zeros are the same characters in UTF-16 and UTF-8.
        (utf16, utf8, 0, &[1]),
        (utf16, compact, 0, &[1]),
        // Two bytes in UTF-8, for which there is not enough memory at first.
        (compact, utf8, 0xe9, &[1, 2]),
        // U+E9E9 is not Latin-1, and has three bytes in UTF-8.
        (utf16, utf8, 0xe9, &[1, 3]),
        (utf16, compact, 0xe9, &[1, 2]),
    ];
    for (from, to, byte, room) in cases {
        let of = |length| fuel(&host, &two_parts([from, to], byte, &take(length)));
        let (short, long) = (1_000, 400_000);
        let steps = |length: u32| -> u64 {
            let room = room.iter().map(|each| each * u64::from(length));
            room.map(|bytes| bytes.div_ceil(64)).sum()
        };
        assert_eq!(
            of(long) - of(short),
            STEP * (steps(long) - steps(short)),
            "{from} to {to} of {byte:#x}"
        );
    }
}

#[test]
fn an_answer_costs_as_an_argument_does_and_nothing_that_crosses_costs_nothing() {
    let host = Host::builder().slots(1).build().unwrap();
    let utf8 = ["utf8", "utf8"];
    let give = |length: u32| {
        let call = format!("(call $give (i32.const {length}) (i32.const 32))");
        fuel(&host, &two_parts(utf8, 0x61, &call))
    };
    assert_eq!(give(64_000) - give(64), 999 * STEP);
    assert_eq!(give(65) - give(64), STEP);
    assert_eq!(give(64), give(1));
    // And one for entering the loop that pays.
    assert_eq!(give(1) - give(0), STEP + 1);
    // Entering and leaving a part, without anything to hand over.
    let nothing = |calls| {
        fuel(
            &host,
            &two_parts(utf8, 0x61, &"(call $nothing)".repeat(calls)),
        )
    };
    let once = nothing(1) - nothing(0);
    assert_eq!(nothing(5) - nothing(0), 5 * once);
    assert!(once < STEP, "{once}");
}

#[test]
fn more_than_the_bound_does_not_cross_and_what_cannot_be_paid_neither() {
    let host = Host::builder().slots(1).build().unwrap();
    let bound = 16 << 20;
    let of = |encodings, length| heavy(&host, &two_parts(encodings, 0, &take(length)));
    let utf8 = ["utf8", "utf8"];
    let whole = of(utf8, bound);
    assert_eq!(whole.outcome, Outcome::Completed(String::new()));
    for (encodings, length) in [(utf8, bound + 1), (["utf8", "utf16"], bound / 2 + 1)] {
        let report = of(encodings, length);
        let expected = Outcome::QuotaExceeded {
            quota: Quota::CROSSING_BYTES,
            limit: u64::from(bound),
        };
        assert_eq!(report.outcome, expected);
        assert_eq!(report.fuel.certainty, Certainty::Exact);
        // The receiver was not called: its start function filled its memory, and nothing else happened.
        assert!(report.fuel.consumed() < whole.fuel.consumed() / 4);
    }
    let component = two_parts(utf8, 0, &take(bound));
    let budget = whole.fuel.consumed() / 2;
    let short = run(&host, &component, Run::new().tier(Tier::Heavy).fuel(budget));
    assert_eq!(short.outcome, Outcome::OutOfFuel);
    assert_eq!(short.fuel.consumed(), budget);
}

/// In a component that is not composed, the name is a guest's own. The same holds in a composed one.
#[test]
fn no_guest_passes_its_own_trap_for_the_bound() {
    let host = Host::builder().slots(1).build().unwrap();
    let simple =
        crate::components::component(r#"(func $f (@name "[crossing]") unreachable)"#, "call $f");
    let composed =
        String::from_utf8(include_bytes!("../components/two-parts.wat").to_vec()).unwrap();
    let composed = composed
        .replace("(func $twice ", r#"(func $twice (@name "[crossing]") "#)
        .replace("(i32.add (local.get 0) (local.get 0))", "unreachable");
    let composed = composed.replace("{from}", "utf8").replace("{to}", "utf8");
    let composed = composed.replace("{byte}", "0").replace("{run}", &take(1));
    let composed = wat::parse_str(composed).unwrap();
    for component in [simple, composed] {
        let report = heavy(&host, &component);
        assert_eq!(report.outcome.kind(), "trap", "{}", report.outcome);
    }
}

#[test]
fn a_backtrace_says_which_part_each_function_is_in() {
    let host = Host::builder().slots(1).build().unwrap();
    let text = include_str!("../components/two-parts.wat");
    let text = text
        .replace("(i32.add (local.get 0) (local.get 0))", "unreachable")
        .replace("{from}", "utf8")
        .replace("{to}", "utf8")
        .replace("{byte}", "0")
        .replace("{run}", &take(1));
    let composed = wat::parse_str(&text).unwrap();
    let report = heavy(&host, &composed);
    assert_eq!(report.outcome.kind(), "trap");
    let expected = ["receiver: twice", "receiver: take", "sender: run"];
    // Between two parts is a function of Wasmtime's, without a name.
    let in_parts = |report: &Report| -> Vec<String> {
        let functions = report.backtrace.iter().cloned();
        functions
            .filter(|function| !function.starts_with("function "))
            .collect()
    };
    assert_eq!(in_parts(&report), expected);
    // A loop in a part is named as well when the fuel ends.
    let looping = text.replace("unreachable", "(loop $l (br $l)) unreachable");
    let looping = wat::parse_str(looping).unwrap();
    let report = run(
        &host,
        &looping,
        Run::new().tier(Tier::Heavy).fuel(10_000_000),
    );
    assert_eq!(report.outcome, Outcome::OutOfFuel);
    assert_eq!(in_parts(&report), expected);
}

#[test]
fn an_inspection_lists_the_parts_as_they_are_in_the_bytes() {
    let receiver = r#"(component $receiver
        (import "fractal:app/data-query@0.1.0" (instance))
        (@custom "version" "1.2.3")
        (core module $m (func (export "f")))
        (core instance $i (instantiate $m))
        (func (export "f") (canon lift (core func $i "f"))))"#;
    let composed = wat::parse_str(format!(
        r#"(component {RUN}
            (import "fractal:app/data-query@0.1.0" (instance $data))
            (component $types)
            (component $outer
                (import "fractal:app/data-query@0.1.0" (instance $data))
                {receiver}
                (instance $r (instantiate $receiver (with "fractal:app/data-query@0.1.0" (instance $data))))
                (export "g" (func $r "f")))
            (instance (instantiate $outer (with "fractal:app/data-query@0.1.0" (instance $data)))))"#
    ))
    .unwrap();
    let inspection = Inspection::of(&composed).unwrap();
    let parts: Vec<_> = (inspection.parts.iter())
        .map(|part| (&*part.name, part.version.as_deref(), &*part.exports))
        .collect();
    let exports = |name: &str| vec![name.to_owned()];
    let (outer, inner) = (exports("g"), exports("f"));
    assert_eq!(
        parts,
        [
            ("outer", None, &outer[..]),
            ("outer/receiver", Some("1.2.3"), &inner[..])
        ]
    );
    let alone = wat::parse_str(receiver).unwrap();
    assert_eq!(
        inspection.parts[1].sha256,
        Inspection::of(&alone).unwrap().app.digest.to_string()
    );
    let wanted = inspection.wanted_by("fractal:app/data-query@0.1.0");
    assert_eq!(wanted, ["outer/receiver"]);
    // A component that is not composed has no parts, and says nothing of them.
    let plain = crate::components::component("", "");
    let inspection = Inspection::of(&plain).unwrap();
    assert!(inspection.parts.is_empty());
    let verdict = inspection.verdict(&Run::new(), None).unwrap();
    assert!(!inspection.text(&verdict).contains("parts"));
    assert!(!inspection.json(&verdict).contains("parts"));
}

#[test]
fn parts_whose_room_is_made_out_of_sight_are_refused() {
    let host = Host::builder().slots(1).build().unwrap();
    let component = wat::parse_str(format!(
        r#"(component {RUN}
            (component $lib
                (core module $m (memory (export "memory") 1)
                    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
                (export "m" (core module $m)))
            (instance $lib (instantiate $lib))
            (component $part
                (import "m" (core module $m (export "memory" (memory 1))
                    (export "realloc" (func (param i32 i32 i32 i32) (result i32)))))
                (core instance $i (instantiate $m))
                (core module $f (func (export "f") (param i32 i32)))
                (core instance $f (instantiate $f))
                (func (export "f") (param "s" string) (canon lift (core func $f "f")
                    (memory $i "memory") (realloc (func $i "realloc")))))
            (alias export $lib "m" (core module $m))
            (instance (instantiate $part (with "m" (core module $m)))))"#,
    ))
    .unwrap();
    let Err(LoadError::Refused(refusal)) = host.load(&component) else {
        panic!("it was accepted");
    };
    let expected = Refusal::UnmeteredCrossing {
        message: "a core module comes from outside of the component".to_owned(),
    };
    assert_eq!(refusal, expected);
    let inspection = Inspection::of(&component).unwrap();
    assert_eq!(inspection.refusal, Some(expected));
}

#[test]
fn a_profile_names_the_functions_of_each_part_and_sums_to_the_run() {
    let host = Host::builder().slots(1).build().unwrap();
    let sender = format!(
        "{} (call $give (i32.const 100) (i32.const 32)) (call $nothing)",
        take(1_000)
    );
    let component = two_parts(["utf8", "utf16"], 0x61, &sender);
    let whole = fuel(&host, &component);
    let app = host.load_profiled(&component).unwrap();
    let wanted = Run::new().tier(Tier::Heavy).deterministic();
    let profile = RUNTIME.block_on(host.profile(&app, &wanted)).unwrap();
    assert_eq!(profile.report.fuel.consumed(), whole);
    let own: u64 = profile
        .functions
        .iter()
        .map(|function| function.own_fuel)
        .sum();
    assert_eq!(own, whole);
    let calls: Vec<_> = profile
        .functions
        .iter()
        .map(|function| (&*function.name, function.calls))
        .collect();
    assert_eq!(
        calls,
        [
            ("[instantiation]", 1),
            ("[run]", 1),
            ("[post-return]", 0),
            ("receiver: fill", 1),
            ("sender: fill", 1),
            ("sender: run", 1),
            ("receiver: take", 1),
            ("receiver: twice", 1),
            ("receiver: give", 1),
            ("receiver: nothing", 1),
        ]
    );
    let of = |name: &str| {
        let mut functions = profile.functions.iter();
        functions.find(|function| function.name == name).unwrap()
    };
    // Two constants and a call; entering, two readings and a sum.
    assert_eq!(of("receiver: twice").own_fuel, 1 + 3);
    assert_eq!(of("receiver: take").total_fuel, 1 + 1 + 4 + 4);
    let parts = profile.by_part();
    let names: Vec<_> = parts.iter().map(|part| part.part).collect();
    assert_eq!(names, [None, Some("receiver"), Some("sender")]);
    assert_eq!(parts.iter().map(PartFuel::fuel).sum::<u64>(), whole);
    let functions_of = |part: Option<&str>| -> u64 {
        let functions = profile.functions.iter();
        let functions = functions.filter(|function| function.part.as_deref() == part);
        functions.map(|function| function.own_fuel).sum()
    };
    for part in &parts {
        assert_eq!(part.own, functions_of(part.part), "{:?}", part.part);
        assert_eq!(part.host_calls, 0);
    }
    // The calling part pays for what crosses: 2,000 bytes one way, and 100 to 300 the other.
    assert!(of("sender: run").own_fuel > STEP * (2_000_u64.div_ceil(64) + 100_u64.div_ceil(64)));
}

/// A type of a few bytes, used by many functions, becomes code for each of its values in each function.
#[test]
fn values_that_parts_hand_to_each_other_are_counted_before_they_are_compiled() {
    let host = Host::builder().slots(1).build().unwrap();
    let component = |functions: usize, fields: usize| {
        let types = format!(
            "(type $list (list string)) (type $fields (tuple {}))",
            "$list ".repeat(fields)
        );
        let each = |item: &dyn Fn(usize) -> String| (0..functions).map(item).collect::<String>();
        let module = r#"(core module $m (memory (export "m") 1)
            (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "f") (param i32)))
            (core instance $i (instantiate $m))"#;
        let options = r#"(memory $i "m") (realloc (func $i "r"))"#;
        let lifted = each(&|f| {
            format!(
                r#"(func (export "f{f}") (param "a" $fields)
                    (canon lift (core func $i "f") {options}))"#
            )
        });
        let imported = each(&|f| format!(r#"(export "f{f}" (func (param "a" $fields)))"#));
        let lowered = each(&|f| {
            format!(
                r#"(core func (canon lower (func $a "f{f}") (memory $i "m") (realloc (func $i "r"))))"#
            )
        });
        wat::parse_str(format!(
            r#"(component {RUN} (component $a {types} {module} {lifted}) (instance $a (instantiate $a))
                (component $b (import "a" (instance $a {types} {imported})) {module} {lowered})
                (instance (instantiate $b (with "a" (instance $a)))))"#
        ))
        .unwrap()
    };
    // A tuple, and a list and a string for each of its fields.
    let refusal = |functions, fields| match host.load(&component(functions, fields)) {
        Err(LoadError::Refused(refusal)) => refusal,
        _ => panic!("it was accepted"),
    };
    let expected = Refusal::OverSlot {
        what: "values handed from part to part",
        found: 250 * (1 + 2 * 100),
        limit: 50_000,
    };
    assert_eq!(refusal(250, 100), expected);
    // A few are allowed.
    assert!(host.load(&component(2, 10)).is_ok());
}
