//! Versions take each other's place while runs go on.

use fractalaw_host::Tier;
use fractalaw_provenance::{Lock, Locked, SecretKey, Signatures, Subject, sha256};
use fractalaw_serve::request::Request;
use fractalaw_testing::{RUNTIME, component, with_manifest};

use crate::lab::*;

pub(crate) const ONE: &str = "[apps.a]\nsource = \"a.wasm\"\n";

pub(crate) fn reload(running: &Running) -> Result<(), String> {
    let reloaded = running.ask(Request::Reload {
        app: Some("a".to_owned()),
    });
    reloaded.map(drop)
}

#[test]
fn a_new_file_runs_from_the_next_event_on_and_can_be_rolled_back() {
    let site = Site::new(ONE);
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let first = running.digest("a");
    running.emit("go");
    site.write("a.wasm", &app(2, ""));
    reload(&running).unwrap();
    let second = running.digest("a");
    assert_ne!(first, second);
    assert_eq!(running.app("a").previous.as_ref(), Some(&first));
    running.emit("go");
    RUNTIME.block_on(running.supervisor.roll_back("a")).unwrap();
    assert_eq!(running.digest("a"), first);
    assert_eq!(running.app("a").bad, std::slice::from_ref(&second));
    assert_eq!(running.app("a").previous, None);
    running.emit("go");
    let error = RUNTIME.block_on(running.supervisor.roll_back("a"));
    assert_eq!(
        error.unwrap_err().to_string(),
        "there is no version before it"
    );
    running.stop();
    // What ran last runs after a start, although the file has the other.
    let running = site.start();
    assert_eq!(running.digest("a"), first);
    running.emit("go");
    running.stop();
    let digests: Vec<_> = site
        .outcomes()
        .into_iter()
        .map(|(digest, _)| digest)
        .collect();
    assert_eq!(
        digests,
        [&first, &second, &first, &first].map(String::clone)
    );
}

#[test]
fn files_are_looked_at_without_being_told() {
    let site = Site::new(ONE);
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let first = running.digest("a");
    site.write("a.wasm", &app(2, ""));
    running.supervisor.look();
    until("the new version", || running.digest("a") != first);
    running.stop();
}

#[test]
fn three_traps_in_the_first_five_runs_put_the_old_version_back_and_offer_what_is_dead_again() {
    let site = Site::new(&format!("{ONE}retry = 1\n"));
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let first = running.digest("a");
    site.write("a.wasm", &app(2, TRAP));
    reload(&running).unwrap();
    let bad = running.digest("a");
    running.emit("go");
    // A start goes on counting.
    running.stop();
    let running = site.start();
    running.emit("go");
    assert_eq!(running.left(), ["a dead 1 trap", "a dead 1 trap"]);
    running.send("go");
    // Two more traps, and then the same three events with the old version.
    running.ended(5);
    assert_eq!(running.digest("a"), first);
    assert_eq!(running.app("a").bad, std::slice::from_ref(&bad));
    assert_eq!(running.left(), [] as [&str; 0]);
    // The file still has the bad one, which is not taken by itself.
    running.supervisor.look();
    running.emit("go");
    assert_eq!(running.digest("a"), first);
    running.stop();
    let outcomes = site.outcomes();
    let of = |digest: &str, outcome: &str| {
        let same = outcomes
            .iter()
            .filter(|(of, ended)| of == digest && ended.as_deref() == Some(outcome));
        same.count()
    };
    assert_eq!((of(&bad, "trap"), of(&first, "completed")), (3, 4));
}

#[test]
fn a_version_that_asks_for_more_or_fails_its_check_leaves_the_old_one() {
    let site = Site::new(&format!("{ONE}check = true\n"));
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let first = running.digest("a");
    let mut greedy = manifest(&["go", "stop"]);
    greedy.env = vec!["SECRET".to_owned()];
    let greedy = with_manifest(&component("", ""), &greedy);
    for (bytes, note) in [
        (greedy, "asks for more than it is granted"),
        (app(3, TRAP), "does not pass its check: trap"),
        (app(4, ERROR), "does not pass its check: guest error"),
        (b"\0asm".to_vec(), "is refused"),
    ] {
        site.write("a.wasm", &bytes);
        let error = reload(&running).unwrap_err();
        assert!(error.contains(note), "{error}");
        assert_eq!(running.app("a").note, Some(error));
        assert_eq!(running.digest("a"), first);
        // What is not taken takes no room.
        let copies = std::fs::read_dir(site.file(".fractalaw/components")).unwrap();
        assert_eq!(copies.count(), 1);
    }
    std::fs::remove_file(site.file("a.wasm")).unwrap();
    let error = reload(&running).unwrap_err();
    assert_eq!(
        error,
        format!("`{}` does not exist", site.file("a.wasm").display())
    );
    assert_eq!(running.emit("go").completed, Some(1));
    running.stop();
    // The checks are not in the ledger.
    assert_eq!(site.outcomes(), [(first, Some("completed".to_owned()))]);
}

