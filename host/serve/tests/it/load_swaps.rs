//! Versions take each other's place under load.
//!
//! `FRACTALAW_TEST_SWAPS` sets how often.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use fractalaw_serve::request::Request;

use crate::lab::*;
use crate::ledger::Book;

fn swaps() -> u32 {
    std::env::var("FRACTALAW_TEST_SWAPS").map_or(12, |text| text.parse().unwrap())
}

#[test]
fn no_delivery_is_missing_and_a_bad_version_rolls_back_by_itself() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\nretry = 1\n");
    site.write("a.wasm", &app(0, ""));
    let running = site.start();
    let stop = Arc::new(AtomicBool::new(false));
    let sender = {
        let (stop, supervisor) = (Arc::clone(&stop), running.supervisor.clone());
        thread::spawn(move || {
            let mut events = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let taken = supervisor.emit("go", "test", Vec::new()).unwrap();
                assert_eq!(taken.deliveries, 1);
                events.push(taken.event.0);
            }
            events
        })
    };
    let reload = || {
        running.ask(Request::Reload {
            app: Some("a".to_owned()),
        })
    };
    let mut good = BTreeSet::from([running.digest("a")]);
    let mut bad = BTreeSet::new();
    for swap in 1..=swaps() {
        let is_bad = swap % 10 == 5;
        let body = if is_bad { TRAP } else { "" };
        site.write("a.wasm", &app(swap, body));
        reload().unwrap();
        if !is_bad {
            good.insert(running.digest("a"));
            continue;
        }
        // Events go on, so three of its first five runs trap.
        until("the end of the trial", || {
            running.app("a").bad.len() > bad.len()
        });
        bad.extend(running.app("a").bad);
        assert!(good.contains(&running.digest("a")));
    }
    stop.store(true, Ordering::Relaxed);
    let events = sender.join().unwrap();
    until("the end of all deliveries", || {
        let left = running.left();
        assert!(left.iter().all(|row| !row.contains("held")));
        left.is_empty()
    });
    running.stop();
    let book = Book::read(&site.file("audit.ledger"));
    book.check();
    for event in &events {
        assert_eq!(book.completed(&format!("event:{event}:a")), 1, "{event}");
    }
    let ran: BTreeSet<_> = book.digests.keys().cloned().collect();
    assert!(
        ran.iter()
            .all(|digest| good.contains(digest) || bad.contains(digest))
    );
    let why = |wanted: &str| {
        let swaps = book.swaps.iter();
        swaps.filter(|(_, _, why)| why == wanted).count()
    };
    let files = swaps() as usize + 1;
    assert_eq!((why("file"), why("rolled-back")), (files, bad.len()));
    eprintln!(
        "{} swaps: {} events, {} runs, {} versions ran, {} bad",
        swaps(),
        events.len(),
        book.digests.values().sum::<u64>(),
        ran.len(),
        bad.len()
    );
}
