//! The page of `cargo xtask profile` in a browser: the graph of one profile, and of one beside another. The host
//! is a stand-in that prints the file that it is given, and the components here are profiles.
#![cfg(unix)]

use serde_json::{Value, json};

use crate::chromium::Browser;
use crate::report_page::records;
use crate::scratch::Scratch;
use crate::start_host;

/// A workspace with two profiles. The later one has a function that costs more, and a new function.
fn scratch() -> Scratch {
    let scratch = start_host::scratch();
    scratch.write(
        "cli/src/bin/fractalaw.rs",
        "//! A stand-in.\n\
         fn main() {\n    \
             let path = std::env::args().nth(2).unwrap();\n    \
             print!(\"{}\", std::fs::read_to_string(path).unwrap());\n\
         }\n",
    );
    let record = std::fs::read(records().join("plain/default.json")).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    let mut profile = record["profile"].clone();
    scratch.write("before.wasm", &profile.to_string());
    let functions = profile["functions"].as_array_mut().unwrap();
    let checked = functions.iter().position(|function| {
        let name = function["name"].as_str().unwrap();
        name.starts_with("plain::check")
    });
    let mut new = functions[checked.unwrap()].clone();
    new["name"] = json!("</pre><script>document.title = 'owned'</script>");
    functions.push(new);
    let (new, checked) = (functions.len() - 1, checked.unwrap());
    let nodes = profile["nodes"].as_array_mut().unwrap();
    let parent = nodes
        .iter_mut()
        .position(|node| node["function"] == checked);
    let parent = parent.unwrap();
    nodes[parent]["own_fuel"] = json!(nodes[parent]["own_fuel"].as_u64().unwrap() + 5);
    nodes.push(json!({ "parent": parent, "function": new, "calls": 1, "own_fuel": 400 }));
    scratch.write("now.wasm", &profile.to_string());
    scratch
}

#[test]
fn the_graph_shows_a_profile_and_what_moved_since_another() {
    let test = "profile_in_browser::the_graph_shows_a_profile_and_what_moved_since_another";
    let scratch = scratch();
    let page = |out: &str, rest: &[&str]| {
        let arguments = ["profile", "./now.wasm", "--format", "html", "--out", out];
        let ended = scratch.xtask(arguments.iter().chain(rest));
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    };
    page("alone.html", &[]);
    page("beside.html", &["--against", "before.wasm"]);
    let Some(mut browser) = Browser::start(test) else {
        return;
    };
    let look = "[...document.querySelectorAll('.frame')].map(one => one.className + ' ' + one.textContent)";

    browser.open(&scratch.path("alone.html"), "", 1280, false);
    browser.picture("profile-alone");
    let frames = browser.eval(look);
    assert_eq!(frames[0], "frame ko all");
    assert_eq!(frames[1], "frame ko [run]");
    assert_eq!(frames[2], "frame kg run");
    assert_eq!(frames[3], "frame kg plain::check<[u8; 4]>");
    assert_eq!(browser.eval("document.title"), "fuel of now");

    browser.open(&scratch.path("beside.html"), "", 1280, false);
    browser.picture("profile-beside");
    let frames = browser.eval(look);
    assert_eq!(frames[2], "frame ko run");
    assert_eq!(frames[3], "frame kmore plain::check<[u8; 4]>");
    browser.eval("document.querySelectorAll('.frame')[3].click()");
    assert_eq!(
        browser.eval("document.querySelector('.told').textContent"),
        "plain::check<[u8; 4]>: 884 own (+5), 2,318 with callees (87.8 %), 2 calls"
    );
    // The names of a guest's functions stay text.
    assert_eq!(browser.eval("document.title"), "fuel of now");
    assert_eq!(
        browser.eval("document.querySelector('.kmore:last-of-type').textContent"),
        "</pre><script>document.title = 'owned'</script>"
    );
    assert_eq!(browser.complaints(), [""; 0]);
}
