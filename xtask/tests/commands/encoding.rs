//! What the encoder makes of a core module: who made it, and what it gives to modules that import WASI 0.1.

use wasm_metadata::Producers;

use crate::guests::returning;
use crate::scratch::{Scratch, repository};

/// The version of a package in this repository's lock file.
fn locked(package: &str) -> String {
    let text = std::fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    let lock: toml::Table = text.parse().unwrap();
    let mut versions: Vec<&str> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["name"].as_str() == Some(package))
        .map(|found| found["version"].as_str().unwrap())
        .collect();
    // The workspace's own is the newest of the versions that dependencies want.
    versions.sort_by_key(|version| {
        let numbers = version
            .split('.')
            .map(|number| number.parse::<u64>().unwrap());
        numbers.collect::<Vec<_>>()
    });
    versions.last().unwrap().to_string()
}

#[test]
fn a_component_says_what_has_made_it() {
    let scratch = Scratch::new();
    scratch.add_guest("encoded-plain", "made");
    scratch.build(&[]);
    let producers = Producers::from_wasm(&scratch.component("encoded-plain"))
        .unwrap()
        .unwrap();
    let mut made_by: Vec<(String, String)> = producers
        .get("processed-by")
        .unwrap()
        .iter()
        .map(|(tool, version)| (tool.clone(), version.clone()))
        .filter(|(tool, _)| tool.starts_with("wit-"))
        .collect();
    made_by.sort();
    assert_eq!(
        made_by,
        [
            ("wit-bindgen-rust".to_owned(), locked("wit-bindgen")),
            ("wit-component".to_owned(), locked("wit-component")),
        ]
    );
}

#[test]
fn only_who_imports_wasi_0_1_gets_the_adapter() {
    let scratch = Scratch::new();
    let random = "#[link(wasm_import_module = \"wasi_snapshot_preview1\")]\n\
                  unsafe extern \"C\" {\n    fn random_get(to: *mut u8, length: usize) -> i32;\n}\n";
    let source = returning(
        "let mut byte = 0;\n        match unsafe { random_get(&raw mut byte, 1) } {\n            \
         0 => Ok(byte.to_string()),\n            code => Err(code.to_string()),\n        }",
    );
    scratch.add_guest_from("encoded-adapted", "", &format!("{source}{random}"));
    scratch.add_guest("encoded-native", "nothing of it");
    let ended = scratch.xtask(["build-guests", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let imports = |at: usize| document["guests"][at]["imports"].as_array().unwrap();
    assert!(
        imports(0).contains(&"wasi:random/random@0.2.12".into()),
        "{}",
        ended.stdout
    );
    assert!(
        !imports(1).contains(&"wasi:random/random@0.2.12".into()),
        "{}",
        ended.stdout
    );
    let adapted = |guest| {
        String::from_utf8_lossy(&scratch.component(guest)).contains("wasi_snapshot_preview1")
    };
    assert!(adapted("encoded-adapted") && !adapted("encoded-native"));
}
