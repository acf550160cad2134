//! Who vouches for a component: a policy that requires signatures, and the lock beside a component. Both decide before
//! anything is compiled or taken from the cache.

use std::fs;
use std::path::{Path, PathBuf};

use fractalaw_host::{
    Code, Durability, Host, HostError, Inspection, LoadError, Outcome, Policy, Refusal, Run,
};
use fractalaw_provenance::{Lock, Locked, SecretKey, Signatures, Subject, beside, sha256};
use fractalaw_testing::Lab;
use tempfile::TempDir;

use crate::components::{RUNTIME, component, guest_bytes};

const NAME: &str = "hello-world";

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn signed(bytes: &[u8], name: &str, key: &SecretKey) -> Signatures {
    let subject = Subject {
        name: name.to_owned(),
        digest: sha256(bytes),
    };
    let mut signatures = Signatures::default();
    signatures.sign(subject, "release", key).unwrap();
    signatures
}

/// Every micro-app needs the signature of the first key.
fn policy() -> Policy {
    let key = key(1).public();
    let text = format!("[keys]\nrelease = \"{key}\"\n[all]\nrequire-signature = \"release\"\n");
    Policy::parse(Path::new("policy.toml"), &text).unwrap()
}

fn strict() -> Host {
    Host::builder().slots(1).policy(policy()).build().unwrap()
}

/// A component in a folder of its own.
struct Place {
    folder: TempDir,
    component: PathBuf,
}

impl Place {
    fn of(bytes: &[u8]) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let component = folder.path().join("app.wasm");
        fs::write(&component, bytes).unwrap();
        Place { folder, component }
    }

    fn sign(&self, signatures: &str) {
        fs::write(beside(&self.component), signatures).unwrap();
    }

    fn lock(&self, bytes: &[u8]) {
        let mut lock = Lock::default();
        let locked = Locked {
            reference: "registry.example/app:1".to_owned(),
            manifest: sha256(b"manifest"),
            component: sha256(bytes),
            bytes: bytes.len() as u64,
        };
        lock.apps.insert("app".to_owned(), locked);
        lock.write(self.folder.path()).unwrap();
    }

    /// Why it is refused; the same wherever it is loaded.
    fn refused(&self, host: &Host, policy: Option<&Policy>) -> Refusal {
        let report = RUNTIME
            .block_on(host.run_file(&self.component, &Run::new()))
            .unwrap();
        let Outcome::Refused(refusal) = report.outcome else {
            panic!("{:?}", report.outcome)
        };
        match host.load_file(&self.component) {
            Err(LoadError::Refused(other)) => assert_eq!(other, refusal),
            other => panic!("{other:?}"),
        }
        match host.load_profiled_file(&self.component) {
            Err(error) => assert_eq!(error.to_string(), refusal.to_string()),
            Ok(_) => panic!("it is profiled"),
        }
        let inspection = Inspection::of_file(&self.component, host.offer()).unwrap();
        let verdict = inspection.verdict(&Run::new(), policy).unwrap();
        assert_eq!(verdict.refusal.as_ref(), Some(&refusal));
        refusal
    }

    fn completes(&self, host: &Host) {
        let report = RUNTIME
            .block_on(host.run_file(&self.component, &Run::new()))
            .unwrap();
        assert_eq!(report.outcome.kind(), "completed");
    }
}

#[test]
fn only_a_component_that_a_required_key_signed_starts() {
    let (bytes, host) = (guest_bytes(NAME), strict());
    let place = Place::of(&bytes);
    let refused = || {
        let refusal = place.refused(&host, Some(&policy()));
        assert_eq!(refusal.kind(), "not-signed");
        assert!(!refusal.hint().is_empty());
        refusal.to_string()
    };
    assert_eq!(
        refused(),
        "it is not signed, and a signature of `release` is required"
    );
    let other = key(2).public();
    place.sign(&signed(&bytes, NAME, &key(2)).text());
    assert_eq!(
        refused(),
        format!("it is signed by `{other}`, and a signature of `release` is required")
    );
    place.sign(&signed(&bytes, "duty-finder", &key(1)).text());
    assert_eq!(
        refused(),
        "the signature of `release` is for `duty-finder`, and the component names itself `hello-world`"
    );
    let good = signed(&bytes, NAME, &key(1)).text();
    place.sign(&format!("{good}no JSON\n"));
    assert_eq!(
        refused(),
        format!(
            "its signatures cannot be read: `{}`, line 2: expected ident at line 1 column 2",
            beside(&place.component).display()
        )
    );
    place.sign(&good);
    place.completes(&host);
    // One byte of the component that does not change what it does.
    let mut flipped = bytes.clone();
    let at = flipped.windows(4).position(|four| four == b"rust").unwrap();
    flipped[at] ^= 1;
    fs::write(&place.component, &flipped).unwrap();
    assert_eq!(
        refused(),
        format!(
            "the signature of `release` is for the component {}, and this one is {}",
            sha256(&bytes),
            sha256(&flipped)
        )
    );
}

#[test]
fn signatures_come_with_bytes_too() {
    let (bytes, host) = (guest_bytes(NAME), strict());
    let good = signed(&bytes, NAME, &key(1));
    host.load_signed(&bytes, &good).unwrap();
    for error in [
        host.load(&bytes).unwrap_err(),
        host.load_signed(&bytes, &signed(&bytes, NAME, &key(2)))
            .unwrap_err(),
    ] {
        let LoadError::Refused(refusal) = error else {
            panic!("{error:?}")
        };
        assert_eq!(refusal.kind(), "not-signed");
    }
}

