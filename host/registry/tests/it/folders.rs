//! Layout folders: a component reaches another machine without a network.

use std::fs;

use fractalaw_provenance::{SecretKey, Signatures, Subject};

use crate::lab::*;

/// A folder that holds the component, signed, under the tag `1.0`.
fn carried(machine: &Machine) -> (String, String) {
    let key = machine.key("release.key");
    machine.write("hello.wasm", component());
    machine.done(&["sign", "hello.wasm", "--key", "release.key"]);
    let folder = machine.file("usb").display().to_string();
    let reference = format!("oci:{folder}:1.0");
    machine.done(&["push", "hello.wasm", &reference]);
    (reference, key)
}

/// How the folder's reference is used on another machine.
fn pull<'a>(reference: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["pull", reference, "--name", "hello"], more].concat()
}

#[test]
fn a_component_reaches_another_machine_with_its_signatures() {
    let (first, second) = (Machine::new(), Machine::new());
    let (reference, key) = carried(&first);
    let said = second.done(&pull(&reference, &["--signed-by", &key]));
    let digest = digest(&component());
    assert_eq!(
        said,
        format!("hello: {digest}, 636 bytes, from {reference}; signed by release with {key}\n")
    );
    assert_eq!(second.read("hello.wasm"), component());
    assert_eq!(second.read("hello.wasm.sig"), first.read("hello.wasm.sig"));
    let locked = second.lock().unwrap().apps.remove("hello").unwrap();
    assert_eq!(
        (locked.reference, locked.component.to_string(), locked.bytes),
        (reference.clone(), digest, 636)
    );
    // What was lost or changed is pulled again, also from a lock alone.
    fs::remove_file(second.file("hello.wasm")).unwrap();
    fs::remove_file(second.file("hello.wasm.sig")).unwrap();
    second.done(&["pull"]);
    assert_eq!(second.read("hello.wasm"), component());
    second.write("hello.wasm", changed());
    second.done(&pull(&reference, &[]));
    assert_eq!(second.read("hello.wasm"), component());
}

#[test]
fn the_same_component_is_always_the_same_artifact() {
    let (first, second) = (Machine::new(), Machine::new());
    for machine in [&first, &second] {
        machine.write("hello.wasm", component());
        machine.done(&["push", "hello.wasm", "oci:a:1"]);
        machine.done(&["push", "hello.wasm", "oci:a:1"]);
    }
    assert_eq!(first.read("a/index.json"), second.read("a/index.json"));
    let index: serde_json::Value = serde_json::from_slice(&first.read("a/index.json")).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
}

#[test]
fn another_key_is_refused_and_nothing_is_written() {
    let (first, second) = (Machine::new(), Machine::new());
    let (reference, key) = carried(&first);
    let other = second.key("other.key");
    assert_eq!(
        second.refused(&pull(&reference, &["--signed-by", &other])),
        format!("`hello`: it is signed by `{key}`, and a signature of `{other}` is required")
    );
    assert!(second.is_empty());
    // One of several is enough.
    second.done(&pull(
        &reference,
        &["--signed-by", &other, "--signed-by", &key],
    ));
    assert_eq!(
        second.ends(
            2,
            "error: ",
            &pull(&reference, &["--signed-by", "ed25519:00"])
        ),
        "`ed25519:00` is no public key"
    );
}

#[test]
fn what_two_people_sign_and_push_is_pulled_together() {
    let machine = Machine::new();
    let (reference, one) = carried(&machine);
    let two = machine.key("audit.key");
    machine.write("copy/hello.wasm", component());
    machine.done(&[
        "sign",
        "copy/hello.wasm",
        "--key",
        "audit.key",
        "--signer",
        "Ada",
    ]);
    machine.done(&["push", "copy/hello.wasm", &reference]);
    let second = Machine::new();
    let said = second.done(&pull(&reference, &[]));
    assert!(
        said.ends_with(&format!(
            "; signed by release with {one}; signed by Ada with {two}, not verified here\n"
        )),
        "{said}"
    );
}

