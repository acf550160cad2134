//! The first end-to-end run, in both ways.

use fractalaw_host::{Certainty, Host, Outcome, Report, Run};

use crate::components::{RUNTIME, guest};

const HELLO: &str = "Hello from the first Fractalaw micro-app!";

fn first_run() -> Report {
    let host = Host::builder().slots(1).build().unwrap();
    let app = host.load_file(guest("hello-world")).unwrap();
    RUNTIME
        .block_on(host.run(&app, &Run::new().deterministic()))
        .unwrap()
}

#[test]
fn run_returns_ok_with_the_greeting() {
    assert_eq!(first_run().outcome, Outcome::Completed(HELLO.to_owned()));
}

#[test]
fn exactly_one_audit_entry_is_recorded() {
    let report = first_run();
    let [entry] = &report.audit[..] else {
        panic!("{} entries", report.audit.len())
    };
    assert_eq!(entry.sequence, 1);
    assert_eq!(entry.time_unix_ns, 1_735_689_600_000_000_000);
    assert_eq!(entry.event_type, "app-started");
    assert_eq!(entry.resource, "hello-world");
    assert_eq!(entry.detail, "Bootstrap test — first micro-app execution");
}

#[test]
fn fuel_is_used_and_stays_within_the_budget() {
    let fuel = first_run().fuel;
    assert_eq!(fuel.budget, 100_000_000);
    assert_eq!(fuel.certainty, Certainty::Exact);
    assert!(0 < fuel.guest && fuel.consumed() < fuel.budget, "{fuel:?}");
}

#[test]
fn the_text_is_the_one_that_the_readme_promises() {
    let report = first_run();
    let fuel = report.fuel;
    let promised = format!(
        "{HELLO}\n\n--- Audit Trail (1 entries) ---\n  [app-started] hello-world — Bootstrap test — \
         first micro-app execution\nFuel: {},{:03} consumed of 100,000,000 (instantiation {}, guest {},{:03}, host calls {},{:03})\n",
        fuel.consumed() / 1000,
        fuel.consumed() % 1000,
        fuel.instantiation,
        fuel.guest / 1000,
        fuel.guest % 1000,
        fuel.host_calls / 1000,
        fuel.host_calls % 1000,
    );
    assert_eq!(report.text(), promised);
}

#[test]
fn the_call_for_embedders_in_a_hurry_gives_the_same_outcome() {
    let report = fractalaw_host::run_component(guest("hello-world")).unwrap();
    assert_eq!(report.outcome, Outcome::Completed(HELLO.to_owned()));
    assert_eq!(report.audit.len(), 1);
}

#[test]
fn the_component_says_what_it_is() {
    let host = Host::builder().slots(1).build().unwrap();
    let app = host.load_file(guest("hello-world")).unwrap();
    assert_eq!(
        (app.name(), app.version()),
        (Some("hello-world"), Some("0.1.0"))
    );
    assert_eq!(app.manifest().tier, fractalaw_host::Tier::Lightweight);
    assert_eq!(app.digest().len(), 64);
}