#[test]
fn the_most_specific_section_says_whose_signature() {
    let bytes = guest_bytes(NAME);
    let (one, two, digest) = (key(1).public(), key(2).public(), sha256(&bytes));
    let digest = digest.hex();
    for (text, signer, starts) in [
        (format!("[all]\nrequire-signature = \"{one}\"\n"), 1, true),
        (format!("[all]\nrequire-signature = \"{one}\"\n"), 2, false),
        (
            format!("[all]\nrequire-signature = [\"{one}\", \"{two}\"]\n"),
            2,
            true,
        ),
        (
            format!("[apps.other]\nrequire-signature = \"{one}\"\n"),
            2,
            true,
        ),
        (
            format!("[apps.{NAME}]\nrequire-signature = \"{one}\"\n"),
            2,
            false,
        ),
        (
            format!("[groups.g]\napps = [\"{NAME}\"]\nrequire-signature = \"{one}\"\n"),
            2,
            false,
        ),
        (
            format!(
                "[all]\nrequire-signature = \"{one}\"\n[apps.{NAME}]\nrequire-signature = \"{two}\"\n"
            ),
            2,
            true,
        ),
        (
            format!(
                "[apps.{NAME}]\nrequire-signature = \"{one}\"\n[apps.\"@{digest}\"]\nrequire-signature = \"{two}\"\n"
            ),
            1,
            false,
        ),
    ] {
        let policy = Policy::parse(Path::new("p.toml"), &text).unwrap();
        let host = Host::builder().slots(1).policy(policy).build().unwrap();
        let loaded = host.load_signed(&bytes, &signed(&bytes, NAME, &key(signer)));
        assert_eq!(loaded.is_ok(), starts, "{text}");
    }
}

/// The host would say `invalid` of the first one if it had looked at its code, and would have the second one's code.
#[test]
fn nothing_is_compiled_or_taken_from_the_cache_before() {
    let mut invalid = component("", "");
    let end = invalid.windows(2).rposition(|two| two == [0x0b, 0x0b]);
    let end = end.unwrap_or(invalid.len() - 2);
    invalid[end] = 0xff;
    let place = Place::of(&invalid);
    let host = strict();
    match host.load_file(&place.component) {
        Err(LoadError::Refused(refusal)) => assert_eq!(refusal.kind(), "not-signed"),
        other => panic!("{other:?}"),
    }

    let (bytes, cache) = (guest_bytes(NAME), tempfile::tempdir().unwrap());
    let place = Place::of(&bytes);
    let open = Host::builder()
        .slots(1)
        .cache(cache.path())
        .build()
        .unwrap();
    open.load_file(&place.component).unwrap();
    assert_eq!(
        open.load_file(&place.component).unwrap().code(),
        Code::Cached
    );
    let strict = Host::builder()
        .slots(1)
        .cache(cache.path())
        .policy(policy())
        .build()
        .unwrap();
    assert_eq!(place.refused(&strict, Some(&policy())).kind(), "not-signed");
    place.sign(&signed(&bytes, NAME, &key(1)).text());
    assert_eq!(
        strict.load_file(&place.component).unwrap().code(),
        Code::Cached
    );
    place.completes(&strict);
}

#[test]
fn a_file_that_differs_from_its_lock_is_refused() {
    let (bytes, cache) = (guest_bytes(NAME), tempfile::tempdir().unwrap());
    let other = guest_bytes("duty-finder");
    let place = Place::of(&bytes);
    let host = Host::builder()
        .slots(1)
        .cache(cache.path())
        .build()
        .unwrap();
    place.lock(&bytes);
    place.completes(&host);
    // Its code is in the cache, under its own digest.
    let free = Place::of(&other);
    host.load_file(&free.component).unwrap();
    fs::write(&place.component, &other).unwrap();
    let refusal = place.refused(&host, None);
    assert_eq!(refusal.kind(), "not-as-locked");
    let (found, pinned) = (sha256(&other), sha256(&bytes));
    assert_eq!(
        refusal.to_string(),
        format!("it is {found}, and `apps.lock` beside it pins {pinned}")
    );
    // Another name is not pinned.
    fs::rename(&place.component, place.folder.path().join("other.wasm")).unwrap();
    host.load_file(place.folder.path().join("other.wasm"))
        .unwrap();
}

#[test]
fn a_lock_that_cannot_be_used_is_an_error() {
    let place = Place::of(&guest_bytes(NAME));
    let lock = place.folder.path().join("apps.lock");
    fs::write(&lock, "version = 7\n").unwrap();
    let host = Host::builder().slots(1).build().unwrap();
    let error = RUNTIME
        .block_on(host.run_file(&place.component, &Run::new()))
        .unwrap_err();
    assert!(matches!(error, HostError::Lock(_)) && error.is_usage());
    assert_eq!(
        error.to_string(),
        format!(
            "could not use `{}`: its version is 7, expected 1",
            lock.display()
        )
    );
    assert!(error.hint().is_some());
}

/// An auditor sees which component somebody tried to start.
#[test]
fn the_ledger_has_what_was_refused() {
    let lab = Lab::new();
    let bytes = guest_bytes(NAME);
    let place = Place::of(&bytes);
    let host = Host::builder()
        .slots(1)
        .policy(policy())
        .ledger(&lab.path, Durability::Run);
    let host = host.build().unwrap();
    RUNTIME
        .block_on(host.run_file(&place.component, &Run::new()))
        .unwrap();
    let details: Vec<serde_json::Value> = lab
        .entries()
        .iter()
        .map(|entry| serde_json::from_str(&entry.detail).unwrap())
        .collect();
    assert_eq!(details[0]["sha256"], sha256(&bytes).hex());
    assert_eq!(
        details[1]["message"],
        "refused: it is not signed, and a signature of `release` is required"
    );
}
