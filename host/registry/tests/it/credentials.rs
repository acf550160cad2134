//! Registries that ask who comes. Secrets are never printed, and never sent anywhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::artifact::*;
use crate::lab::*;
use crate::server::*;

#[test]
fn credentials_come_from_variables_from_docker_and_from_its_helpers() {
    let logged_in = json!({ "auth": "YWRhOm9wZW4gc2VzYW1l" });
    for kind in ["variables", "config", "folder", "helper", "store"] {
        let mut machine = Machine::new();
        let inner = artifact();
        let server = Server::start(move |_, asked| match asked.authorization() {
            Some(BASIC) => inner
                .get(&asked.what)
                .cloned()
                .unwrap_or_else(|| answer(404, "")),
            _ => answer(401, "").with("www-authenticate", "Basic realm=\"registry\""),
        });
        let helped = r#"#!/bin/sh
read host
echo "{\"ServerURL\":\"$host\",\"Username\":\"ada\",\"Secret\":\"open sesame\"}"
"#;
        let host = &server.host;
        match kind {
            "variables" => {
                machine.set("FRACTALAW_REGISTRY_USERNAME", "ada");
                machine.set("FRACTALAW_REGISTRY_PASSWORD", "open sesame");
            }
            "config" => machine.write(
                ".docker/config.json",
                json!({ "auths": { host: logged_in } }).to_string(),
            ),
            "folder" => {
                machine.write(
                    "docker/config.json",
                    json!({ "auths": { format!("https://{host}"): logged_in } }).to_string(),
                );
                let folder = machine.file("docker").display().to_string();
                machine.set("DOCKER_CONFIG", &folder);
            }
            _ => {
                let config = match kind {
                    "helper" => json!({ "credHelpers": { host: "test" } }),
                    _ => json!({ "auths": { host: {} }, "credsStore": "test" }),
                };
                machine.write(".docker/config.json", config.to_string());
                machine.write("docker-credential-test", helped);
                let program = machine.file("docker-credential-test");
                fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        let ended = pulled(&machine, &server);
        assert_eq!((ended.code, &*ended.err), (0, ""), "{kind}");
        // They are sent only when the registry asks, and then kept.
        let asked = server.asked();
        assert_eq!(asked[0].authorization(), None);
        assert!(
            asked[1..]
                .iter()
                .all(|asked| asked.authorization() == Some(BASIC)),
            "{kind}"
        );
    }
}

#[test]
fn a_registry_without_credentials_or_with_wrong_ones_says_so() {
    let server = Server::start(|_, asked| {
        let echoed = asked.authorization().unwrap_or_default();
        let body =
            json!({ "errors": [{ "code": "UNAUTHORIZED", "message": format!("not {echoed}") }] });
        answer(401, body.to_string()).with("www-authenticate", "Basic realm=\"x\"")
    });
    let mut machine = Machine::new();
    let host = &server.host;
    let ended = pulled(&machine, &server);
    let first = ended.err.lines().next().unwrap().to_owned();
    assert_eq!(
        (ended.code, first),
        (
            10,
            format!("error: `{host}` asks who you are, and there are no credentials for it")
        )
    );
    machine.write(".docker/config.json", "{\n  \"auths\": \"open sesame\" }");
    let ended = pulled(&machine, &server);
    assert_eq!(ended.code, 2);
    assert!(
        ended.err.contains("is not Docker's configuration, line 2"),
        "{ended:?}"
    );
    machine.set("FRACTALAW_REGISTRY_USERNAME", "ada");
    let ended = pulled(&machine, &server);
    assert_eq!(ended.code, 2);
    assert!(
        ended
            .err
            .starts_with("error: the variable `FRACTALAW_REGISTRY_USERNAME` is set, and")
    );
    machine.set("FRACTALAW_REGISTRY_PASSWORD", "open sesame");
    let ended = pulled(&machine, &server);
    assert_eq!(ended.code, 10);
    // The registry repeats the secret, and it is not shown.
    let first = ended.err.lines().next().unwrap();
    assert_eq!(
        first,
        format!("error: `{host}` refuses the credentials: 401 UNAUTHORIZED: not Basic …")
    );
    assert!(machine.is_empty());
}

/// A server can repeat what it got, or what is in it.
#[test]
fn a_secret_that_a_server_repeats_is_not_shown() {
    for (refuses, token) in [("/token", ""), ("/v2/", "t0ken-of-ada")] {
        let server = Server::start(move |own, asked| match asked.authorization() {
            Some(key) if asked.what.contains(refuses) => {
                let message = format!("not {key}, ada:open sesame or {token}");
                let body = json!({ "errors": [{ "code": "DENIED", "message": message }] });
                answer(401, body.to_string())
            }
            Some(_) => answer(200, json!({ "token": "t0ken-of-ada" }).to_string()),
            None => answer(401, "").with(
                "www-authenticate",
                format!("Bearer realm=\"http://{own}/token\",service=\"x\""),
            ),
        });
        let mut machine = Machine::new();
        machine.set("FRACTALAW_REGISTRY_USERNAME", "ada");
        machine.set("FRACTALAW_REGISTRY_PASSWORD", "open sesame");
        let ended = pulled(&machine, &server);
        let (scheme, token) = if token.is_empty() {
            ("Basic", "")
        } else {
            ("Bearer", "…")
        };
        assert_eq!(
            ended.err.lines().next().unwrap(),
            format!(
                "error: `{}` refuses the credentials: 401 DENIED: not {scheme} …, ada:… or {token}",
                server.host
            )
            .trim_end()
        );
    }
}

#[test]
fn a_token_is_got_where_the_registry_says_and_sent_to_the_registry_alone() {
    let inner = artifact();
    let server = Server::start(move |own, asked| {
        match (&*asked.what, asked.authorization()) {
        ("GET /token?service=registry&scope=repository%3Ax%3Apull", Some(BASIC)) => {
            answer(200, json!({ "token": "t0ken-of-ada" }).to_string())
        }
        (_, Some("Bearer t0ken-of-ada")) => inner.get(&asked.what).cloned().unwrap_or_else(|| answer(404, "")),
        _ => answer(401, "").with(
            "www-authenticate",
            format!("Bearer realm=\"http://{own}/token\",service=\"registry\",scope=\"repository:x:pull\""),
        ),
    }
    });
    let mut machine = Machine::new();
    machine.set("FRACTALAW_REGISTRY_USERNAME", "ada");
    machine.set("FRACTALAW_REGISTRY_PASSWORD", "open sesame");
    let ended = pulled(&machine, &server);
    assert_eq!((ended.code, &*ended.err), (0, ""));
    let asked = server.asked();
    assert_eq!(asked[1].authorization(), Some(BASIC));
    assert!(
        asked[2..]
            .iter()
            .all(|asked| asked.authorization() == Some("Bearer t0ken-of-ada"))
    );
}

/// Neither does the registry make this machine send a password in the clear.
#[test]
fn a_server_of_tokens_without_encryption_gets_nothing() {
    let server = Server::start(|_, _| {
        answer(401, "").with(
            "www-authenticate",
            "Bearer realm=\"http://tokens.invalid/token\",service=\"x\"",
        )
    });
    let mut machine = Machine::new();
    machine.set("FRACTALAW_REGISTRY_USERNAME", "ada");
    machine.set("FRACTALAW_REGISTRY_PASSWORD", "open sesame");
    let ended = pulled(&machine, &server);
    let first = ended.err.lines().next().unwrap();
    assert_eq!(
        (ended.code, first),
        (
            3,
            "refused: a request would go to `tokens.invalid` over `http`, expected `https`"
        )
    );
}

/// What listens on this machine need not be a registry's. Only a registry that is here itself leads to it.
#[test]
fn a_registry_elsewhere_makes_nothing_go_to_this_machine_without_encryption() {
    let listening = Server::start(|_, _| answer(200, json!({ "token": "x" }).to_string()));
    let here = listening.host.clone();
    let lead = [
        answer(401, "").with(
            "www-authenticate",
            format!("Bearer realm=\"http://{here}/token\",service=\"x\""),
        ),
        answer(302, "").with("location", format!("http://{here}/v2/x/manifests/1")),
    ];
    for lead in lead {
        let server = Server::start(move |_, _| lead.clone());
        let mut machine = Machine::new();
        machine.set("FRACTALAW_REGISTRY_USERNAME", "ada");
        machine.set("FRACTALAW_REGISTRY_PASSWORD", "open sesame");
        // An address that leads here, and counts as another machine.
        let reference = format!("{}/x:1", server.host.replace("127.0.0.1", "0.0.0.0"));
        let arguments = ["pull", &reference, "--name", "hello", "--insecure"];
        assert_eq!(
            machine.refused(&arguments),
            format!("a request would go to `{here}` over `http`, expected `https`")
        );
        assert!(!server.asked().is_empty());
    }
    assert!(listening.asked().is_empty());
}

#[test]
fn a_redirect_to_another_host_gets_no_key() {
    let storage = serving(
        artifact()
            .into_iter()
            .map(|(what, answer)| (what.replace("/v2/x/blobs/", "/stored/"), answer))
            .collect(),
    );
    let (inner, elsewhere) = (artifact(), storage.host.clone());
    let server = Server::start(move |_, asked| {
        if asked.authorization().is_none() {
            return answer(401, "").with("www-authenticate", "Basic realm=\"x\"");
        }
        match asked.what.split_once("/blobs/") {
            Some((_, digest)) => {
                answer(307, "").with("location", format!("http://{elsewhere}/stored/{digest}"))
            }
            None => inner
                .get(&asked.what)
                .cloned()
                .unwrap_or_else(|| answer(404, "")),
        }
    });
    let mut machine = Machine::new();
    machine.set("FRACTALAW_REGISTRY_USERNAME", "ada");
    machine.set("FRACTALAW_REGISTRY_PASSWORD", "open sesame");
    let ended = pulled(&machine, &server);
    assert_eq!((ended.code, &*ended.err), (0, ""));
    let asked = storage.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|asked| asked.authorization().is_none()));
}
