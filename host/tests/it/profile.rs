//! Profiles are exact: for every guest and fixture, however a run ends, the parts sum to the fuel of the run
//! itself, to the unit, and are the same each time. `profile_on_paper` tests single functions.

use std::fs;

use fractalaw_host::{
    Certainty, DirGrant, Host, LoadError, Outcome, Profile, ProfileError, Report, Run, Tier,
};

use crate::components::{
    RUNTIME, cache, component, guest, guest_bytes, policy_of_cases, workspace,
};

/// Profiles a component twice, deterministically unless `run` says otherwise, and compares both with a run
/// without a profile.
#[track_caller]
pub(crate) fn profile(host: &Host, bytes: &[u8], run: Run) -> Result<Profile, ProfileError> {
    let app = host.load_profiled(bytes)?;
    let run = run.deterministic();
    let profiled = RUNTIME.block_on(host.profile(&app, &run));
    let again = RUNTIME.block_on(host.profile(&app, &run));
    let report = RUNTIME.block_on(host.run(app.app(), &run)).unwrap();
    match (&profiled, &again) {
        (Ok(profiled), Ok(again)) => {
            let written = json(profiled);
            assert_eq!(written, json(again));
            assert_eq!(json(&Profile::from_json(&written).unwrap()), written);
            assert_exact(profiled, &report);
        }
        (Err(profiled), Err(again)) => assert_eq!(profiled.to_string(), again.to_string()),
        _ => panic!("{profiled:?} {again:?}"),
    }
    profiled
}

fn json(profile: &Profile) -> String {
    serde_json::to_string(profile).unwrap()
}

#[track_caller]
fn assert_exact(profile: &Profile, report: &Report) {
    let mut expected = report.clone();
    expected.durations = profile.report.durations;
    assert_eq!(profile.report, expected);
    let whole = report.fuel.consumed();
    let sum = |fuel: &mut dyn Iterator<Item = u64>| fuel.sum::<u64>();
    assert_eq!(
        sum(&mut profile.functions.iter().map(|f| f.own_fuel)),
        whole
    );
    assert_eq!(sum(&mut profile.nodes.iter().map(|n| n.own_fuel)), whole);
    let calls = sum(&mut profile.nodes.iter().map(|n| n.calls));
    assert_eq!(sum(&mut profile.functions.iter().map(|f| f.calls)), calls);
    let [instantiation, run, post_return] = &profile.functions[..3] else {
        panic!("{:?}", profile.functions)
    };
    assert_eq!(instantiation.total_fuel, report.fuel.instantiation);
    assert_eq!(run.total_fuel, report.fuel.guest + report.fuel.host_calls);
    assert_eq!(post_return.name, "[post-return]");
    for (index, node) in profile.nodes.iter().enumerate() {
        assert!(node.parent.is_none_or(|parent| (parent as usize) < index));
    }
    for function in &profile.functions {
        assert!(function.own_fuel <= function.total_fuel && function.total_fuel <= whole);
    }
}

