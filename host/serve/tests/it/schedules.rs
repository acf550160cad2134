//! Tasks: those of the file and of people, by a clock that jumps.

use fractalaw_events_engine::{TaskId, Time};
use fractalaw_serve::request::Request;

use crate::lab::*;

const EVERY_FIVE: &str = "[apps.a]\nsource = \"a.wasm\"\n\
    [[apps.a.cron]]\nname = \"look\"\nschedule = \"*/5 * * * *\"\npayload = \"all\"\n";

fn site() -> Site {
    let site = Site::new(EVERY_FIVE);
    site.write("a.wasm", &app(1, ""));
    site
}

fn tasks(running: &Running) -> Vec<String> {
    let tasks = running.supervisor.desk().tasks(TaskId(0)).unwrap();
    let tasks = tasks.into_iter().map(|task| {
        let cron = task.cron.unwrap_or_else(|| "once".to_owned());
        format!("{} {} {} {cron}", task.owner, task.name, task.target)
    });
    tasks.collect()
}

#[test]
fn each_tick_fires_once_whatever_the_clock_does() {
    let site = site();
    let running = site.start();
    running.at(299);
    running.at(300);
    running.ended(1);
    // An hour ahead: one run for the last of the twelve ticks.
    running.at(300 + 3600);
    running.ended(2);
    // An hour back: nothing, until the clock is where it was.
    running.at(300);
    running.at(3600);
    running.at(300 + 3600 + 300);
    running.ended(3);
    assert_eq!(
        running.ran(),
        [
            "a look, by cron 1 completed",
            "a look, by cron, and 11 missed 1 completed",
            "a look, by cron 1 completed",
        ]
    );
    running.stop();
}

#[test]
fn a_week_asleep_is_one_run() {
    let site = site();
    site.start().stop();
    let woken = Time::from_unix_s(NOON_S + 7 * 24 * 3600);
    let running = site.start_at(woken).unwrap();
    running.ended(1);
    assert_eq!(
        running.ran(),
        ["a look, by cron, and 2015 missed 1 completed"]
    );
    running.stop();
}

#[test]
fn a_clock_before_1970_is_one_like_any_other() {
    let site = site();
    let running = site.start_at(Time::from_unix_s(-601)).unwrap();
    running.clock.set(Time::from_unix_s(-600));
    running.ended(1);
    running.clock.set(Time::from_unix_s(-300));
    running.ended(2);
    running.clock.set(Time::from_unix_s(0));
    running.ended(3);
    assert_eq!(running.ran(), ["a look, by cron 1 completed"; 3]);
    running.stop();
}

#[test]
fn tasks_of_the_file_stay_as_they_are_until_the_file_changes() {
    let site = site();
    let running = site.start();
    assert_eq!(tasks(&running), ["fractalaw.toml look a */5 * * * *"]);
    let first = running.supervisor.desk().tasks(TaskId(0)).unwrap();
    running.stop();
    let running = site.start();
    let second = running.supervisor.desk().tasks(TaskId(0)).unwrap();
    assert_eq!(first, second);
    running.stop();
    site.configure("", &EVERY_FIVE.replace("\"all\"", "\"some\""));
    let running = site.start();
    let third = running.supervisor.desk().tasks(TaskId(0)).unwrap();
    assert_ne!(third[0].id, first[0].id);
    assert_eq!(tasks(&running), ["fractalaw.toml look a */5 * * * *"]);
    running.stop();
    site.configure("", "[apps.a]\nsource = \"a.wasm\"\n");
    let running = site.start();
    assert_eq!(tasks(&running), [] as [&str; 0]);
    running.stop();
}

#[test]
fn people_add_and_cancel_tasks() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\n");
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let add = |app: &str, cron: Option<&str>, run_at| {
        running.ask(Request::Schedule {
            app: app.to_owned(),
            name: "by hand".to_owned(),
            cron: cron.map(str::to_owned),
            run_at,
            payload: b"x".to_vec(),
        })
    };
    let once = add("a", None, Some(NOON_S as u64 + 3600)).unwrap();
    let often = add("a", Some("0 0 * * *"), None).unwrap();
    assert_eq!(
        tasks(&running),
        ["operator by hand a once", "operator by hand a 0 0 * * *"]
    );
    assert!(add("b", None, Some(0)).unwrap_err().contains("`b`"));
    assert!(add("a", Some("@daily"), None).is_err());
    let cancel = |task: &serde_json::Value| {
        let task = task.as_u64().unwrap();
        running.ask(Request::Cancel { task })
    };
    assert_eq!(cancel(&often), Ok(().into()));
    assert_eq!(
        cancel(&often).unwrap_err(),
        format!("there is no task {often}")
    );
    running.at(3600);
    running.ended(1);
    assert_eq!(running.ran(), ["a by hand, once 1 completed"]);
    assert!(cancel(&once).is_err());
    running.stop();
}
