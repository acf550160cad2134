//! What signatures say, and each way in which none will do.

use super::*;
use crate::digest::sha256;

fn wanted(name: &str, seed: u8) -> Wanted {
    Wanted {
        name: name.to_owned(),
        key: key(seed).public(),
    }
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn subject(name: &str, bytes: &[u8]) -> Subject {
    Subject {
        name: name.to_owned(),
        digest: sha256(bytes),
    }
}

fn signed(subject: Subject, seed: u8) -> Signatures {
    let mut signatures = Signatures::default();
    signatures.sign(subject, "release", &key(seed)).unwrap();
    signatures
}

#[test]
fn one_key_of_those_wanted_is_enough() {
    let app = subject("app", b"bytes");
    let mut signatures = signed(app.clone(), 1);
    signatures.add(signed(app.clone(), 2));
    signatures.add(signed(app.clone(), 2));
    let text = signatures.text();
    assert_eq!(text.lines().count(), 2);
    let read = Signatures::parse(&text).unwrap();
    assert_eq!(read, signatures);
    let keys = [wanted("other", 9), wanted("two", 2)];
    assert_eq!(read.check(&app, &keys).unwrap().name, "two");
}

#[test]
fn each_cause_is_told_from_the_others() {
    let app = subject("app", b"bytes");
    let keys = [wanted("release", 1)];
    let check = |signatures: Signatures| signatures.check(&app, &keys).unwrap_err().to_string();
    assert_eq!(
        check(Signatures::default()),
        "it is not signed, and a signature of `release` is required"
    );
    let other = key(2).public();
    assert_eq!(
        check(signed(app.clone(), 2)),
        format!("it is signed by `{other}`, and a signature of `release` is required")
    );
    let (signed_digest, digest) = (sha256(b"other"), sha256(b"bytes"));
    assert_eq!(
        check(signed(subject("app", b"other"), 1)),
        format!(
            "the signature of `release` is for the component {signed_digest}, and this one is {digest}"
        )
    );
    assert_eq!(
        check(signed(subject("x\u{1b}y", b"bytes"), 1)),
        "the signature of `release` is for `x\\u{1b}y`, and the component names itself `app`"
    );
    // The claim of a key is worth nothing.
    let text = signed(app.clone(), 2).text();
    let forged = text.replace(&other.to_string(), &key(1).public().to_string());
    assert_eq!(
        check(Signatures::parse(&forged).unwrap()),
        "the signature of `release` is not valid: the statement or the signature was changed"
    );
}

/// The envelope and the statement are formats of others: their bytes are held.
#[test]
fn the_text_is_a_dsse_envelope_with_an_in_toto_statement() {
    let text = signed(subject("app", b"bytes"), 1).text();
    let envelope: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    use base64::Engine as _;
    let payload = envelope["payload"].as_str().unwrap();
    let payload = base64::engine::general_purpose::STANDARD
        .decode(payload)
        .unwrap();
    let digest = sha256(b"bytes");
    let digest = digest.hex();
    assert_eq!(
        String::from_utf8(payload).unwrap(),
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"app","digest":{{"sha256":"{digest}"}}}}],"predicateType":"urn:fractalaw:vouched:v1","predicate":{{"signer":"release"}}}}"#
        )
    );
}

#[test]
fn every_changed_bit_of_a_signed_line_is_noticed() {
    let app = subject("app", b"bytes");
    let keys = [wanted("release", 1)];
    let text = signed(app.clone(), 1).text();
    for index in 0..text.trim_end().len() {
        let mut bytes = text.clone().into_bytes();
        bytes[index] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else {
            continue;
        };
        let Ok(read) = Signatures::parse(&changed) else {
            continue;
        };
        // The claimed key is not signed: it only helps messages.
        let claims = text.find("keyid").unwrap()..text.find("\",\"sig\"").unwrap();
        let near = &changed[index.saturating_sub(9)..(index + 9).min(changed.len())];
        assert!(
            read.check(&app, &keys).is_err() || claims.contains(&index),
            "{near}"
        );
    }
}

#[test]
fn too_many_and_malformed_lines_are_named() {
    let app = subject("app", b"bytes");
    let line = signed(app.clone(), 1).text();
    let many = line.repeat(SIGNATURES + 1);
    assert_eq!(
        Signatures::parse(&many).unwrap_err().to_string(),
        "line 65: more than 64 signatures"
    );
    for (text, message) in [
        (
            "{",
            "line 1: EOF while parsing an object at line 1 column 1",
        ),
        (
            r#"{"payloadType":"x","payload":"","signatures":[]}"#,
            "line 1: `payloadType` is `x`, expected `application/vnd.in-toto+json`",
        ),
    ] {
        assert_eq!(Signatures::parse(text).unwrap_err().to_string(), message);
    }
    let deep = "[".repeat(100_000);
    assert!(Signatures::parse(&deep).is_err());
}

#[test]
fn a_signer_has_a_plain_name() {
    let mut signatures = Signatures::default();
    for bad in ["", "a\nb", &"x".repeat(SIGNER_BYTES + 1)] {
        assert!(signatures.sign(subject("app", b"x"), bad, &key(1)).is_err());
    }
    assert!(signatures.is_empty());
}