fn all_guests() -> Vec<String> {
    let folder = guest("hello-world");
    let entries = fs::read_dir(folder.parent().unwrap()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn every_guest_has_an_exact_profile_or_says_why_it_has_none() {
    let policy = policy_of_cases();
    let host = Host::builder()
        .slots(1)
        .cache(cache())
        .policy(policy)
        .build()
        .unwrap();
    let run = || Run::new().fuel(3_000_000).stdin(Vec::new());
    // CPython takes a minute to compile here. Its cases have profiles too.
    let guests = all_guests().into_iter();
    for name in guests.filter(|name| name != "uncaught-python") {
        let expected = match &*name {
            "container-numbers" | "duty-rates" | "faulty-part" => {
                "export `run` is missing, expected `func() -> result<string, string>`"
            }
            // The library offers no models, no data and no events: the program does.
            "asks-for-ai" | "incident-classifier" => {
                "not offered by this host: `fractal:app/ai-embeddings@0.1.0`, `fractal:app/ai-classify@0.1.0`"
            }
            "change-monitor" | "gap-analyser" => {
                "not offered by this host: `fractal:app/data-query@0.1.0`, `fractal:app/data-mutate@0.1.0`, \
                 `fractal:app/events-emit@0.1.0`"
            }
            "deadline-keeper" => {
                "not offered by this host: `fractal:app/data-query@0.1.0`, `fractal:app/data-mutate@0.1.0`, \
                 `fractal:app/events-emit@0.1.0`, `fractal:app/events-schedule@0.1.0`"
            }
            "hostile-events" => {
                "not offered by this host: `fractal:app/events-emit@0.1.0`, `fractal:app/events-schedule@0.1.0`"
            }
            "consignment-intake" => "not offered by this host: `fractal:app/data-mutate@0.1.0`",
            "emission-report" | "hostile-queries" | "obligation-search" | "permit-register" => {
                "not offered by this host: `fractal:app/data-query@0.1.0`, `fractal:app/data-mutate@0.1.0`"
            }
            "field-research" => {
                "not offered by this host: `fractal:app/data-query@0.1.0`, `fractal:app/data-mutate@0.1.0`, \
                 `fractal:app/ai-embeddings@0.1.0`"
            }
            "rules-checker" | "sampling-plan" | "shipment-screening" => {
                "not offered by this host: `fractal:app/data-query@0.1.0`"
            }
            "hostile-prompts" => {
                "not offered by this host: `fractal:app/ai-embeddings@0.1.0`, `fractal:app/ai-classify@0.1.0`, \
                 `fractal:app/ai-inference@0.1.0`"
            }
            "provision-polisher" => {
                "not offered by this host: `fractal:app/data-query@0.1.0`, `fractal:app/data-mutate@0.1.0`, \
                 `fractal:app/ai-embeddings@0.1.0`, `fractal:app/ai-inference@0.1.0`"
            }
            "deep-recursion" => {
                "a run that ends in `stack-overflow` does not repeat, so its fuel has no profile"
            }
            _ => "",
        };
        let run = match &*name {
            "part-faults" => run().arg("take"),
            _ => run(),
        };
        match profile(&host, &guest_bytes(&name), run) {
            Ok(profile) => {
                assert_eq!(expected, "", "{name}");
                assert!(profile.nodes.len() > 2, "{name}");
            }
            Err(error) => assert_eq!(error.to_string(), expected, "{name}"),
        }
    }
}

#[test]
fn guests_that_were_given_something_or_end_in_another_way_are_profiled_too() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let cases = workspace().join("tests/cases");
    let text = fs::read(cases.join("duty-finder/29-cfr-1910.157.txt")).unwrap();
    let data = DirGrant {
        host: cases.join("granted-inputs/data"),
        guest: "/data".to_owned(),
        writable: false,
    };
    let runs = [
        ("duty-finder", Run::new().stdin(text), "completed"),
        (
            "kernels",
            Run::new().arg("parse").fuel(10_000_000),
            "out-of-fuel",
        ),
        ("exits", Run::new().arg("success"), "trap"),
        ("panics", Run::new(), "trap"),
        ("guest-error", Run::new(), "guest-error"),
        ("memory-bomb", Run::new(), "memory-limit"),
        ("audit-flood", Run::new(), "quota-exceeded"),
        ("huge-entry", Run::new(), "quota-exceeded"),
        (
            "granted-inputs",
            Run::new().dir(data).env("SITE", "seven").arg("zwei Wörter"),
            "completed",
        ),
    ];
    for (name, run, outcome) in runs {
        let profile = profile(&host, &guest_bytes(name), run).unwrap();
        assert_eq!(profile.report.outcome.kind(), outcome, "{name}");
    }
}

#[test]
fn a_fixture_is_profiled_or_refused_as_it_is_run_or_refused() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let (mut profiled, mut refused) = (0, 0);
    for folder in ["malformed", "hostile"] {
        for entry in fs::read_dir(workspace().join("tests/fixtures").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = match path.extension().unwrap().to_str() {
                Some("wat") => wat::parse_file(&path).unwrap(),
                Some("toml") => continue,
                _ => fs::read(&path).unwrap(),
            };
            let found = profile(&host, &bytes, Run::new().fuel(100_000));
            match (host.load(&bytes), found) {
                (Ok(_), Ok(_)) => profiled += 1,
                (Err(LoadError::Refused(a)), Err(ProfileError::Load(LoadError::Refused(b)))) => {
                    assert_eq!(a, b);
                    refused += 1;
                }
                (_, found) => panic!("{}: {found:?}", path.display()),
            }
        }
    }
    assert!(profiled > 10 && refused > 5, "{profiled} {refused}");
}