/// The signatures of a component by a key.
fn signed(bytes: &[u8], key: &SecretKey) -> String {
    let subject = Subject {
        name: String::new(),
        digest: sha256(bytes),
    };
    let mut signatures = Signatures::default();
    signatures.sign(subject, "release", key).unwrap();
    signatures.text()
}

/// A site whose policy requires the signature of a key.
fn requiring(key: &SecretKey) -> Site {
    let site = Site::new(ONE);
    let policy = format!("{POLICY}require-signature = \"{}\"\n", key.public());
    site.write("policy.toml", policy.as_bytes());
    site
}

/// The signature is copied with the component, so that a start runs what ran before.
#[test]
fn a_version_is_taken_once_a_required_key_has_signed_it() {
    let key = SecretKey::from_seed(&[1; 32]);
    let sign = |bytes: &[u8]| signed(bytes, &key);
    let site = requiring(&key);
    let (one, two) = (app(1, ""), app(2, ""));
    site.write("a.wasm.sig", sign(&one).as_bytes());
    site.write("a.wasm", &one);
    let running = site.start();
    let first = running.digest("a");
    site.write("a.wasm", &two);
    let error = reload(&running).unwrap_err();
    assert!(
        error.contains(&format!("is for the component {}", sha256(&one))),
        "{error}"
    );
    assert_eq!(running.digest("a"), first);
    // Only the file of the signatures is new.
    site.write("a.wasm.sig", sign(&two).as_bytes());
    running.supervisor.look();
    until("the new version", || running.digest("a") != first);
    running.stop();
    std::fs::remove_file(site.file("a.wasm.sig")).unwrap();
    let running = site.start();
    assert_eq!(running.digest("a"), sha256(&two).hex());
    running.emit("go");
    running.stop();
}

/// Who brings a version writes its signatures before it. Those of the version that runs are kept.
#[test]
fn signatures_of_the_next_version_take_none_from_the_one_before() {
    let key = SecretKey::from_seed(&[1; 32]);
    let site = requiring(&key);
    let (one, two) = (app(1, ""), app(2, ""));
    site.write("a.wasm.sig", signed(&one, &key).as_bytes());
    site.write("a.wasm", &one);
    let running = site.start();
    let first = running.digest("a");
    site.write("a.wasm.sig", signed(&two, &key).as_bytes());
    reload(&running).unwrap();
    assert_eq!(running.digest("a"), first);
    site.write("a.wasm", &two);
    reload(&running).unwrap();
    assert_eq!(running.digest("a"), sha256(&two).hex());
    running.stop();
    // A start has nothing in memory, so the copies are read.
    let running = site.start();
    RUNTIME.block_on(running.supervisor.roll_back("a")).unwrap();
    assert_eq!(running.digest("a"), first);
    running.emit("go");
    running.stop();
}

#[test]
fn a_file_that_differs_from_its_lock_is_not_taken() {
    let site = Site::new(ONE);
    let (one, two) = (app(1, ""), app(2, ""));
    let mut lock = Lock::default();
    let locked = Locked {
        reference: "registry.example/a:1".to_owned(),
        manifest: sha256(b"manifest"),
        component: sha256(&one),
        bytes: one.len() as u64,
    };
    lock.apps.insert("a".to_owned(), locked);
    lock.write(site.path()).unwrap();
    site.write("a.wasm", &one);
    let running = site.start();
    let first = running.digest("a");
    site.write("a.wasm", &two);
    assert_eq!(
        reload(&running).unwrap_err(),
        format!(
            "`{}` is refused: it is {}, and `apps.lock` beside it pins {}",
            site.file("a.wasm").display(),
            sha256(&two),
            sha256(&one)
        )
    );
    assert_eq!(running.digest("a"), first);
    // The lock is corrected, and the file stays as it is.
    lock.apps.get_mut("a").unwrap().component = sha256(&two);
    lock.apps.get_mut("a").unwrap().bytes = two.len() as u64;
    lock.write(site.path()).unwrap();
    running.supervisor.look();
    until("the new version", || running.app("a").note.is_none());
    assert_eq!(running.digest("a"), sha256(&two).hex());
    running.stop();
}

