//! Timers, alone and beside what is ready at once.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wasip2::cli::stdout;
use wasip2::clocks::monotonic_clock::{now, subscribe_duration, subscribe_instant};
use wasip2::io::poll::poll;

use crate::fractal::app::audit_log::{AuditEntry, record_event};

const MS: u64 = 1_000_000;

/// What [`all`] waits for: so long that no machine needs as much for the work itself, so that a deadline between two
/// waits is reached by waiting alone.
const S: u64 = 1_000 * MS;

/// What it is called, and what it says.
type Way = (&'static str, fn() -> String);

/// Each way to wait, and by how much it moves the clock.
pub(crate) fn all() -> Vec<String> {
    let ways: [Way; 9] = [
        ("asking a timer of 2 s until it is ready", asking),
        ("waiting for a timer of 3 s", || {
            subscribe_duration(3 * S).block();
            "done".to_owned()
        }),
        ("the earlier of two timers", || {
            format!(
                "{:?}",
                poll(&[&subscribe_duration(9 * S), &subscribe_duration(5 * S)])
            )
        }),
        ("two timers of one time, and a later one", || {
            let due = now() + 7 * S;
            let timers = [due, due + 1, due].map(subscribe_instant);
            format!("{:?}", poll(&[&timers[0], &timers[1], &timers[2]]))
        }),
        ("a time that is past, and a timer", || {
            format!(
                "{:?}",
                poll(&[&subscribe_instant(1), &subscribe_duration(S)])
            )
        }),
        ("a timer, and a stream that is ready", || {
            let out = stdout::get_stdout();
            format!("{:?}", poll(&[&subscribe_duration(S), &out.subscribe()]))
        }),
        ("one timer twice", || {
            let timer = subscribe_duration(11 * S);
            format!("{:?}, then {:?}", poll(&[&timer, &timer]), poll(&[&timer]))
        }),
        ("sleeping for 13 s", sleeping),
        ("sleeping for nothing", || {
            thread::sleep(Duration::ZERO);
            "slept".to_owned()
        }),
    ];
    ways.map(|(way, wait)| {
        let (monotonic, wall) = (now(), unix());
        let saw = wait();
        let (monotonic, wall) = (now() - monotonic, unix() - wall);
        record_event(&AuditEntry {
            event_type: "waited".into(),
            resource: way.into(),
            detail: saw.clone(),
        });
        format!(
            "{way}: {saw}; {monotonic} ns, by the wall clock {} ns",
            wall.as_nanos()
        )
    })
    .into()
}

fn asking() -> String {
    let timer = subscribe_duration(2 * S);
    let mut asked = 1;
    while !timer.ready() {
        asked += 1;
    }
    format!("asked {asked} times")
}

fn sleeping() -> String {
    let start = Instant::now();
    thread::sleep(Duration::from_secs(13));
    format!("{:?}", start.elapsed())
}

fn unix() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is after 1970")
}

/// So many timers, all waited for at once.
pub(crate) fn timers(count: u64) -> Vec<String> {
    let timers: Vec<_> = (1..=count).map(|ms| subscribe_duration(ms * MS)).collect();
    let timers: Vec<_> = timers.iter().collect();
    vec![format!("{count} timers, ready {:?}", poll(&timers))]
}

/// One timer, so many times in one list.
pub(crate) fn one_timer(count: u64) -> Vec<String> {
    let timer = subscribe_duration(MS);
    let list: Vec<_> = (0..count).map(|_| &timer).collect();
    vec![format!("{} of {count} ready", poll(&list).len())]
}
