//! The plan's scenario by the program, with its page open: what was ingested becomes changes, changes become gaps, and each
//! gap its deadline. `tests/scenarios/regulatory-change.toml` is the same with a clock that stands still.

use serde_json::Value;

use crate::chromium::Browser;
use crate::lab::until;
use crate::process::{Process, command};
use crate::reacting::{GUESTS, column, data, ingest, site};

#[test]
fn what_was_ingested_becomes_gaps_and_deadlines_while_somebody_looks() {
    let test = "plan::what_was_ingested_becomes_gaps_and_deadlines_while_somebody_looks";
    let site = site("\"127.0.0.1:0\"");
    let connection = data(&site);
    let process = Process::start(site.path());
    // Without Chromium, everything else is tested.
    let mut browser = Browser::start(test);
    if let Some(browser) = &mut browser {
        browser.open_url(process.page.as_ref().unwrap(), 1280, false);
        assert_eq!(browser.eval(RUNS), "");
    }
    ingest(&connection, 1);
    let (code, out, error) = command(site.path(), "emit data-ingested --wait");
    assert_eq!((code, &*error), (0, ""), "{out}");
    assert!(out.ends_with(", 1 delivery, 1 completed\n"), "{out}");
    // What it led to ends a moment later.
    let rows = |sql: &str| column(&connection, sql);
    let status = || -> Value {
        let (_, out, _) = command(site.path(), "status --json");
        serde_json::from_str(&out).unwrap()
    };
    let completed = |status: &Value, app: &str| {
        let apps = status["apps"].as_array().unwrap();
        let app = apps.iter().find(|one| one["name"] == app).unwrap();
        app["totals"]["runs"]["completed"] == 1
    };
    until("one run of each app", || {
        GUESTS.iter().all(|app| completed(&status(), app))
    });
    assert_eq!(
        rows("SELECT regulation FROM known_regulation"),
        ["regulation 1"]
    );
    assert_eq!(rows("SELECT obligation FROM gap"), ["obligation 1"]);
    let kept = rows("SELECT gap FROM deadline ORDER BY gap");
    assert_eq!(kept, ["obligation 1", "weekly summary"]);
    let (_, tasks, _) = command(site.path(), "schedule ls");
    let tasks: Vec<Vec<&str>> = tasks
        .lines()
        .skip(1)
        .map(|line| line.split("  ").filter(|cell| !cell.is_empty()).collect())
        .collect();
    let shown: Vec<_> = tasks
        .iter()
        .map(|task| (task[1].trim(), task[4].trim()))
        .collect();
    assert_eq!(
        shown,
        [("obligation 1", "once"), ("weekly summary", "0 6 * * 1")]
    );

    if let Some(browser) = &mut browser {
        // The page reads itself again, and the last run comes first.
        browser.eval("again()");
        assert_eq!(
            browser.eval(RUNS),
            "deadline-keeper by gap-found from gap-analyser: \n\
             gap-analyser by regulatory-change from change-monitor: gap-found obligation 1 checked against version 0 of 1\n\
             change-monitor by data-ingested from operator: regulation-changed regulation 1 from version 0 to 1"
        );
        browser.picture("plan");
        assert_eq!(browser.complaints(), [] as [String; 0]);
    }
    process.signal("TERM");
    assert_eq!(process.end(), Some(0));
}

/// Each run on the page with what started it and its trail.
const RUNS: &str = "[...document.querySelectorAll('.run')].map(run => {
    const text = selector => [...run.querySelectorAll(selector)].map(one => one.textContent).join(' ');
    return `${text('.name')} by ${text('summary .w')}: ${text('.body td')}`;
}).join('\\n')";