/// The file has the version that ran, so the pin does not forbid it.
#[test]
fn a_pinned_app_whose_copy_is_damaged_runs_again() {
    let site = Site::new(ONE);
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let first = running.digest("a");
    let pin = Request::Pin {
        app: "a".to_owned(),
        pinned: true,
    };
    running.ask(pin).unwrap();
    running.stop();
    let copies = site.file(".fractalaw/components");
    std::fs::write(copies.join(format!("{first}.wasm")), b"damaged").unwrap();
    let running = site.start();
    assert_eq!(running.digest("a"), first);
    assert_eq!(running.app("a").note, None);
    assert_eq!(running.emit("go").completed, Some(1));
    running.stop();
}

#[test]
fn what_the_policy_no_longer_grants_is_told_as_long_as_it_is_so() {
    let site = Site::new(ONE);
    site.write("a.wasm", &app(1, ""));
    site.start().stop();
    site.write("policy.toml", b"[apps.b]\non.go = true\n");
    let running = site.start();
    let digest = running.digest("a");
    let note = reload(&running).unwrap_err();
    assert!(
        note.starts_with(&format!("{digest} asks for more than it is granted: ")),
        "{note}"
    );
    assert_eq!(running.app("a").note, Some(note));
    running.stop();
}

#[test]
fn a_pinned_app_keeps_its_version() {
    let site = Site::new(ONE);
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let first = running.digest("a");
    let pin = |pinned| {
        let app = "a".to_owned();
        running.ask(Request::Pin { app, pinned }).unwrap();
    };
    pin(true);
    site.write("a.wasm", &app(2, ""));
    running.supervisor.look();
    until("the note", || running.app("a").note.is_some());
    assert_eq!(running.digest("a"), first);
    pin(false);
    running.supervisor.look();
    until("the new version", || running.app("a").note.is_none());
    assert_ne!(running.digest("a"), first);
    running.stop();
}

#[test]
fn a_swap_that_drains_waits_for_runs_of_the_old_version() {
    let site = Site::new(&format!("{ONE}swap = \"drain\"\n"));
    let mut heavy = manifest(&["go"]);
    heavy.tier = Tier::Heavy;
    site.write("policy.toml", b"[all]\non.go = true\ntier = \"heavy\"\n");
    // It ends by its fuel, after a second or so.
    site.write("a.wasm", &with_manifest(&component("", ENDLESS), &heavy));
    let running = site.start();
    let first = running.digest("a");
    running.send("go");
    until("the run", || !running.app("a").in_flight.is_empty());
    site.write("a.wasm", &app(2, ""));
    reload(&running).unwrap();
    // The swap is over, so the run has ended.
    let ran = running.ran();
    assert_eq!(ran.len(), 1);
    assert!(
        ran[0] == "a go from test 1 out-of-fuel" || ran[0] == "a go from test 1 deadline-exceeded",
        "{ran:?}"
    );
    assert_ne!(running.digest("a"), first);
    running.stop();
}

#[test]
fn a_source_that_is_no_file_is_not_waited_for() {
    let site = Site::new("[apps.a]\nsource = \"pipe\"\n[apps.b]\nsource = \"b.wasm\"\n");
    let made = std::process::Command::new("mkfifo")
        .arg(site.file("pipe"))
        .status();
    assert!(made.unwrap().success());
    site.write("b.wasm", &app(1, ""));
    let running = site.start();
    let note = format!(
        "`{}` is no regular file, expected a component",
        site.file("pipe").display()
    );
    assert_eq!(running.app("a").note, Some(note));
    assert_eq!(running.emit("go").completed, Some(1));
    running.stop();
}

/// A copy may be damaged, and somebody may have put another component there.
#[test]
fn a_copy_that_is_another_component_does_not_run_and_is_made_again() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\n");
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let digest = running.digest("a");
    running.stop();
    let copy = site.file(&format!(".fractalaw/components/{digest}.wasm"));
    let good = std::fs::read(&copy).unwrap();
    for (other, why) in [
        (
            app(2, TRAP),
            "does not load: its copy is another component".to_owned(),
        ),
        (
            good[..good.len() - 1].to_vec(),
            "is refused: not a component".to_owned(),
        ),
    ] {
        std::fs::write(&copy, other).unwrap();
        let source = std::fs::read(site.file("a.wasm")).unwrap();
        std::fs::remove_file(site.file("a.wasm")).unwrap();
        let running = site.start();
        assert_eq!(running.digest("a"), digest);
        running.send("go");
        site.write("a.wasm", &source);
        reload(&running).unwrap();
        assert_eq!(running.emit("go").completed, Some(1));
        running.stop();
        assert_eq!(std::fs::read(&copy).unwrap(), good, "{why}");
    }
    let all = site.outcomes();
    assert!(
        all.iter()
            .all(|(of, outcome)| { *of == digest && outcome.as_deref() == Some("completed") })
    );
    assert_eq!(all.len(), 4);
}
