//! A component that is too expensive to compile is refused for the quantity that exceeds a limit, before any of
//! it is compiled. A component just below the limits is compiled.

use std::time::Duration;

use fractalaw_fuzz::bombs::{self, SHAPES};
use fractalaw_fuzz::doublings::{DOUBLINGS, handed_on};
use fractalaw_host::{Host, Inspection, LoadError, Refusal};

fn refusal(host: &Host, bytes: &[u8]) -> Refusal {
    match host.load(bytes) {
        Err(LoadError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn too_much(host: &Host, bytes: &[u8]) -> &'static str {
    match refusal(host, bytes) {
        Refusal::OverSlot { what, found, limit } => {
            assert!(found > limit);
            what
        }
        other => panic!("{other}"),
    }
}

/// A host that never has the time to compile anything. A refusal for another reason came before compiling.
fn hurried() -> Host {
    let host = Host::builder().slots(1).compile_time(Duration::ZERO);
    host.build().unwrap()
}

#[test]
fn functions_that_are_dear_for_their_bytes_are_refused() {
    let host = hurried();
    let dear = [
        "loops",
        "loops in loops",
        "loops with locals",
        "loops with values",
        "ifs in ifs",
        "branches out of blocks",
        "ifs with values",
        "calls",
        "calls with values",
        "indirect calls",
        "table reads",
        "growth of memory",
        "values that live across calls",
    ];
    for name in dear {
        let shape = SHAPES.iter().find(|shape| shape.name == name).unwrap();
        let whole = shape.component(250_000, 1);
        assert_eq!(
            too_much(&host, &whole),
            "a function (units of compiling)",
            "{name}"
        );
    }
    let cheap: Vec<_> = SHAPES
        .iter()
        .filter(|shape| !dear.contains(&shape.name))
        .collect();
    assert_eq!(cheap.len() + dear.len(), SHAPES.len());
    for shape in cheap {
        let three = shape.component(250_000, 170);
        assert_eq!(
            too_much(&host, &three),
            "all functions (units of compiling)",
            "{}",
            shape.name
        );
    }
}

/// Shapes from the largest language runtimes: CPython's relocations, calls like those that build its strings, and
/// SpiderMonkey's largest functions. None of them exceeds a limit before the compiler.
#[test]
fn functions_as_large_as_those_of_language_runtimes_are_accepted() {
    let limit = Duration::ZERO;
    for (name, bytes) in [
        ("relocations", 430_000),
        ("loads", 430_000),
        ("calls", 60_000),
        ("branches out of blocks", 80_000),
        ("ifs with values", 60_000),
    ] {
        let shape = SHAPES.iter().find(|shape| shape.name == name).unwrap();
        // Each shape gets its own host, because a compilation that was given up keeps its place until it ends.
        let refused = refusal(&hurried(), &shape.component(bytes, 1));
        assert_eq!(refused, Refusal::CompileTime { limit }, "{name}");
    }
    let relocations = SHAPES.iter().find(|shape| shape.name == "relocations");
    let patient = Host::builder().slots(1).build().unwrap();
    patient
        .load(&relocations.unwrap().component(430_000, 1))
        .unwrap();
}

#[test]
fn numbers_depth_and_width_have_bounds_of_their_own() {
    let host = hurried();
    let text = |body: &str| wat::parse_str(format!("(component (core module {body}))")).unwrap();
    let loops = format!("(func {} {})", "loop ".repeat(101), "end ".repeat(101));
    let wide = format!(
        "(func unreachable (block (param {}) unreachable) unreachable)",
        "i32 ".repeat(17)
    );
    for (bytes, what) in [
        (
            bombs::functions(400_000),
            "all functions (units of compiling)",
        ),
        (bombs::types(200_000), "all functions (units of compiling)"),
        (bombs::elements(200_000), "declarations"),
        (text(&loops), "loops in each other"),
        (text(&wide), "values of a block"),
    ] {
        assert_eq!(too_much(&host, &bytes), what);
    }
}

/// Two bytes of a component can add a line to what is listed of it, and five bytes can add a name to a refusal.
#[test]
fn what_is_listed_without_end_is_counted() {
    let inspection = Inspection::of(&bombs::tools(2_000_000)).unwrap();
    let listed = &inspection.producers;
    assert_eq!((listed.len(), listed.omitted()), (1_000, 1_999_000));
    assert_eq!(inspection.refusal, None);
    let shown: Vec<_> = (0..20).map(|i| format!("`i{i}`")).collect();
    let named = format!("{} and 399980 more", shown.join(", "));
    for (count, said) in [
        (400_000, format!("not offered by this host: {named}")),
        (
            600_000,
            "too large: declarations: 600002, expected at most 500000".to_owned(),
        ),
    ] {
        let bytes = bombs::imports(count);
        let inspection = Inspection::of(&bytes).unwrap();
        let listed = &inspection.imports;
        assert_eq!(
            (listed.len(), listed.omitted()),
            (1_000, u64::from(count) - 1_000)
        );
        assert_eq!(inspection.refusal.unwrap().to_string(), said);
        assert_eq!(refusal(&hurried(), &bytes).to_string(), said);
    }
}

/// With twenty more levels each takes all memory of the machine.
#[test]
fn what_doubles_with_each_level_is_counted_before_anything_follows_it() {
    let host = Host::builder().slots(1).build().unwrap();
    for doubling in &DOUBLINGS {
        host.load(&doubling.component(3))
            .unwrap_or_else(|error| panic!("{}: {error}", doubling.name));
        for levels in [20, 40] {
            let bytes = doubling.component(levels);
            assert_eq!(
                too_much(&host, &bytes),
                doubling.refused,
                "{}",
                doubling.name
            );
            let inspection = Inspection::of(&bytes).unwrap();
            assert_eq!(
                inspection.refusal,
                Some(refusal(&host, &bytes)),
                "{}",
                doubling.name
            );
        }
    }
    for levels in [1, 40] {
        let refused = refusal(&host, &handed_on(levels));
        assert_eq!(refused.kind(), "unmetered-crossing", "{refused}");
    }
}

#[test]
fn what_takes_longer_than_its_time_is_refused_and_the_host_goes_on() {
    let host = hurried();
    let limit = Duration::ZERO;
    let loops = SHAPES[0].component(20_000, 4);
    assert_eq!(refusal(&host, &loops), Refusal::CompileTime { limit });
    // Another host in the same process, because the compiler of the first one may still be at work.
    let patient = Host::builder().slots(1).build().unwrap();
    patient.load(&SHAPES[0].component(20_000, 1)).unwrap();
}

/// In Wasmtime 48 the compiler panicked on every component like this one if modules could have only one memory:
/// the code between the parts has a memory of each part.
#[test]
fn parts_that_call_each_other_are_compiled() {
    let host = Host::builder().slots(1).build().unwrap();
    host.load(&bombs::adapters(3, 2)).unwrap();
}
