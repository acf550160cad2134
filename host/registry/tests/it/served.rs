//! Registries that lead elsewhere and that mislead. Whatever they answer, nothing is written that was not verified.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use crate::artifact::*;
use crate::lab::*;
use crate::server::*;

#[test]
fn a_component_is_pulled_from_a_registry() {
    let (machine, server) = (Machine::new(), serving(artifact()));
    let ended = pulled(&machine, &server);
    assert_eq!((ended.code, &*ended.err), (0, ""));
    assert_eq!(machine.read("hello.wasm"), component());
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| asked.authorization().is_none())
    );
}

/// What a registry answers, and what is said of it.
#[test]
fn answers_that_mislead_are_told_apart() {
    let manifest = pushed_by_wkg("manifest.json");
    let layer = format!("GET /v2/x/blobs/{}", digest(&component()));
    let tag = "GET /v2/x/manifests/1".to_owned();
    let huge = answer(200, vec![b' '; (4 << 20) + 1]);
    let long = answer(200, [component(), vec![0]].concat());
    let cases = [
        (
            tag.clone(),
            huge,
            3,
            "refused: `HOST` sends more than 4194304 bytes for `/v2/x/manifests/1`",
        ),
        (
            layer.clone(),
            long,
            3,
            &*format!(
                "refused: `HOST` sends more than 636 bytes for `{}`",
                &layer[4..]
            ),
        ),
        (
            layer.clone(),
            answer(
                200,
                changed()[..636].iter().rev().copied().collect::<Vec<_>>(),
            ),
            3,
            "refused: the component has the digest ",
        ),
        (
            layer.clone(),
            answer(200, component()).with("content-length", "1000"),
            10,
            "error: the answer of `HOST` breaks off: ",
        ),
        (
            tag.clone(),
            answer(200, r#"{"schemaVersion":2,"manifests":[{}]}"#),
            3,
            "refused: `HOST/x:1` is no component: an index of 1 manifests, expected one component",
        ),
        (
            tag.clone(),
            answer(404, ""),
            2,
            "error: `HOST/x:1` does not exist",
        ),
        (
            tag.clone(),
            answer(
                500,
                json!({ "errors": [{ "code": "\u{1b}[31m", "message": "x".repeat(500) }] })
                    .to_string(),
            ),
            10,
            &*format!(
                "error: `HOST` answers 500 \\u{{1b}}[31m: {}",
                "x".repeat(193)
            ),
        ),
        (
            tag.clone(),
            answer(302, "").with("location", "http://elsewhere.invalid/"),
            3,
            "refused: a request would go to `elsewhere.invalid` over `http`, expected `https`",
        ),
        (
            tag.clone(),
            answer(302, "").with("location", "file:///etc/passwd"),
            3,
            "refused: a request would go to `` over `file`, expected `https`",
        ),
        (
            tag.clone(),
            answer(302, "").with("location", "/v2/x/manifests/1"),
            10,
            "error: `127.0.0.1` redirects more than 5 times",
        ),
        (
            tag.clone(),
            answer(302, ""),
            10,
            "error: `HOST` answers 302 and not where to go on",
        ),
        (
            tag.clone(),
            answer(401, ""),
            10,
            "error: `HOST` asks for credentials in a way that is not known",
        ),
    ];
    for (path, bad, code, message) in cases {
        let mut answers = artifact();
        answers.insert(path, bad);
        let (machine, server) = (Machine::new(), serving(answers));
        let ended = pulled(&machine, &server);
        let message = message.replace("HOST", &server.host);
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(
            ended.err.starts_with(&message),
            "{ended:?}, expected {message}"
        );
        assert!(machine.is_empty());
    }
    // A digest in the reference is that of the manifest.
    let mut answers = artifact();
    let asked_for = digest(b"another");
    answers.insert(
        format!("GET /v2/x/manifests/{asked_for}"),
        answer(200, manifest.clone()),
    );
    let (machine, server) = (Machine::new(), serving(answers));
    let reference = format!("{}/x@{asked_for}", server.host);
    assert_eq!(
        machine.refused(&["pull", &reference, "--name", "hello"]),
        format!(
            "the manifest has the digest {}, expected {asked_for}",
            digest(&manifest)
        )
    );
}

/// A registry that lists referrers itself is not asked for the list under a tag.
#[test]
fn signatures_are_found_through_the_list_of_referrers() {
    let machine = Machine::new();
    let key = machine.key("release.key");
    machine.write("hello.wasm", component());
    machine.done(&["sign", "hello.wasm", "--key", "release.key"]);
    machine.done(&["push", "hello.wasm", "oci:a:1"]);
    let index: serde_json::Value = serde_json::from_slice(&machine.read("a/index.json")).unwrap();
    let manifests = index["manifests"].as_array().unwrap();
    let mut answers = BTreeMap::new();
    for entry in fs::read_dir(machine.file("a/blobs/sha256")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for kind in ["manifests", "blobs"] {
            answers.insert(
                format!("GET /v2/x/{kind}/{}", digest(&bytes)),
                answer(200, bytes.clone()),
            );
        }
    }
    let component = manifests[0]["digest"].as_str().unwrap();
    answers.insert(
        "GET /v2/x/manifests/1".to_owned(),
        answers[&format!("GET /v2/x/manifests/{component}")].clone(),
    );
    let other = json!({ "mediaType": MANIFEST, "digest": digest(b""), "size": 0, "artifactType": "application/sbom" });
    let listed = json!({ "schemaVersion": 2, "manifests": [other, manifests[1]] });
    let listed = answer(200, listed.to_string())
        .with("content-type", "application/vnd.oci.image.index.v1+json");
    answers.insert(format!("GET /v2/x/referrers/{component}"), listed);
    let server = serving(answers);
    let second = Machine::new();
    let reference = format!("{}/x:1", server.host);
    second.done(&["pull", &reference, "--name", "hello", "--signed-by", &key]);
    assert_eq!(
        second.read("hello.wasm.sig"),
        machine.read("hello.wasm.sig")
    );
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| !asked.what.contains("/sha256-"))
    );
}

#[test]
fn a_component_is_uploaded_where_the_registry_says() {
    let server = Server::start(|own, asked| {
        let (method, path) = asked.what.split_once(' ').unwrap();
        match method {
            "POST" => {
                answer(202, "").with("location", format!("http://{own}/uploads/1?state=a%20b"))
            }
            "PUT" if path.starts_with("/uploads/1?state=a%20b&digest=sha256%3A") => answer(201, ""),
            "PUT" if path == "/v2/x/manifests/1" => answer(201, ""),
            _ => answer(404, ""),
        }
    });
    let machine = Machine::new();
    machine.write("hello.wasm", component());
    machine.done(&["push", "hello.wasm", &format!("{}/x:1", server.host)]);
    let asked = server.asked();
    let bodies: Vec<_> = asked
        .iter()
        .filter(|asked| asked.what.starts_with("PUT /uploads/"))
        .collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0].body, component());
    let manifest = asked.last().unwrap();
    assert_eq!(manifest.headers["content-type"], MANIFEST);
}
