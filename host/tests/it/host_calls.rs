//! Host calls are charged before they do anything, counted, and traced to the unit.

use std::fs;
use std::os::unix::fs::MetadataExt;

use fractalaw_host::{Certainty, DirGrant, Host, HostCall, HostCalls, Outcome, Quota, Report, Run};
use tempfile::TempDir;

use crate::components::{component, guest_bytes, run};
use crate::interfaces::with_random;

const AUDIT: &str = "fractal:app/audit-log@0.1.0";

/// The cost of an audit entry on paper.
const BASE: u64 = 1_000;
const PER_BYTE: u64 = 2;

/// Entering `run`, calling `$record` and entering it, its six constants and its call.
const BEFORE_THE_CALL: u64 = 1 + CALL + 1 + 6 + CALL;

/// The cost of a call.
const CALL: u64 = 4;

fn host() -> Host {
    Host::builder().slots(1).build().unwrap()
}

/// Checks that `[budget, instantiation, guest, host calls]` sum as they should.
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
    assert_eq!(
        (&*calls.interface, &*calls.function),
        (AUDIT, "record-event")
    );
    assert_eq!(
        (calls.calls, calls.bytes_in, calls.bytes_out, calls.fuel),
        (1, bytes, 0, price)
    );
    let expected = HostCall {
        sequence: 1,
        interface: AUDIT.into(),
        function: "record-event".into(),
        at: entry.fuel,
        bytes_in: bytes,
        bytes_out: 0,
        fuel: price,
        facts: Vec::new(),
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
        // All that is left is not enough, because a run must have some to spare.
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

/// What the guest `host-calls` does this often in a folder, whose folder `many` has that many files.
fn in_folder(host: &Host, files: usize, what: &str, times: u32, run: Run) -> (Report, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("many")).unwrap();
    for number in 0..files {
        fs::write(folder.path().join(format!("many/{number:010}")), "").unwrap();
    }
    fs::write(folder.path().join("file"), [b'y'; 5_000]).unwrap();
    let run = run.arg(what).arg(times.to_string()).dir(DirGrant {
        host: folder.path().to_owned(),
        guest: "/".to_owned(),
        writable: true,
    });
    (self::run(host, &guest_bytes("host-calls"), run), folder)
}

fn calls_of<'a>(report: &'a Report, function: &str) -> &'a HostCalls {
    let found = report
        .host_calls
        .iter()
        .find(|calls| calls.function == function);
    found.unwrap_or_else(|| panic!("{function}: {:?}", report.host_calls))
}

/// The cost of a call on a file, and of each byte of it.
const FILE: u64 = 25_000;
const FILE_BYTE: u64 = 2;
/// The cost of each entry of a listing, and its memory besides its name.
const ENTRY: u64 = 2_000;
const ENTRY_BYTES: u64 = 64;

#[test]
fn a_listing_costs_by_its_entries_and_is_paid_before_it_is_held() {
    let (host, what) = (host(), "read-directory of many and drop");
    let function = "[method]descriptor.read-directory";
    for files in [0, 1, 499, 500, 501, 2_000] {
        let (report, _folder) = in_folder(&host, files, what, 3, Run::new());
        assert_eq!(report.outcome.kind(), "completed");
        sums(&report);
        let calls = calls_of(&report, function);
        // A handle in, a handle out.
        let price = FILE + FILE_BYTE * (4 + 4) + ENTRY * files as u64;
        assert_eq!((calls.calls, calls.fuel), (3, 3 * price), "{files}");
    }
    // With too little fuel it ends at the folder, even if the folder had no end.
    let (report, _folder) = in_folder(&host, 2_000, what, 1, Run::new().fuel(2_000_000));
    assert_eq!(report.outcome, Outcome::OutOfFuel);
    assert_eq!(report.fuel.certainty, Certainty::Exact);
    assert_eq!(report.fuel.consumed(), 2_000_000);
    sums(&report);
}

#[test]
fn what_listings_hold_of_the_hosts_memory_is_bounded_and_given_back() {
    let what = "read-directory of many and drop";
    let size = 1_000 * (ENTRY_BYTES + 10);
    for (limit, expected) in [
        (size, "completed"),
        (size - 1, "quota-exceeded"),
        (0, "quota-exceeded"),
    ] {
        let host = crate::grants::host(&format!("[all]\nquotas.host-memory = {limit}\n"));
        // Each is dropped before the next.
        let (report, _folder) = in_folder(&host, 1_000, what, 3, Run::new());
        assert_eq!(report.outcome.kind(), expected, "{limit}");
        if expected != "completed" {
            let quota = Quota::HOST_MEMORY;
            assert_eq!(report.outcome, Outcome::QuotaExceeded { quota, limit });
            assert_eq!(
                calls_of(&report, "[method]descriptor.read-directory").calls,
                1
            );
        }
    }
}

/// The file system decides which entries come first. That must not decide which limit is named.
#[test]
fn of_a_listing_that_is_past_two_bounds_fuel_is_named() {
    let what = "read-directory of many and drop";
    let host = crate::grants::host("[all]\nquotas.host-memory = 1000\n");
    let run = Run::new().fuel(2_000_000);
    let (report, _folder) = in_folder(&host, 2_000, what, 1, run.clone());
    assert_eq!(report.outcome, Outcome::OutOfFuel);
    assert_eq!(report.fuel.consumed(), 2_000_000);
    sums(&report);
    // With enough fuel, memory is named. All entries were read, and are charged; an answer that was not given is not.
    let (report, _folder) = in_folder(&host, 600, what, 1, run);
    let (quota, limit) = (Quota::HOST_MEMORY, 1_000);
    assert_eq!(report.outcome, Outcome::QuotaExceeded { quota, limit });
    let price = FILE + FILE_BYTE * 4 + 600 * ENTRY;
    assert_eq!(
        calls_of(&report, "[method]descriptor.read-directory").fuel,
        price
    );
    assert_eq!(report.fuel.certainty, Certainty::Exact);
    sums(&report);
}

#[test]
fn a_stream_of_a_file_costs_as_the_file_does() {
    for (what, function, bytes) in [
        (
            "read, 4 KiB of a file's stream",
            "[method]input-stream.blocking-read",
            4 + 8 + 4096,
        ),
        (
            "write, 1 byte to each block of a file",
            "[method]output-stream.blocking-write-and-flush",
            4 + 1,
        ),
    ] {
        let (report, _folder) = in_folder(&host(), 0, what, 7, Run::new());
        assert_eq!(report.outcome.kind(), "completed");
        sums(&report);
        let calls = calls_of(&report, function);
        assert_eq!((calls.calls, calls.fuel), (7, 7 * (FILE + bytes)), "{what}");
    }
}

/// Fuel bounds what a run can leave on a disk, even if each byte takes up a block.
#[test]
fn bytes_in_blocks_of_their_own_take_no_more_of_a_disk_than_the_fuel() {
    let fuel = 3_000_000;
    let what = "write, 1 byte to each block of a file";
    let (report, folder) = in_folder(&host(), 0, what, u32::MAX, Run::new().fuel(fuel));
    assert_eq!(report.outcome, Outcome::OutOfFuel);
    let written = calls_of(&report, "[method]output-stream.blocking-write-and-flush").calls - 1;
    let file = fs::metadata(folder.path().join("file")).unwrap();
    assert_eq!(file.len(), (written - 1) * 4096 + 1);
    assert!(file.blocks() * 512 <= fuel, "{} blocks", file.blocks());
    assert!(written * 4096 < fuel / 5, "{written} blocks");
}
