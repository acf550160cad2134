//! The status page in a browser: it shows what runs, it follows, and it takes text as text.

use fractalaw_testing::{guest_bytes, with_manifest};

use crate::chromium::Browser;
use crate::guests::{Does, guest};
use crate::lab::*;
use crate::process::{Process, command};

const APPS: &str = "[apps.change-monitor]\nsource = \"watch.wasm\"\n[apps.gap-analyser]\nsource = \"analyse.wasm\"\n\
    [apps.\"<b>hostile</b>\"]\nsource = \"hostile.wasm\"\n[apps.missing]\nsource = \"missing.wasm\"\n";

const POLICY: &str = "[all]\ninterfaces.\"fractal:app/events-emit\" = true\ninterfaces.\"fractal:app/events-schedule\" = true\n\
    on.go = true\non.regulatory-change = true\nemits.regulatory-change = true\n";

#[test]
fn it_shows_apps_and_runs_follows_and_fits_a_phone_without_a_complaint() {
    let test = "page::it_shows_apps_and_runs_follows_and_fits_a_phone_without_a_complaint";
    let Some(mut browser) = Browser::start(test) else {
        return;
    };
    let site = Site::new("");
    site.configure("listen = \"127.0.0.1:0\"", APPS);
    site.write("policy.toml", POLICY.as_bytes());
    let asks = [&["go"][..], &["regulatory-change"], &[]];
    let watch = guest(
        "change-monitor",
        asks,
        &[Does::Emit("regulatory-change", "duty 7")],
    );
    site.write("watch.wasm", &watch);
    let analyse = with_manifest(
        &guest_bytes("hello-world"),
        &manifest(&["regulatory-change"]),
    );
    site.write("analyse.wasm", &analyse);
    site.write("hostile.wasm", &app(1, ENDLESS));
    let process = Process::start(site.path());
    let page = process.page.clone().unwrap();
    until("two deliveries", || {
        let (_, out, _) = command(site.path(), "emit go --wait");
        out.contains(", 2 deliveries, 1 completed")
    });

    browser.open_url(&page, 1280, false);
    let text = |selector: &str| format!("document.querySelector({selector:?}).textContent");
    assert_eq!(browser.eval(&text("#state")), "running");
    let names =
        "[...document.querySelectorAll('#apps .name')].map(one => one.textContent).join('|')";
    assert_eq!(
        browser.eval(names),
        "<b>hostile</b>|change-monitor|gap-analyser|missing"
    );
    assert!(
        browser
            .eval(&text("#apps .note"))
            .as_str()
            .unwrap()
            .ends_with("missing.wasm` does not exist")
    );
    let dead =
        "[...document.querySelectorAll('#dead td')].map(one => one.textContent).slice(1).join('|')";
    let dead = browser.eval(dead);
    let dead = dead.as_str().unwrap();
    assert!(
        dead.starts_with("<b>hostile</b>|dead|out-of-fuel|1|fractalaw events retry "),
        "{dead}"
    );
    // The chain ends a moment after its first delivery.
    let run = "[...document.querySelectorAll('.run')].find(run => \
               run.querySelector('.name').textContent === 'gap-analyser')";
    let until = |condition: &str| {
        format!(
            "new Promise(done => {{ const look = async () => {{ await again(); \
             if ({condition}) done(true); else setTimeout(look, 50); }}; look(); }})"
        )
    };
    let waits = until(run);
    assert_eq!(browser.eval(&waits), true);
    browser.picture("status-wide-light");
    browser.eval(&format!("{run}.querySelector('summary').click()"));
    let trail = format!("[...{run}.querySelectorAll('td')].map(one => one.textContent).join('|')");
    assert_eq!(
        browser.eval(&trail),
        "app-started|hello-world|Bootstrap test — first micro-app execution"
    );
    // Another run comes, and what is open stays open.
    let key = browser.eval(&format!("{run}.dataset.key"));
    let runs = browser.eval("document.querySelectorAll('.run').length");
    command(site.path(), "emit go --wait");
    let more = until(&format!(
        "document.querySelectorAll('.run').length > {runs}"
    ));
    assert_eq!(browser.eval(&more), true);
    assert_eq!(
        browser.eval("document.querySelector('.run[open]').dataset.key"),
        key
    );
    for (width, dark, name) in [
        (1280, true, "status-wide-dark"),
        (390, false, "status-phone-light"),
        (390, true, "status-phone-dark"),
    ] {
        browser.open_url(&page, width, dark);
        browser.eval("document.querySelectorAll('.run').forEach(run => { run.open = true; })");
        let wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
        assert_eq!(browser.eval(wider), false, "{width}");
        browser.picture(name);
    }
    assert_eq!(browser.eval("document.querySelectorAll('b').length"), 0);
    assert_eq!(browser.complaints(), [] as [String; 0]);
    // It says when nobody answers.
    process.signal("TERM");
    process.end();
    browser.eval("again()");
    assert_eq!(browser.eval(&text("#state")), "no answer");
}