#[test]
fn a_moved_tag_is_refused_unless_it_is_wanted() {
    let (first, second) = (Machine::new(), Machine::new());
    let (reference, _) = carried(&first);
    second.done(&pull(&reference, &[]));
    let pinned = second.lock().unwrap().apps["hello"].clone();
    first.write("hello.wasm", changed());
    fs::remove_file(first.file("hello.wasm.sig")).unwrap();
    let pushed = first.done(&["push", "hello.wasm", &reference]);
    let now = pushed.trim_end().rsplit('@').next().unwrap().to_owned();
    assert_eq!(
        second.refused(&pull(&reference, &[])),
        format!(
            "`{reference}` was moved: it is {now} now, and `apps.lock` pins {}",
            pinned.manifest
        )
    );
    assert_eq!(
        (
            second.read("hello.wasm"),
            &second.lock().unwrap().apps["hello"]
        ),
        (component(), &pinned)
    );
    // What is pinned is still there.
    fs::remove_file(second.file("hello.wasm")).unwrap();
    second.done(&["pull"]);
    assert_eq!(second.read("hello.wasm"), component());
    second.done(&pull(&reference, &["--update"]));
    assert_eq!(second.read("hello.wasm"), changed());
    assert_eq!(
        second.lock().unwrap().apps["hello"].manifest.to_string(),
        now
    );
    // Nobody signed that one.
    assert!(!second.file("hello.wasm.sig").exists());
}

#[test]
fn another_reference_needs_a_word_unless_it_is_the_same_artifact() {
    let (first, second) = (Machine::new(), Machine::new());
    let (reference, _) = carried(&first);
    second.done(&pull(&reference, &[]));
    let copy = reference.replace(":1.0", ":same");
    first.done(&["push", "hello.wasm", &copy]);
    second.done(&pull(&copy, &[]));
    assert_eq!(second.lock().unwrap().apps["hello"].reference, reference);
    first.write("other.wasm", changed());
    let other = reference.replace(":1.0", ":2.0");
    first.done(&["push", "other.wasm", &other]);
    assert_eq!(
        second.refused(&pull(&other, &[])),
        format!("`hello` is pinned to `{reference}`, and `{other}` is another artifact")
    );
    // A file that nobody pinned is not overwritten either.
    second.write("mine.wasm", "mine");
    assert_eq!(
        second.refused(&["pull", &other, "--name", "mine"]),
        "`./mine.wasm` exists, and `apps.lock` does not pin it"
    );
    assert_eq!(second.read("mine.wasm"), b"mine");
}

#[test]
fn a_lock_that_somebody_changed_is_refused() {
    let machine = Machine::new();
    let (reference, _) = carried(&machine);
    let second = Machine::new();
    second.done(&pull(&reference, &[]));
    let mut lock = second.lock().unwrap();
    let app = lock.apps.get_mut("hello").unwrap();
    app.component = fractalaw_provenance::sha256(b"another");
    lock.write(&second.file("")).unwrap();
    assert_eq!(
        second.refused(&["pull"]),
        "`apps.lock` pins `hello` to a component that is not that of its manifest"
    );
}

/// A file with something else beside a component keeps nobody from the signatures that are there to be pulled.
#[test]
fn a_broken_file_of_signatures_is_put_aside() {
    let (first, second) = (Machine::new(), Machine::new());
    let (reference, key) = carried(&first);
    let pull = pull(&reference, &["--signed-by", &key]);
    for broken in [b"broken".to_vec(), vec![b'x'; 200_000]] {
        second.write("hello.wasm.sig", &broken);
        let said = second.done(&pull);
        let aside =
            "; what was in the place of the signatures is in `./hello.wasm.sig.broken` now\n";
        assert!(said.ends_with(aside), "{said}");
        assert_eq!(second.read("hello.wasm.sig"), first.read("hello.wasm.sig"));
        assert_eq!(second.read("hello.wasm.sig.broken"), broken);
    }
    assert!(!second.done(&pull).contains("broken"));
}

