//! The artifact of the fixtures, as a registry has it.

use std::collections::BTreeMap;

use crate::lab::*;
use crate::server::*;

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// `ada:open sesame`.
pub(crate) const BASIC: &str = "Basic YWRhOm9wZW4gc2VzYW1l";
const SECRETS: [&str; 3] = ["open sesame", "YWRhOm9wZW4gc2VzYW1l", "t0ken-of-ada"];

/// What a repository `x` with the artifact of the fixtures answers under the tag `1`.
pub(crate) fn artifact() -> BTreeMap<String, Answer> {
    let manifest = pushed_by_wkg("manifest.json");
    let config = pushed_by_wkg("config.json");
    let mut answers = BTreeMap::new();
    let tagged = answer(200, manifest.clone()).with("content-type", MANIFEST);
    answers.insert("GET /v2/x/manifests/1".to_owned(), tagged.clone());
    answers.insert(format!("GET /v2/x/manifests/{}", digest(&manifest)), tagged);
    for bytes in [config, component()] {
        answers.insert(
            format!("GET /v2/x/blobs/{}", digest(&bytes)),
            answer(200, bytes),
        );
    }
    answers
}

pub(crate) fn serving(answers: BTreeMap<String, Answer>) -> Server {
    Server::start(move |_, asked| {
        let found = answers.get(&asked.what).cloned();
        found.unwrap_or_else(|| answer(404, ""))
    })
}

fn pull(server: &Server) -> [String; 4] {
    let reference = format!("{}/x:1", server.host);
    [
        "pull".to_owned(),
        reference,
        "--name".to_owned(),
        "hello".to_owned(),
    ]
}

pub(crate) fn pulled(machine: &Machine, server: &Server) -> Ended {
    let arguments = pull(server);
    let ended = machine.run(&arguments.each_ref().map(|argument| &**argument));
    for secret in SECRETS {
        assert!(
            !ended.out.contains(secret) && !ended.err.contains(secret),
            "{ended:?}"
        );
    }
    ended
}
