//! Artifacts are those of `wkg`, byte for byte: see `fixtures/wkg/README.md`.

use serde_json::{Value, json};

use crate::lab::*;

fn read(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn what_is_pushed_is_what_wkg_pushes_except_for_the_time() {
    let machine = Machine::new();
    machine.write("permit-check.wasm", component());
    machine.done(&["push", "permit-check.wasm", "oci:a:1.0.0"]);
    let blob = |digest: &Value| {
        let digest = digest.as_str().unwrap();
        machine.read(&format!("a/blobs/sha256/{}", &digest[7..]))
    };
    let index = read(&machine.read("a/index.json"));
    let ours = read(&blob(&index["manifests"][0]["digest"]));
    let config = String::from_utf8(blob(&ours["config"]["digest"])).unwrap();
    let their_config = String::from_utf8(pushed_by_wkg("config.json")).unwrap();
    let time = read(their_config.as_bytes())["created"]
        .as_str()
        .unwrap()
        .to_owned();
    // The order of the keys too.
    assert_eq!(config, their_config.replace(&time, "1970-01-01T00:00:00Z"));
    let mut theirs = read(&pushed_by_wkg("manifest.json"));
    theirs["config"]["digest"] = digest(config.as_bytes()).into();
    theirs["config"]["size"] = config.len().into();
    assert_eq!(ours, theirs);
}

#[test]
fn what_wkg_pushed_is_pulled() {
    let machine = Machine::new();
    let (manifest, config) = (pushed_by_wkg("manifest.json"), pushed_by_wkg("config.json"));
    for bytes in [&manifest, &config, &component()] {
        machine.write(&format!("a/blobs/sha256/{}", &digest(bytes)[7..]), bytes);
    }
    machine.write("a/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    let index = json!({ "schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": digest(&manifest),
        "size": manifest.len(),
        "annotations": { "org.opencontainers.image.ref.name": "1.0.0" },
    }]});
    machine.write("a/index.json", index.to_string());
    machine.done(&["pull", "oci:a:1.0.0", "--name", "hello"]);
    assert_eq!(machine.read("hello.wasm"), component());
    assert_eq!(
        machine.lock().unwrap().apps["hello"].manifest.to_string(),
        digest(&manifest)
    );
}
