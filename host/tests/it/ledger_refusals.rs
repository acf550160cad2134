//! Refused components, and files that change meanwhile, in the ledger: which bytes an opening is about, and that
//! it is written before they are judged.

use std::path::Path;

use fractalaw_host::{Durability, Host, Inspection, Run};
use fractalaw_testing::Lab;
use sha2::{Digest, Sha256};

use crate::components::{RUNTIME, guest, guest_bytes, slow_to_compile};
use crate::ledger::{host, wait_for};

#[test]
fn a_component_that_is_refused_is_recorded_with_why() {
    let lab = Lab::new();
    let host = host(&lab, Durability::Run);
    for name in ["asks-for-ai", "wants-everything"] {
        let report = RUNTIME
            .block_on(host.run_file(guest(name), &Run::new()))
            .unwrap();
        assert_eq!(report.outcome.kind(), "refused");
    }
    let random =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/malformed/random.bin");
    RUNTIME
        .block_on(host.run_file(&random, &Run::new()))
        .unwrap();
    let large = lab.folder.path().join("large.wasm");
    std::fs::File::create(&large)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    RUNTIME
        .block_on(host.run_file(&large, &Run::new()))
        .unwrap();
    let entries = lab.entries();
    let closed: Vec<_> = entries
        .iter()
        .filter(|entry| entry.event_type == "run-closed")
        .map(|entry| {
            let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap();
            assert_eq!(
                (&detail["outcome"], &detail["entries"]),
                (&"refused".into(), &0.into())
            );
            let name = entry.resource.split_once('@').unwrap().0;
            (name, detail["message"].as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(
        closed,
        [
            (
                "asks-for-ai",
                "refused: not offered by this host: `fractal:app/ai-embeddings@0.1.0`, \
                 `fractal:app/ai-classify@0.1.0`"
                    .to_owned()
            ),
            (
                "wants-everything",
                "refused: not granted: the network, `wasi:sockets`".to_owned()
            ),
            (
                "unnamed",
                "refused: not a component: not WebAssembly at all, expected a WebAssembly component"
                    .to_owned()
            ),
            (
                "unnamed",
                "refused: component of 1.0 GiB is too large, expected at most 64.0 MiB".to_owned()
            ),
        ]
    );
    let opened: serde_json::Value = serde_json::from_str(&entries[2].detail).unwrap();
    let missing = serde_json::json!(["interfaces.\"wasi:sockets\" = true"]);
    assert_eq!(opened["decision"]["missing"], missing);
    let opened: serde_json::Value = serde_json::from_str(&entries[6].detail).unwrap();
    assert_eq!(opened["sha256"], "00".repeat(32));
    assert_eq!(lab.verified().open_runs, Vec::<u64>::new());
}

/// The opening is there while the component is compiled, and it does not matter what has its name by then.
#[test]
fn a_run_is_opened_before_its_component_is_compiled_and_its_file_is_read_once() {
    for (is_stopped, outcome) in [(true, "interrupted"), (false, "completed")] {
        let lab = Lab::new();
        let host = Host::builder()
            .slots(1)
            .ledger(&lab.path, Durability::Run)
            .build()
            .unwrap();
        let (path, bytes) = (lab.folder.path().join("app.wasm"), slow_to_compile());
        std::fs::write(&path, &bytes).unwrap();
        let (running, file) = (host.clone(), path.clone());
        let running = RUNTIME.spawn(async move { running.run_file(file, &Run::new()).await });
        wait_for(&lab, 2);
        std::fs::write(&path, "something else").unwrap();
        if is_stopped {
            host.stop();
        }
        let report = RUNTIME.block_on(running).unwrap().unwrap();
        assert_eq!(report.outcome.kind(), outcome);
        assert_eq!(lab.outcomes(), [Some(outcome.to_owned())]);
        let entries = lab.entries();
        let opened: serde_json::Value = serde_json::from_str(&entries[0].detail).unwrap();
        let expected: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(opened["sha256"], expected);
        let digest = report.app.map(|app| app.digest.to_string());
        assert_eq!(digest, Some(expected));
        assert_eq!(lab.verified().open_runs, Vec::<u64>::new());
    }
}

/// A refused component was read once as well, so the ledger says exactly what was refused.
#[test]
fn the_refused_component_in_the_ledger_is_the_one_that_was_refused() {
    let lab = Lab::new();
    let host = host(&lab, Durability::Run);
    let path = lab.folder.path().join("app.wasm");
    for bytes in [&b"no component"[..], &guest_bytes("asks-for-ai")] {
        std::fs::write(&path, bytes).unwrap();
        RUNTIME.block_on(host.run_file(&path, &Run::new())).unwrap();
    }
    let digests: Vec<_> = lab
        .entries()
        .iter()
        .filter(|entry| entry.event_type == "run-opened")
        .map(|entry| {
            let opened: serde_json::Value = serde_json::from_str(&entry.detail).unwrap();
            assert_eq!(opened["decision"]["policy_sha256"], serde_json::Value::Null);
            opened["sha256"].as_str().unwrap().to_owned()
        })
        .collect();
    let asks_for_ai = Inspection::of(&guest_bytes("asks-for-ai")).unwrap();
    assert_eq!(
        digests,
        [
            "809a2841a76367cf095551e1442260747ed151c15d6fe1a257ea2acbe721eb16".to_owned(),
            asks_for_ai.app.digest.to_string(),
        ]
    );
}
