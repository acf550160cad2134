//! `list` and `verify`, and folders that are not as they should be.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::folders::{copy_of_tiny, fetched, tiny};
use crate::program::command;

const TINY: &str = "794ceef8999ddb11234042d144c4ec31684011f5087feafe7b4552dc4a342407";

/// Exit code, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = command(folder, arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_model_is_listed_and_verified() {
    let (code, listed, _) = run(&tiny(), &["list"]);
    assert_eq!(code, Some(0));
    assert_eq!(
        listed,
        format!(
            "tiny\n  kind        embeddings, by rten\n  dimensions  4\n  max tokens  8\n  \
             price       1000 a call, 10 a token\n  licence     Apache-2.0\n  digest      {TINY}\n  \
             model       model.onnx  283c72a4fe3586ee772434346e99c7816d7a57696dff73d212b795fddf09a057\n  \
             vocabulary  vocab.txt  e588f473ed55ee07f17a9c632d09b545af8c05881e36f0a4f16e28c207c7accd\n"
        )
    );
    let verified = format!("tiny: verified, {TINY}\n");
    assert_eq!(
        run(&tiny(), &["verify"]),
        (Some(0), verified, String::new())
    );
}

#[test]
fn the_fetched_model_is_verified() {
    let Some(folder) = fetched() else {
        return;
    };
    let (code, _, said) = run(&folder, &["verify"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
}

#[test]
fn a_folder_that_is_not_as_it_should_be_is_neither_verified_nor_served() {
    let shown = |folder: &Path, name: &str| folder.join(name).display().to_string();
    for (name, from, to, expected) in [
        (
            "vocab.txt",
            "cafe",
            "caff",
            "error: `PATH` has the SHA-256 DIGEST, expected \
             e588f473ed55ee07f17a9c632d09b545af8c05881e36f0a4f16e28c207c7accd\n\
             hint: use nothing of it: remove the file, and fetch it again\n",
        ),
        (
            "models.toml",
            "licence",
            "license",
            "error: `PATH`: unknown key `license` in `models.tiny`\nhint: did you mean `licence`?\n",
        ),
        (
            "models.toml",
            "dimensions = 4",
            "dimensions = 5",
            "error: the model `tiny` cannot be used: the engine failed: its output has the shape [1, 2, 4], \
             expected [1, 2, 5]\nhint: give it files that belong together, and the `dimensions` and `max-tokens` \
             that they have\n",
        ),
    ] {
        let folder = copy_of_tiny();
        let path = folder.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        fs::write(&path, &text).unwrap();
        let expected = expected
            .replace("PATH", &shown(folder.path(), name))
            .replace("DIGEST", &digest(text.as_bytes()));
        for arguments in [&["verify"][..], &["serve", "--listen", "127.0.0.1:0"]] {
            let ended = run(folder.path(), arguments);
            assert_eq!(ended, (Some(1), String::new(), expected.clone()), "{name}");
        }
    }
    let folder = copy_of_tiny();
    fs::remove_file(folder.path().join("model.onnx")).unwrap();
    let (code, _, said) = run(folder.path(), &["verify"]);
    let expected = format!(
        "error: cannot read `{}`: No such file or directory (os error 2)\nhint: fetch the files of the models: \
         `cargo xtask models get`\n",
        shown(folder.path(), "model.onnx")
    );
    assert_eq!((code, said), (Some(1), expected));
}

#[test]
fn a_file_that_is_no_network_is_refused() {
    let folder = copy_of_tiny();
    let catalogue = folder.path().join("models.toml");
    let network = fs::read(tiny().join("model.onnx")).unwrap();
    for bytes in [&b""[..], b"no network", &network[..network.len() / 2]] {
        fs::write(folder.path().join("model.onnx"), bytes).unwrap();
        let text = fs::read_to_string(tiny().join("models.toml")).unwrap();
        let before = "283c72a4fe3586ee772434346e99c7816d7a57696dff73d212b795fddf09a057";
        fs::write(&catalogue, text.replace(before, &digest(bytes))).unwrap();
        let (code, _, said) = run(folder.path(), &["verify"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.starts_with("error: the model `tiny` cannot be used: "),
            "{said}"
        );
    }
}

fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
