//! Debian's `docker-registry`: components, signatures and passwords go to it and come back.

use std::fs;

use crate::debian::Registry;
use crate::lab::*;

#[test]
fn a_component_goes_through_a_registry_to_another_machine() {
    let Some(registry) = Registry::start("") else {
        return;
    };
    let (first, second) = (Machine::new(), Machine::new());
    let reference = format!("{}/acme/hello:1.0", registry.host);
    let (one, two) = (first.key("release.key"), first.key("audit.key"));
    first.write("hello.wasm", component());
    first.done(&["sign", "hello.wasm", "--key", "release.key"]);
    let pushed = first.done(&["push", "hello.wasm", &reference]);
    let manifest = pushed.split(['@', ',']).nth(1).unwrap().to_owned();
    assert_eq!(
        pushed,
        format!("{reference}@{manifest}, with 1 signature\n")
    );
    // Another signer, from another machine.
    let third = Machine::new();
    third.done(&["pull", &reference]);
    fs::copy(first.file("audit.key"), third.file("audit.key")).unwrap();
    third.done(&["sign", "hello.wasm", "--key", "audit.key"]);
    third.done(&["push", "hello.wasm", &reference]);

    let said = second.done(&["pull", &reference, "--signed-by", &two]);
    // The one that was required comes first.
    assert!(
        said.contains(&format!(
            "signed by audit with {two}; signed by release with {one}"
        )),
        "{said}"
    );
    assert_eq!(second.read("hello.wasm"), component());
    assert_eq!(
        second.lock().unwrap().apps["hello"].manifest.to_string(),
        manifest
    );
    let other = second.key("other.key");
    let fourth = Machine::new();
    let refused = fourth.refused(&["pull", &reference, "--signed-by", &other]);
    assert!(
        refused.starts_with("`hello`: it is signed by "),
        "{refused}"
    );

    // The tag is moved.
    first.write("hello.wasm", changed());
    first.done(&["sign", "hello.wasm", "--key", "release.key"]);
    first.done(&["push", "hello.wasm", &reference]);
    let refused = second.refused(&["pull", &reference]);
    assert!(refused.contains(" was moved: it is sha256:"), "{refused}");
    fs::remove_file(second.file("hello.wasm")).unwrap();
    second.done(&["pull"]);
    assert_eq!(second.read("hello.wasm"), component());
    second.done(&["pull", &reference, "--update", "--signed-by", &one]);
    assert_eq!(second.read("hello.wasm"), changed());
    // By digest it is what it was.
    fourth.done(&["pull", &format!("{}/acme/hello@{manifest}", registry.host)]);
    assert_eq!(fourth.read("hello.wasm"), component());

    // A byte is flipped where the registry keeps the component.
    let hex = digest(&changed())[7..].to_owned();
    let blob = format!(
        "data/docker/registry/v2/blobs/sha256/{}/{hex}/data",
        &hex[..2]
    );
    let blob = registry.folder.path().join(blob);
    let mut bytes = fs::read(&blob).unwrap();
    bytes[100] ^= 1;
    fs::write(&blob, &bytes).unwrap();
    let fifth = Machine::new();
    let refused = fifth.refused(&["pull", &reference]);
    assert_eq!(
        refused,
        format!(
            "the component has the digest {}, expected sha256:{hex}",
            digest(&bytes)
        )
    );
    assert!(fifth.is_empty());
}

#[test]
fn a_registry_that_asks_for_a_password_gets_it() {
    let auth = "auth: {htpasswd: {realm: test, path: FOLDER/users}}\n";
    let Some(registry) = Registry::start(auth) else {
        return;
    };
    let mut machine = Machine::new();
    machine.write("hello.wasm", component());
    let reference = format!("{}/acme/hello:1.0", registry.host);
    let host = &registry.host;
    assert_eq!(
        machine.ends(10, "error: ", &["push", "hello.wasm", &reference]),
        format!("`{host}` asks who you are, and there are no credentials for it")
    );
    machine.set("FRACTALAW_REGISTRY_USERNAME", "ada");
    machine.set("FRACTALAW_REGISTRY_PASSWORD", "close sesame");
    let error = machine.ends(10, "error: ", &["push", "hello.wasm", &reference]);
    assert!(
        error.starts_with(&format!("`{host}` refuses the credentials: 401")),
        "{error}"
    );
    machine.set("FRACTALAW_REGISTRY_PASSWORD", "open sesame");
    machine.done(&["push", "hello.wasm", &reference]);
    fs::remove_file(machine.file("hello.wasm")).unwrap();
    machine.done(&["pull", &reference]);
    assert_eq!(machine.read("hello.wasm"), component());
}