/// A processor's trap stops a function before it has stored its count, and the hooks store more often.
#[test]
fn whatever_stops_a_function_the_parts_sum_to_what_the_run_says() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let items = r#"
        (table 2 funcref) (elem (i32.const 1) $void)
        (type $number (func (result i32)))
        (func $void) (func $work (drop (i32.add (i32.const 1) (i32.const 2))))
        (func $inner END) (func $after (call $work) END) (func $told (call $record) END)
        (func $deep (param i32) (if (i32.eqz (local.get 0)) (then END))
            (call $deep (i32.sub (local.get 0) (i32.const 1))))"#;
    let ends = [
        ("unreachable", true),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", false),
        (
            "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
            false,
        ),
        ("(drop (i32.load (i32.const 0x7fffffff)))", false),
        ("(drop (i32.load offset=0xfffffff0 (i32.const 0)))", false),
        (
            "(memory.fill (i32.const 0) (i32.const 1) (i32.const 100000))",
            false,
        ),
        ("(drop (i32.trunc_f32_s (f32.const nan)))", false),
        ("(drop (call_indirect (type $number) (i32.const 0)))", false),
        ("(drop (call_indirect (type $number) (i32.const 1)))", false),
        ("(drop (call_indirect (type $number) (i32.const 9)))", false),
        ("(drop (memory.grow (i32.const 10000)))", false),
        ("(loop $again (br $again))", true),
        ("(loop $again (call $record) (br $again))", true),
    ];
    for (end, exact) in ends {
        let items = items.replace("END", end);
        for body in [
            end,
            "(call $inner)",
            "(call $after)",
            "(call $told)",
            "(call $work) (call $inner)",
            "(call $deep (i32.const 1000))",
        ] {
            let run = Run::new().memory_bytes(1 << 20).fuel(4_000_000);
            let profile = profile(&host, &component(&items, body), run).unwrap();
            let certainty = profile.report.fuel.certainty;
            assert_eq!(certainty == Certainty::Exact, exact, "{end} {body}");
        }
    }
}

#[test]
fn a_budget_strikes_where_it_does_without_hooks_whatever_it_is() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let items = r#"
        (func $leaf) (func $three (drop (i32.const 1)) (drop (i32.const 2)))
        (func $loops (param i32)
            (loop $again (call $leaf) (call $three)
                (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $again (local.get 0))))
        (func $idles (param i32)
            (loop $again
                (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $again (local.get 0))))
        (start $three)"#;
    let straight = "(drop (i32.add (i32.const 1) (i32.const 2)))".repeat(5);
    let bodies = [
        "(call $loops (i32.const 4)) (call $record)".to_owned(),
        "(call $idles (i32.const 5)) (call $leaf) (call $idles (i32.const 5))".to_owned(),
        format!("{straight} (call $record) {straight} (call $leaf) (call $record) {straight}"),
        format!("(call $leaf) {straight} unreachable"),
    ];
    for body in &bodies {
        let app = host.load_profiled(&component(items, body)).unwrap();
        let at = |fuel| {
            let run = Run::new().fuel(fuel).deterministic();
            let report = RUNTIME.block_on(host.run(app.app(), &run)).unwrap();
            let profile = RUNTIME.block_on(host.profile(&app, &run)).unwrap();
            assert_exact(&profile, &report);
            profile
        };
        let whole = at(10_000).report.fuel.consumed();
        for budget in 0..=whole + 4 {
            let profile = at(budget);
            let enough = budget > whole || body.ends_with("unreachable");
            let ran_out = profile.report.outcome == Outcome::OutOfFuel;
            assert!(enough || ran_out, "{budget} of {whole}");
        }
        at(u64::MAX);
    }
}

