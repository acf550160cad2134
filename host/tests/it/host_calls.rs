//! Host calls are charged before they do anything, counted, and traced to the unit.

use fractalaw_host::{Certainty, Host, HostCall, Outcome, Report, Run};

use crate::components::{component, guest_bytes, run};
use crate::interfaces::with_random;

const AUDIT: &str = "fractal:app/audit-log@0.1.0";

/// What an audit entry costs on paper.
const BASE: u64 = 1_000;
const PER_BYTE: u64 = 2;

/// Entering `run`, calling `$record` and entering it, its six constants and its call.
const BEFORE_THE_CALL: u64 = 1 + CALL + 1 + 6 + CALL;

/// What a call of a function costs.
const CALL: u64 = 4;

fn host() -> Host {
    Host::builder().slots(1).build().unwrap()
}

/// `[budget, instantiation, guest, host calls]` sum as they should.
fn sums(report: &Report) {
    let fuel = report.fuel;
    let calls: u64 = report.host_calls.iter().map(|calls| calls.fuel).sum();
    assert_eq!(calls, fuel.host_calls);
    if let Some(trace) = &report.trace {
        let traced: u64 = trace.calls.iter().map(|call| call.fuel).sum();
        assert_eq!(traced, fuel.host_calls);
    }
}

#[test]
fn an_entry_costs_its_base_and_its_bytes_and_carries_its_place() {
    let report = run(&host(), &guest_bytes("hello-world"), Run::new().trace());
    sums(&report);
    let [entry] = &report.audit[..] else {
        panic!("{:?}", report.audit)
    };
    let bytes = (entry.event_type.len() + entry.resource.len() + entry.detail.len()) as u64;
    let price = BASE + PER_BYTE * bytes;
    let [calls] = &report.host_calls[..] else {
        panic!("{:?}", report.host_calls)
    };
    assert_eq!((calls.interface, calls.function), (AUDIT, "record-event"));
    assert_eq!(
        (calls.calls, calls.bytes_in, calls.bytes_out, calls.fuel),
        (1, bytes, 0, price)
    );
    let expected = HostCall {
        sequence: 1,
        interface: AUDIT,
        function: "record-event",
        at: entry.fuel,
        bytes_in: bytes,
        bytes_out: 0,
        fuel: price,
    };
    assert_eq!(report.trace.unwrap().calls, [expected]);
}

#[test]
fn places_on_the_fuel_axis_are_those_on_paper() {
    let report = run(
        &host(),
        &component("", "(call $record) (call $record)"),
        Run::new().trace(),
    );
    sums(&report);
    let places: Vec<u64> = report.audit.iter().map(|entry| entry.fuel).collect();
    let second = BEFORE_THE_CALL + BASE + (BEFORE_THE_CALL - 1);
    assert_eq!(places, [BEFORE_THE_CALL, second]);
}

#[test]
fn a_call_that_cannot_be_paid_leaves_no_trace_in_the_trail() {
    let host = host();
    let two = component("", "(call $record) (call $record)");
    let enough_for_one = 2 * BEFORE_THE_CALL + BASE;
    for (budget, entries) in [
        (BEFORE_THE_CALL, 0),
        (BEFORE_THE_CALL + BASE - 1, 0),
        // All that is left is not enough: a run has to have some to spare.
        (BEFORE_THE_CALL + BASE, 0),
        (BEFORE_THE_CALL + BASE + 1, 1),
        (enough_for_one, 1),
        (enough_for_one + BASE - 2, 1),
        (enough_for_one + BASE, 2),
    ] {
        let report = run(&host, &two, Run::new().fuel(budget).trace());
        sums(&report);
        assert_eq!(report.outcome, Outcome::OutOfFuel, "{budget}");
        assert_eq!(report.fuel.certainty, Certainty::Exact, "{budget}");
        assert_eq!(report.fuel.consumed(), budget);
        assert_eq!(report.audit.len(), entries, "{budget}");
    }
}

#[test]
fn what_is_asked_for_is_charged_whether_or_not_it_is_given() {
    let host = host();
    // A thousand times more random bytes than the budget pays for.
    let asks = with_random("(call $random (i64.const 1000000) (i32.const 8))");
    let report = run(&host, &asks, Run::new().fuel(10_000).trace());
    sums(&report);
    assert_eq!(report.outcome, Outcome::OutOfFuel);
    let [call] = &report.trace.unwrap().calls[..] else {
        panic!("one call")
    };
    assert_eq!(call.function, "get-random-bytes");
    assert_eq!((call.bytes_out, call.at + call.fuel), (0, 10_000));
}
