//! A component that nests as deep as allowed is loaded and run, however small the caller's stack is. A component
//! with one more level is refused for that, and overflows nobody's stack.

use std::thread;

use fractalaw_fuzz::bombs;
use fractalaw_fuzz::nestings::NESTINGS;
use fractalaw_host::{Host, Inspection, LoadError, ProfileError, Refusal, Run};
use tokio::runtime;

/// Levels of types, instances and components by index.
const TYPES: usize = 64;

/// Components in components, with the outermost counted.
const COMPONENTS: usize = 32;

/// Less than any of the parsers and compilers needs.
const STACK_BYTES: usize = 128 << 10;

fn with_little_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

fn refused<T>(loaded: Result<T, LoadError>) -> Option<Refusal> {
    match loaded {
        Ok(_) => None,
        Err(LoadError::Refused(refusal)) => Some(refusal),
        Err(LoadError::Host(error)) => panic!("{error}"),
    }
}

/// What loading, inspecting and instrumenting the component return.
fn answers(host: &Host, bytes: &[u8]) -> [Option<Refusal>; 3] {
    with_little_stack(|| {
        let inspected = Inspection::of(bytes).map(|inspection| inspection.refusal);
        let profiled = host.load_profiled(bytes).map_err(|error| match error {
            ProfileError::Load(error) => error,
            other => panic!("{other}"),
        });
        [
            refused(host.load(bytes)),
            inspected.unwrap_or_else(|error| refused(Err::<(), _>(error))),
            refused(profiled),
        ]
    })
}

fn too_deep(what: &'static str, levels: usize) -> Refusal {
    let limit = u32::try_from(levels).unwrap();
    Refusal::TooDeep { what, limit }
}

#[test]
fn types_are_nested_to_the_bound_and_no_deeper() {
    let host = Host::builder().slots(1).build().unwrap();
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    for nesting in NESTINGS {
        let (name, at_bound) = (nesting.name, (nesting.make)(TYPES));
        assert_eq!(answers(&host, &at_bound), [None, None, None], "{name}");
        let app = host.load(&at_bound).unwrap();
        let report = runtime.block_on(host.run(&app, &Run::new())).unwrap();
        assert_eq!(report.outcome.kind(), "completed", "{name}");
        for levels in [TYPES + 1, TYPES + 63, TYPES + 100] {
            let expected = Some(too_deep("types", TYPES));
            let found = answers(&host, &(nesting.make)(levels));
            assert_eq!(
                found,
                [(); 3].map(|()| expected.clone()),
                "{name}, {levels}"
            );
        }
    }
}

/// As many levels as a small file has room for, of the kinds that take only a few bytes.
#[test]
fn what_is_nested_without_end_is_refused_as_soon() {
    let host = Host::builder().slots(1).build().unwrap();
    for nesting in &NESTINGS[..4] {
        let found = answers(&host, &(nesting.make)(20_000));
        let expected = Some(too_deep("types", TYPES));
        assert_eq!(
            found,
            [(); 3].map(|()| expected.clone()),
            "{}",
            nesting.name
        );
    }
}

#[test]
fn components_are_nested_to_the_bound_and_no_deeper() {
    let host = Host::builder().slots(1).build().unwrap();
    let missing = Some(Refusal::WrongExport { found: "missing" });
    let found = answers(&host, &bombs::nested(COMPONENTS - 1));
    assert_eq!(found, [(); 3].map(|()| missing.clone()));
    for levels in [COMPONENTS, 100_000] {
        let found = answers(&host, &bombs::nested(levels));
        let expected = Some(too_deep("components", COMPONENTS));
        assert_eq!(found, [(); 3].map(|()| expected.clone()), "{levels}");
    }
}
