//! A supervisor with real guests is killed under load, again and again.
//!
//! `FRACTALAW_TEST_KILLS` sets how often.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use fractalaw_serve::request::{Answer, DeliveryRow, Emitted, Request};
use fractalaw_serve::{Folder, ask};
use fractalaw_testing::{guest_bytes, with_manifest};

use crate::guests::{Does, guest};
use crate::lab::*;
use crate::ledger::Book;
use crate::process::Process;

/// `watch` emits `next` for each `go`, and `analyse`, a guest in Rust, runs for each `next`.
const APPS: &str = "[apps.watch]\nsource = \"watch.wasm\"\nretry = 100\n[apps.analyse]\nsource = \"analyse.wasm\"\nretry = 100\n";

const POLICY: &str = "[all]\ninterfaces.\"fractal:app/events-emit\" = true\ninterfaces.\"fractal:app/events-schedule\" = true\n\
    on.go = true\non.next = true\nemits.next = true\n";

pub(crate) fn kills() -> u64 {
    std::env::var("FRACTALAW_TEST_KILLS").map_or(6, |text| text.parse().unwrap())
}

/// A number below `most`. The sequence is the same each time.
fn random(seed: u64, most: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) % most
}

/// Waits for up to so many microseconds. To the microsecond: a sleeping thread wakes up later than that.
pub(crate) fn spin_at_random(seed: u64, most_us: u64) {
    let (begin, delay) = (Instant::now(), random(seed + 1000, most_us));
    while begin.elapsed() < Duration::from_micros(delay) {
        std::hint::spin_loop();
    }
}

fn site() -> Site {
    let site = Site::new(APPS);
    site.write("policy.toml", POLICY.as_bytes());
    let watch = guest(
        "watch",
        [&["go"], &["next"], &[]],
        &[Does::Emit("next", "duty 7")],
    );
    site.write("watch.wasm", &watch);
    let analyse = with_manifest(&guest_bytes("hello-world"), &manifest(&["next"]));
    site.write("analyse.wasm", &analyse);
    site
}

/// Sends an event. `None` if nobody has acknowledged it.
pub(crate) fn emit(folder: &Path, event_type: &str) -> Option<u64> {
    let request = Request::Emit {
        event_type: event_type.to_owned(),
        payload: b"42 rows".to_vec(),
        wait: false,
    };
    match ask(&Folder::of(folder), &request) {
        Ok(Some(Answer::Done(value))) => {
            let emitted: Emitted = serde_json::from_value(value).unwrap();
            assert_eq!(emitted.deliveries, 1);
            Some(emitted.event)
        }
        _ => None,
    }
}

pub(crate) fn answer(folder: &Path, request: Request) -> serde_json::Value {
    match ask(&Folder::of(folder), &request).unwrap() {
        Some(Answer::Done(value)) => value,
        other => panic!("{other:?}"),
    }
}

/// Waits until nothing is left. What waits for its next attempt is tried at once.
pub(crate) fn idle(folder: &Path) {
    until("the end of all deliveries", || {
        let rows = answer(
            folder,
            Request::Deliveries {
                dead: false,
                after: 0,
            },
        );
        let rows: Vec<DeliveryRow> = serde_json::from_value(rows).unwrap();
        for row in &rows {
            assert_ne!(row.state, "dead", "{row:?}");
            if row.state == "waiting" {
                let delivery = Some(row.delivery);
                // It may run by now.
                let _ = ask(&Folder::of(folder), &Request::Retry { delivery });
            }
        }
        rows.is_empty()
    });
}

#[test]
fn each_delivery_completes_exactly_once_however_often_the_supervisor_is_killed() {
    let site = site();
    // The first start compiles.
    let process = Process::start(site.path());
    until("the first versions", || {
        let apps = answer(site.path(), Request::Apps);
        let mut apps = apps.as_array().unwrap().iter();
        apps.all(|app| !app["digest"].is_null())
    });
    process.signal("TERM");
    process.end();
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    for kill in 0..kills() {
        let process = Process::start(site.path());
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let (stop, acknowledged) = (Arc::clone(&stop), Arc::clone(&acknowledged));
                let folder = site.path().to_owned();
                thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        if let Some(event) = emit(&folder, "go") {
                            acknowledged.lock().unwrap().push(event);
                        }
                    }
                })
            })
            .collect();
        let before = acknowledged.lock().unwrap().len();
        let enough = before + 1 + random(kill, 20) as usize;
        until("enough events", || {
            acknowledged.lock().unwrap().len() >= enough
        });
        spin_at_random(kill, 30_000);
        process.signal("KILL");
        process.end();
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.join().unwrap();
        }
    }
    let process = Process::start(site.path());
    idle(site.path());
    process.signal("TERM");
    assert_eq!(process.end(), Some(0));

    let book = Book::read(&site.file("audit.ledger"));
    book.check();
    let acknowledged = acknowledged.lock().unwrap();
    for event in acknowledged.iter() {
        assert_eq!(
            book.completed(&format!("event:{event}:watch")),
            1,
            "{event}"
        );
    }
    let next = &book.emitted["next"];
    for event in next {
        assert_eq!(
            book.completed(&format!("event:{event}:analyse")),
            1,
            "{event}"
        );
    }
    let outcomes: Vec<_> = book.runs.values().flatten().collect();
    let count = |wanted: &str| {
        outcomes
            .iter()
            .filter(|outcome| ***outcome == *wanted)
            .count()
    };
    eprintln!(
        "{} kills: {} events acknowledged, {} completed, {} cut off",
        kills(),
        acknowledged.len(),
        count("completed"),
        count("cut-off")
    );
    assert_eq!(count("completed") + count("cut-off"), outcomes.len());
    assert!(next.len() >= acknowledged.len());
}
