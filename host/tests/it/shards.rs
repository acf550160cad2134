//! Threads that run guests at the same time get engines of their own. Nothing else tells.

use std::pin::pin;
use std::sync::Barrier;
use std::time::Duration;

use fractalaw_host::{Host, HostBuilder, MicroApp, Report, Run};

use crate::components::{RUNTIME, component, guest_bytes};

/// The runs of each thread. Each meets the other thread in its shard, until one of them has moved.
const RUNS: u32 = 40;

fn run(host: &Host, app: &MicroApp, run: &Run) -> Report {
    RUNTIME.block_on(host.run(app, run)).unwrap()
}

/// A report without its durations.
fn text(mut report: Report) -> String {
    report.durations = Default::default();
    report.json()
}

/// Two threads run a guest in turn, while another guest waits in the first shard. Then each does its last work.
fn in_turn<T: Send>(host: &Host, last: impl Fn() -> T + Sync) -> [T; 2] {
    let app = host.load(&component("", "")).unwrap();
    let sleeper = host.load(&guest_bytes("sleeper")).unwrap();
    let long = Run::new().deadline(Duration::from_secs(7_200));
    let mut waits = pin!(host.run(&sleeper, &long));
    RUNTIME.block_on(async {
        tokio::select! {
            biased;
            _ = &mut waits => panic!("it sleeps for an hour"),
            () = std::future::ready(()) => {}
        }
    });
    let turn = Barrier::new(2);
    let work = |first: bool| {
        for _ in 0..RUNS {
            for mine in [first, !first] {
                if mine {
                    run(host, &app, &Run::new());
                }
                turn.wait();
            }
        }
        last()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| work(false));
        let this = work(true);
        [this, other.join().unwrap()]
    })
}

fn shards_of(builder: HostBuilder) -> usize {
    let host = builder.build().unwrap();
    in_turn(&host, || ());
    host.shards()
}

#[test]
fn a_second_thread_gets_an_engine_if_there_may_be_more_than_one() {
    use fractalaw_host::Reuse;
    for (builder, expected) in [
        (Host::builder().slots(4).shards(1), 1),
        (Host::builder().slots(4).shards(2), 2),
        (Host::builder().slots(4).shards(99), 2),
        (Host::builder().slots(4).shards(2).reuse(Reuse::Any), 1),
        (Host::builder().slots(99).shards(2).reuse(Reuse::Never), 1),
    ] {
        let name = format!("{builder:?}");
        assert_eq!(shards_of(builder), expected, "{name}");
    }
}

#[test]
fn one_thread_keeps_one_engine_however_many_runs_it_has_at_once() {
    let host = Host::builder().slots(8).shards(8).build().unwrap();
    let app = host
        .load(&component("", "(loop $again (br $again))"))
        .unwrap();
    let endless = Run::new()
        .fuel(u64::MAX)
        .deadline(Duration::from_millis(60));
    let one = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    one.block_on(async {
        let run = || async { host.run(&app, &endless).await.unwrap().outcome.kind() };
        for _ in 0..8 {
            let ended = tokio::join!(run(), run(), run(), run(), run(), run(), run(), run());
            assert_eq!(ended.0, "deadline-exceeded");
        }
    });
    assert_eq!(host.shards(), 1);
}

/// What ends well and what traps, with its backtrace, and what runs out of fuel. Deadlines are seen in all engines.
#[test]
fn a_report_is_the_same_in_each_engine() {
    let host = Host::builder().slots(4).shards(2).build().unwrap();
    let guests = [
        "hello-world",
        "panics",
        "ordered-entries",
        "fuel-hog",
        "guest-error",
    ];
    let apps = guests.map(|guest| host.load(&guest_bytes(guest)).unwrap());
    let endless = host
        .load(&component("", "(loop $again (br $again))"))
        .unwrap();
    let profiled = host.load_profiled(&guest_bytes("hello-world")).unwrap();
    let reports = || {
        let request = Run::new().deterministic();
        let mut reports: Vec<_> = apps
            .iter()
            .map(|app| text(run(&host, app, &request)))
            .collect();
        let brief = Run::new()
            .fuel(u64::MAX)
            .deadline(Duration::from_millis(20));
        reports.push(run(&host, &endless, &brief).outcome.kind().to_owned());
        // The twin has hooks, which only the first engine's linker has.
        let profile = RUNTIME.block_on(host.profile(&profiled, &request)).unwrap();
        reports.push(profile.report.fuel.consumed().to_string());
        reports
    };
    let alone = reports();
    assert_eq!(host.shards(), 1);
    let both = in_turn(&host, reports);
    assert_eq!(host.shards(), 2);
    assert_eq!(both, [alone.clone(), alone]);
}
