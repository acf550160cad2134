//! Nothing that a run leaves in memories or tables exists for the next run in its slot.

use fractalaw_host::{Host, MicroApp, Outcome, Run};

use crate::components::{RUNTIME, component};

/// The pages that both guests grow by, and the elements.
const PAGES: u32 = 200;
const ELEMENTS: u32 = 900;

/// Fills what it has and what it can get with a pattern.
fn writer() -> Vec<u8> {
    let end = (PAGES + 1) * 65_536;
    component(
        "(table $t 10 funcref) (func $f) (elem declare func $f)",
        &format!(
            "(drop (memory.grow (i32.const {PAGES})))
             (memory.fill (i32.const 64) (i32.const 0xa5) (i32.const {}))
             (drop (table.grow $t (ref.func $f) (i32.const {ELEMENTS})))
             (table.fill $t (i32.const 0) (ref.func $f) (i32.const 10))",
            end - 64
        ),
    )
}

/// Traps if it finds anything, such as what `items` put there.
fn seeker(items: &str) -> Vec<u8> {
    let end = (PAGES + 1) * 65_536;
    component(
        &format!("(table $t 10 funcref) (global $i (mut i32) (i32.const 0)) {items}"),
        &format!(
            "(drop (memory.grow (i32.const {PAGES})))
             (loop $bytes
                (if (i64.ne (i64.load (global.get $i)) (i64.const 0)) (then unreachable))
                (global.set $i (i32.add (global.get $i) (i32.const 8)))
                (br_if $bytes (i32.lt_u (global.get $i) (i32.const {end}))))
             (global.set $i (i32.const 0))
             (drop (table.grow $t (ref.null func) (i32.const {ELEMENTS})))
             (loop $elements
                (if (i32.eqz (ref.is_null (table.get $t (global.get $i)))) (then unreachable))
                (global.set $i (i32.add (global.get $i) (i32.const 1)))
                (br_if $elements (i32.lt_u (global.get $i) (i32.const {}))))",
            10 + ELEMENTS
        ),
    )
}

fn outcome(host: &Host, app: &MicroApp) -> Outcome {
    RUNTIME
        .block_on(host.run(app, &Run::new()))
        .unwrap()
        .outcome
}

#[test]
fn a_pattern_left_in_the_only_slot_is_gone() {
    let host = Host::builder().slots(1).build().unwrap();
    let (writer, seeker) = (
        host.load(&writer()).unwrap(),
        host.load(&seeker("")).unwrap(),
    );
    for _ in 0..20 {
        assert_eq!(outcome(&host, &writer), Outcome::Completed(String::new()));
        assert_eq!(outcome(&host, &seeker), Outcome::Completed(String::new()));
    }
}

#[test]
fn the_seeker_finds_a_pattern_where_there_is_one() {
    let host = Host::builder().slots(1).build().unwrap();
    for place in [64, 65_528] {
        let seeker = host
            .load(&seeker(&format!("(data (i32.const {place}) \"\\a5\")")))
            .unwrap();
        assert_eq!(outcome(&host, &seeker).kind(), "trap");
    }
}

#[test]
fn patterns_of_runs_at_the_same_time_do_not_reach_each_other() {
    let host = Host::builder().slots(4).build().unwrap();
    let (writer, seeker) = (
        host.load(&writer()).unwrap(),
        host.load(&seeker("")).unwrap(),
    );
    let runs: Vec<_> = (0..80)
        .map(|i| {
            let (host, app) = (
                host.clone(),
                if i % 2 == 0 { &writer } else { &seeker }.clone(),
            );
            RUNTIME.spawn(async move { host.run(&app, &Run::new()).await.unwrap().outcome })
        })
        .collect();
    for run in runs {
        assert_eq!(
            RUNTIME.block_on(run).unwrap(),
            Outcome::Completed(String::new())
        );
    }
}
