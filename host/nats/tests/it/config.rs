//! What is wrong with a configuration or a connection, as the operator is told it.

use std::fs;

use crate::lab::{Node, Place};
use crate::servers::Servers;

fn refused(place: &Place) -> String {
    let said = place.ask(&["run"]).unwrap_err();
    said.replace(&place.folder.path().display().to_string(), "FOLDER")
}

#[test]
fn a_file_that_is_wrong_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        folder,
        name: "a".to_owned(),
    };
    assert_eq!(
        refused(&place),
        "error: cannot read `FOLDER/nats.toml`: No such file or directory (os error 2)\n\
         hint: name the configuration of this node with `--config`\n"
    );
    fs::write(place.path("nats.toml"), "nodes = 'a'\n").unwrap();
    assert_eq!(
        refused(&place),
        "error: `FOLDER/nats.toml`: unknown key `nodes`\nhint: did you mean `node`?\n"
    );
}

#[test]
fn servers_that_do_not_fit_are_refused() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let place = Place::new("a", &servers, 3, "", "");
    assert_eq!(
        last_lines(&refused(&place)),
        "error: the server is alone, and `set.replicas` is 3\n\
         hint: connect servers to a cluster, or set `replicas = 1`: then one server has everything\n"
    );
    let place = Place::new("a", &servers, 1, "", "");
    assert_eq!(
        last_lines(&refused(&place)),
        "error: cannot connect the node to the set: cannot open `FOLDER/events.db`: No such file or directory (os error 2)\n\
         hint: start its supervisor once as part of a set, which makes the file\n"
    );
    let Some(small) = Servers::start(1, "max_payload: 1MB") else {
        return;
    };
    let place = Place::new("a", &small, 1, "", "");
    assert_eq!(
        last_lines(&refused(&place)),
        "error: server `s0` takes messages of 1048576 bytes, and the largest event needs 1052672\n\
         hint: set `max_payload: 2MB` in the configuration of all servers\n"
    );
}

/// Without what is said of the connection.
fn last_lines(text: &str) -> String {
    text[text.find("error:").unwrap()..].to_owned()
}

#[test]
fn a_secret_is_never_shown() {
    let Some(servers) = Servers::start(1, "authorization { token: \"right-secret\" }") else {
        return;
    };
    let variable = "token-variable = \"FRACTALAW_TEST_NATS_TOKEN\"";
    let place = Place::new("a", &servers, 1, variable, "");
    assert_eq!(
        refused(&place),
        "error: the variable `FRACTALAW_TEST_NATS_TOKEN` is not set, or is not text\n\
         hint: set it in the environment of this program\n"
    );
    let said = place.ask_with("FRACTALAW_TEST_NATS_TOKEN", "wrong-secret", &["status"]);
    let said = said.unwrap_err();
    assert!(said.contains("the servers refuse node `a`"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    let said = place.ask_with("FRACTALAW_TEST_NATS_TOKEN", "right-secret", &["status"]);
    assert_eq!(
        said,
        Ok("0 messages are stored, 0 deliveries are remembered as done\n".to_owned())
    );

    // A file that is not one of credentials.
    let place = Place::new("a", &servers, 1, "credentials = \"a.creds\"", "");
    fs::write(place.path("a.creds"), "some-secret").unwrap();
    assert_eq!(
        refused(&place),
        "error: `FOLDER/a.creds` is no file of credentials\n\
         hint: name the file that the servers' account was exported to\n"
    );
}

#[test]
fn two_nodes_cannot_have_one_name() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let one = Node::new(Place::new("a", &servers, 1, "", ""), Default::default());
    let running = one.place.connect();
    crate::lab::until("the first node", || {
        one.place.log().contains("node `a` is connected")
    });
    let other = Place::new("a", &servers, 1, "", "");
    let member = fractalaw_events_engine::Member {
        configuration: String::new(),
        wake: Box::new(|| {}),
    };
    let engine = fractalaw_events_engine::Engine::open_in_set(
        &other.path("events.db"),
        "another",
        Default::default(),
        &mut fractalaw_events_engine::NoClosings,
        crate::lab::now(),
        member,
    );
    drop(engine.unwrap());
    assert_eq!(
        last_lines(&refused(&other)),
        "error: `a` is the node of ledger ledger-a, and this one has ledger another\n\
         hint: give this node another name; or if the other one is gone, take what it owned with `take`, and then \
         `remove` it\n"
    );
    drop(running);
}