#[test]
fn a_component_whose_functions_cannot_be_followed_says_so() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let nested = wat::parse_str(
        r#"(component
            (component $inner
                (core module $m (memory (export "memory") 1)
                    (func (export "run") (result i32) i32.const 16))
                (core instance $i (instantiate $m))
                (func (export "run") (result (result string (error string)))
                    (canon lift (core func $i "run") (memory $i "memory"))))
            (component $other
                (import "part" (component $part
                    (export "run" (func (result (result string (error string)))))))
                (instance $part (instantiate $part))
                (export "run" (func $part "run")))
            (instance $other (instantiate $other (with "part" (component $inner))))
            (export "run" (func $other "run")))"#,
    )
    .unwrap();
    assert!(host.load(&nested).is_ok());
    let error = profile(&host, &nested, Run::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot be profiled: a component nested in the component is handed on to others, expected it to be \
         instantiated where it stands"
    );
}

/// A table contains functions with hooks, which must not be called while the component may not call the host.
#[test]
fn an_allocator_behind_a_table_is_seen_to_end_otherwise() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let text = |realloc: &str| {
        format!(
            r#"(component
                (import "wasi:cli/environment@0.2.0" (instance $environment
                    (export "get-arguments" (func (result (list string))))))
                (core module $lib (memory (export "memory") 1)
                    (type $alloc (func (result i32)))
                    (table 1 funcref) (elem (i32.const 0) $alloc)
                    (func $alloc (type $alloc) i32.const 1024)
                    (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc}))
                (core instance $lib (instantiate $lib))
                (core func $args (canon lower (func $environment "get-arguments")
                    (memory $lib "memory") (realloc (func $lib "realloc"))))
                (core module $m (import "host" "args" (func $args (param i32)))
                    (func (export "run") (result i32) (call $args (i32.const 512)) i32.const 16))
                (core instance $i (instantiate $m (with "host" (instance
                    (export "args" (func $args))))))
                (func (export "run") (result (result string (error string)))
                    (canon lift (core func $i "run") (memory $lib "memory"))))"#
        )
    };
    let profiled = |realloc| {
        let bytes = wat::parse_str(text(realloc)).unwrap();
        profile(&host, &bytes, Run::new().arg("one"))
    };
    assert!(profiled("call $alloc").is_ok());
    let error = profiled("(call_indirect (type $alloc) (i32.const 0))").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the profiled run differs from the run itself in its outcome: `trap`, expected `completed`"
    );
}

#[test]
fn no_component_is_offered_the_hooks() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let twin = fractalaw_instrument::instrument(&guest_bytes("hello-world")).unwrap();
    let Err(LoadError::Refused(refusal)) = host.load(&twin.bytes) else {
        panic!("a twin is no micro-app")
    };
    assert_eq!(
        refusal.to_string(),
        "not offered by this host: `fractal:profile/hooks`"
    );
}

#[test]
fn a_run_that_differs_from_time_to_time_says_in_what() {
    let host = Host::builder().slots(1).cache(cache()).build().unwrap();
    let app = host.load_profiled(&guest_bytes("time-and-chance")).unwrap();
    let error = RUNTIME
        .block_on(host.profile(&app, &Run::new().tier(Tier::Heavy)))
        .unwrap_err();
    assert!(matches!(error, ProfileError::Differs { .. }), "{error}");
    assert!(error.hint().is_some());
}
