//! The page of `cargo xtask report` in a browser: it can be searched, its flame graph opens, and it fits a phone.
#![cfg(unix)]

use crate::chromium::Browser;
use crate::report_page;
use crate::scratch::Scratch;

/// The visible cases.
const SHOWN: &str = "[...document.querySelectorAll('.case')].filter(one => !one.hidden).map(one => one.id).join(' ')";

/// As typing does it.
fn type_in(browser: &mut Browser, selector: &str, text: &str) {
    browser.eval(&format!(
        "(() => {{ const field = document.querySelector({selector:?}); field.value = {text:?}; \
         field.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()"
    ));
}

#[test]
fn it_renders_is_searched_and_opens_a_flame_graph_without_a_complaint() {
    let test =
        "report_in_browser::it_renders_is_searched_and_opens_a_flame_graph_without_a_complaint";
    let scratch = Scratch::new();
    report_page::page(&scratch);
    let file = scratch.path("target/report/index.html");
    let Some(mut browser) = Browser::start(test) else {
        return;
    };

    browser.open(&file, "", 1280, false);
    assert_eq!(
        browser.eval("document.querySelector('#count').textContent"),
        "4 of 4"
    );
    browser.picture("list-wide-light");
    for (words, shown) in [
        // A case, an outcome, a function of the flame graph, the text of an entry, the subject of an effect, two
        // words.
        ("flood", "plain/flood"),
        ("refused", "plain/refused"),
        ("plain::check", "plain/default"),
        ("next year", "plain/default"),
        ("NUMBER 100", "plain/flood"),
        ("inspections", "plain/default"),
        ("red evil", "hostile/default"),
        ("nothing-like-this", ""),
    ] {
        type_in(&mut browser, "#q", words);
        assert_eq!(browser.eval(SHOWN), shown, "{words}");
    }
    assert_eq!(
        browser.eval("document.querySelector('#nothing').hidden"),
        false
    );
    type_in(&mut browser, "#q", "valid permits");
    assert_eq!(browser.eval("CSS.highlights.get('found').size"), 3);
    type_in(&mut browser, "#q", "");
    browser.eval("document.querySelector('.chip.limit').click()");
    assert_eq!(browser.eval(SHOWN), "plain/flood");

    // A link with a search in it, and where it was found.
    browser.open(&file, "#q=plain%3A%3Acheck", 1280, true);
    assert_eq!(browser.eval(SHOWN), "plain/default");
    assert_eq!(
        browser.eval("document.querySelector('.case:not([hidden]) .found').textContent"),
        "function: plain::check<[u8; 4]>"
    );

    // A link to a flame graph opens it. Each frame is as wide as its fuel.
    browser.open(&file, "#flame/plain/default", 1280, false);
    browser.eval("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))");
    let names = "[...document.querySelectorAll('.frame')].map(one => one.textContent).join('|')";
    assert_eq!(
        browser.eval(names),
        "all|[run]|run|plain::check<[u8; 4]>|fractal:app/audit-log@0.1.0 record-event|[post-return]"
    );
    let width = "(() => { const all = document.querySelectorAll('.frame'); \
                 return Math.round(2234 * all[4].offsetWidth / all[0].offsetWidth / 10); })()";
    assert_eq!(browser.eval(width), 103);
    type_in(&mut browser, ".tools input", "record-event");
    assert_eq!(
        browser.eval("document.querySelectorAll('.frame.hit').length"),
        1
    );
    assert_eq!(
        browser.eval("document.querySelector('.tools output').textContent"),
        "46.3 % in what was found"
    );
    browser.picture("flame-wide-light");
    browser.eval("document.querySelectorAll('.frame')[3].click()");
    assert_eq!(
        browser.eval("document.querySelector('.told').textContent"),
        "plain::check<[u8; 4]>: 879 own, 1,913 with callees (85.6 %), 2 calls"
    );
    assert_eq!(
        browser.eval("document.querySelectorAll('.frame.above').length"),
        3
    );
    // Arrow keys move from frame to frame.
    browser.eval("document.querySelectorAll('.frame')[3].focus()");
    browser.eval(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown' }))",
    );
    assert_eq!(
        browser.eval("document.activeElement.textContent"),
        "fractal:app/audit-log@0.1.0 record-event"
    );
    let stacks = "(() => { document.querySelectorAll('.tools button')[1].click(); \
                  return document.querySelector('.draw pre').textContent; })()";
    assert_eq!(
        browser.eval(stacks),
        "[run];run 300\n\
         [run];run;plain::check<[u8, 4]> 879\n\
         [run];run;plain::check<[u8, 4]>;fractal:app/audit-log@0.1.0 record-event 1034\n\
         [run];[post-return] 20\n\
         [instantiation] 1"
    );

    // On a phone, with everything open, nothing is wider than the screen. Hostile text stayed text.
    for dark in [false, true] {
        browser.open(&file, "", 390, dark);
        browser.picture(if dark {
            "list-phone-dark"
        } else {
            "list-phone-light"
        });
        browser.eval("document.querySelectorAll('details').forEach(one => { one.open = true; })");
        browser.eval("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))");
        let wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.eval(wider), 0);
        let hidden = "[...document.querySelectorAll('.wide')].filter(one => one.scrollWidth > one.clientWidth + 1)\
                      .map(one => one.closest('.case').id + ': ' + one.textContent.slice(0, 80)).join('\\n')";
        assert_eq!(browser.eval(hidden), "");
        browser.picture(if dark {
            "all-phone-dark"
        } else {
            "all-phone-light"
        });
    }
    assert_eq!(
        browser.eval("document.title"),
        "Micro-apps: what every case does and costs"
    );
    assert_eq!(
        browser.eval("document.images.length + document.scripts.length"),
        1
    );
    assert!(
        browser.complaints().is_empty(),
        "{:#?}",
        browser.complaints()
    );
}