/// A host reads 64 signatures, and a registry may have more.
#[test]
fn of_many_signatures_those_that_a_host_reads_are_written() {
    let (first, second) = (Machine::new(), Machine::new());
    let (_, key) = carried(&first);
    let own = first.read("hello.wasm.sig");
    let own = Signatures::parse(&String::from_utf8(own).unwrap()).unwrap();
    let subject = Subject {
        name: String::new(),
        digest: fractalaw_provenance::sha256(&component()),
    };
    let mut many = Signatures::default();
    for seed in 1..=64 {
        let key = SecretKey::from_seed(&[seed; 32]);
        many.sign(subject.clone(), "many", &key).unwrap();
    }
    first.write("hello.wasm.sig", many.text());
    // A layout folder lists first what was pushed first.
    first.done(&["push", "hello.wasm", "oci:many:1"]);
    first.write("hello.wasm.sig", own.text());
    first.done(&["push", "hello.wasm", "oci:many:1"]);
    let many_there = format!("oci:{}:1", first.file("many").display());

    let read = || Signatures::read_beside(&second.file("hello.wasm")).unwrap();
    let claims = |key: &str| {
        read()
            .claims()
            .filter(|(_, claimed)| claimed == key)
            .count()
    };
    let no_room = "; 1 more signatures have no room in a file\n";
    for (more, is_there) in [(&["--signed-by", &key][..], 1), (&[], 1)] {
        let said = second.done(&pull(&many_there, more));
        assert!(said.ends_with(no_room), "{said}");
        assert_eq!((read().claims().count(), claims(&key)), (64, is_there));
    }
    let third = Machine::new();
    assert!(third.done(&pull(&many_there, &[])).ends_with(no_room));
    let read = Signatures::read_beside(&third.file("hello.wasm")).unwrap();
    assert_eq!(read, many);
}

#[test]
fn what_cannot_be_signed_or_pushed_says_why() {
    let machine = Machine::new();
    let (reference, key) = carried(&machine);
    machine.write("text.wasm", "text");
    machine.write("module.wasm", wat::parse_str("(module)").unwrap());
    for (arguments, message) in [
        (
            &["push", "text.wasm", "oci:a:1"][..],
            "`text.wasm` is no component: it is something else",
        ),
        (
            &["push", "module.wasm", "oci:a:1"],
            "`module.wasm` is no component: it is a core module",
        ),
        (
            &["push", "none.wasm", "oci:a:1"],
            "could not read `none.wasm`: No such file or directory (os error 2)",
        ),
        (
            &["sign", "text.wasm", "--key", "release.key"],
            "`text.wasm` is no component: it is something else",
        ),
        (
            &["sign", "hello.wasm", "--key", "none.key"],
            "could not use the key file `none.key`: No such file or directory (os error 2)",
        ),
        (
            &["sign", "hello.wasm", "--key", "hello.wasm"],
            "the key file `hello.wasm` has the permissions 644, expected 600",
        ),
        (
            &["keys", "new", "release.key"],
            "`release.key` exists already, and a key is never overwritten",
        ),
        (&["pull"], "nothing is pinned: `.` has no `apps.lock`"),
        (
            &["pull", "oci:none:1"],
            &format!(
                "`{}` is no layout folder: it has no file `oci-layout`",
                machine.file("none").display()
            ),
        ),
        (
            &["pull", "oci:usb:9"],
            &format!("`oci:{}:9` does not exist", machine.file("usb").display()),
        ),
        (
            &["pull", "oci:usb:1.0", "--name", "../x"],
            "`../x` is no name of an app, expected lower-case letters, digits, `.`, `_` and `-`",
        ),
    ] {
        assert_eq!(machine.ends(2, "error: ", arguments), message);
    }
    assert_eq!(
        machine.done(&["keys", "show", "release.key"]),
        format!("{key}\n")
    );
    // A signature of an earlier build is not pushed, and signing again drops it.
    machine.write("hello.wasm", changed());
    assert_eq!(
        machine.ends(2, "error: ", &["push", "hello.wasm", &reference]),
        "`hello.wasm.sig` has a signature of another component"
    );
    machine.done(&["sign", "hello.wasm", "--key", "release.key"]);
    let text = String::from_utf8(machine.read("hello.wasm.sig")).unwrap();
    assert_eq!(Signatures::parse(&text).unwrap().claims().count(), 1);
    machine.done(&["push", "hello.wasm", &reference]);
}

#[test]
fn a_lock_that_is_a_pipe_is_not_waited_for() {
    let machine = Machine::new();
    let made = std::process::Command::new("mkfifo")
        .arg(machine.file("apps.lock"))
        .status();
    assert!(made.unwrap().success());
    let error = machine.ends(2, "error: ", &["pull"]);
    assert!(error.ends_with(": it is no regular file"), "{error}");
}
