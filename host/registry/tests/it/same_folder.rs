//! Several processes that change the files of one folder at the same moment: nothing that one of them wrote is lost.

use std::fs;
use std::sync::Arc;
use std::thread;

use fractalaw_provenance::Signatures;

use crate::artifact::*;
use crate::lab::*;
use crate::server::*;

const TURN: &str = ".fractalaw-turn";

/// Runs something on a machine in so many processes at once.
fn at_once(count: usize, run: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for at in 0..count {
            let run = &run;
            scope.spawn(move || run(at));
        }
    });
}

/// A machine with a layout folder that has the component.
fn with_layout() -> Machine {
    let machine = Machine::new();
    machine.write("made/hello.wasm", component());
    machine.done(&["push", "made/hello.wasm", "oci:usb:1.0"]);
    machine
}

/// A registry with the component. While it is asked for the component's bytes, another process runs on the machine.
fn registry_with_a_slow_answer(machine: &Arc<Machine>, other: &'static [&'static str]) -> Server {
    let (answers, machine) = (artifact(), Arc::clone(machine));
    let layer = format!("GET /v2/x/blobs/{}", digest(&component()));
    Server::start(move |_, asked| {
        if asked.what == layer {
            machine.done(other);
        }
        let found = answers.get(&asked.what).cloned();
        found.unwrap_or_else(|| answer(404, ""))
    })
}

#[test]
fn a_pull_keeps_what_another_one_pinned_meanwhile() {
    let machine = Arc::new(with_layout());
    let other = &["pull", "oci:usb:1.0", "--name", "quick"];
    let server = registry_with_a_slow_answer(&machine, other);
    let ended = pulled(&machine, &server);
    assert_eq!((ended.code, &*ended.err), (0, ""));
    let lock = machine.lock().unwrap();
    let names: Vec<_> = lock.apps.keys().collect();
    assert_eq!(names, ["hello", "quick"]);
}

#[test]
fn a_pull_does_not_replace_what_another_one_pinned_under_its_name_meanwhile() {
    let machine = Arc::new(with_layout());
    machine.write("made/other.wasm", changed());
    machine.done(&["push", "made/other.wasm", "oci:usb:2.0"]);
    let other = &["pull", "oci:usb:2.0", "--name", "hello"];
    let server = registry_with_a_slow_answer(&machine, other);
    let ended = pulled(&machine, &server);
    let expected = format!(
        "refused: `hello` is pinned to `oci:{}:2.0`, and `{}/x:1` is another artifact\n",
        machine.file("usb").display(),
        server.host
    );
    assert_eq!(ended.code, 3);
    assert!(ended.err.starts_with(&expected), "{ended:?}");
    assert_eq!(machine.read("hello.wasm"), changed());
}

#[test]
fn a_pull_of_everything_does_not_bring_back_what_another_one_replaced_meanwhile() {
    let machine = Arc::new(with_layout());
    let server = serving(artifact());
    assert_eq!(pulled(&machine, &server).code, 0);
    machine.write("made/other.wasm", changed());
    machine.done(&["push", "made/other.wasm", "oci:usb:2.0"]);
    let other = &["pull", "oci:usb:2.0", "--name", "hello", "--update"];
    let slow = registry_with_a_slow_answer(&machine, other);
    // The pin leads to the slow one.
    let mut lock = machine.lock().unwrap();
    lock.apps.get_mut("hello").unwrap().reference = format!("{}/x:1", slow.host);
    lock.write(&machine.file("")).unwrap();
    assert_eq!(
        machine.refused(&["pull"]),
        "another process has pinned `hello` anew, or no longer"
    );
    assert_eq!(machine.read("hello.wasm"), changed());
    let pinned = &machine.lock().unwrap().apps["hello"];
    assert_eq!(pinned.component.to_string(), digest(&changed()));
}

#[test]
fn pulls_signatures_and_pushes_at_the_same_moment_are_all_kept() {
    let machine = with_layout();
    let name = |at: usize| format!("app-{at}");
    at_once(8, |at| {
        machine.done(&["pull", "oci:usb:1.0", "--name", &name(at)]);
    });
    let lock = machine.lock().unwrap();
    let names: Vec<_> = lock.apps.into_keys().collect();
    assert_eq!(names, (0..8).map(name).collect::<Vec<_>>());

    let keys: Vec<_> = (0..8)
        .map(|at| machine.key(&format!("{}.key", name(at))))
        .collect();
    at_once(8, |at| {
        let key = format!("{}.key", name(at));
        machine.done(&["sign", "made/hello.wasm", "--key", &key]);
    });
    let text = String::from_utf8(machine.read("made/hello.wasm.sig")).unwrap();
    let signatures = Signatures::parse(&text).unwrap();
    let mut claimed: Vec<_> = signatures
        .claims()
        .map(|(_, key)| key.to_string())
        .collect();
    claimed.sort();
    let mut expected = keys;
    expected.sort();
    assert_eq!(claimed, expected);

    // The first one makes the folder, whoever that is.
    at_once(8, |at| {
        machine.done(&["push", "made/hello.wasm", &format!("oci:new:{at}")]);
    });
    for at in 0..8 {
        let reference = format!("oci:new:{at}");
        let said = machine.done(&["pull", &reference, "--folder", "all", "--name", &name(at)]);
        assert_eq!(said.matches("; signed by ").count(), 8, "{said}");
    }
    for folder in ["", "made", "new", "all"] {
        assert!(!machine.file(folder).join(TURN).exists(), "{folder}");
    }
}

#[test]
fn a_turn_that_a_dead_process_left_is_taken_and_a_link_is_not_followed() {
    let machine = with_layout();
    machine.write(TURN, "");
    machine.done(&["pull", "oci:usb:1.0", "--name", "hello"]);
    assert!(!machine.file(TURN).exists());

    std::os::unix::fs::symlink(machine.file("elsewhere"), machine.file(TURN)).unwrap();
    let said = machine.ends(10, "error: ", &["pull", "oci:usb:1.0", "--name", "hello"]);
    let expected = format!("could not lock `./{TURN}`: ");
    assert!(said.starts_with(&expected), "{said}");
    assert!(!machine.file("elsewhere").exists());
    fs::remove_file(machine.file(TURN)).unwrap();
    machine.done(&["pull"]);
}
