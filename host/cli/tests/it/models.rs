//! `fractalaw models`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn models(folder: &Path, flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .arg("models")
        .args(flags)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let code = output.status.code().unwrap();
    (code, text(&output.stdout), text(&output.stderr))
}

const DIGEST: &str = "0c1f9a77e2b4d3c8e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c";

#[test]
fn models_are_added_listed_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let run = |flags: &[&str]| said(&models(folder.path(), flags));
    fs::create_dir(folder.path().join("tiny")).unwrap();
    fs::write(folder.path().join("tiny/model.onnx"), "abc").unwrap();
    fs::write(folder.path().join("tiny/vocab.txt"), "").unwrap();
    let tiny = "add models.toml tiny --kind embeddings --engine rten --dimensions 4 --max-tokens 16 --licence MIT \
        --url unix:/run/models.sock --file model=tiny/model.onnx --file vocabulary=tiny/vocab.txt";
    let tiny: Vec<_> = tiny.split_ascii_whitespace().collect();
    let (code, out, error) = run(&tiny);
    assert_eq!((code, &*error), (0, ""));
    let digest = match out.strip_prefix("tiny: ").map(str::trim_end) {
        Some(found) if found.len() == 64 => found.to_owned(),
        _ => panic!("{out}"),
    };
    let writer = format!(
        "add . writer --kind generation --engine server --max-tokens 8192 --licence MIT --key MODEL_KEY \
         --model llama3.2:1b --call-price 20000000 --sha256 {DIGEST}"
    );
    let writer: Vec<_> = writer.split_ascii_whitespace().collect();
    assert_eq!(
        run(&writer),
        (0, format!("writer: {DIGEST}\n"), String::new())
    );
    let expected = format!(
        "tiny: embeddings by rten, 4 dimensions, 16 tokens, MIT, at unix:/run/models.sock\n  {digest}\n\
         writer: generation by server, 8192 tokens, MIT, only replayed\n  {DIGEST}\n"
    );
    for place in [".", "models.toml"] {
        assert_eq!(run(&["list", place]), (0, expected.clone(), String::new()));
    }
    let (_, out, _) = run(&["list", ".", "--json"]);
    let last: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(
        last,
        serde_json::json!({
            "name": "writer", "kind": "generation", "engine": "server", "dimensions": null, "max-tokens": 8192,
            "price": { "call": 20_000_000, "token": 0 }, "licence": "MIT", "url": null, "model": "llama3.2:1b",
            "key": "MODEL_KEY", "digest": DIGEST,
        })
    );
    let expected = format!("tiny: verified, {digest}\nwriter: no files are at hand, {DIGEST}\n");
    assert_eq!(run(&["verify", "."]), (0, expected, String::new()));
    fs::write(folder.path().join("tiny/model.onnx"), "abd").unwrap();
    let (code, out, error) = run(&["verify", "models.toml", "tiny", "writer"]);
    assert_eq!(
        (code, out),
        (1, format!("writer: no files are at hand, {DIGEST}\n"))
    );
    assert_eq!(
        error,
        "error: tiny: `./tiny/model.onnx` has the SHA-256 \
         a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9, expected \
         ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n\
         hint: use nothing of it: remove the file, and fetch it again\n"
    );
}

#[test]
fn what_is_wrong_is_told_with_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let run = |flags: &[&str]| said(&models(folder.path(), flags));
    let (code, _, error) = run(&["list", "models.toml"]);
    assert_eq!(code, 2);
    assert_eq!(
        error,
        "error: cannot read `models.toml`: No such file or directory (os error 2)\n\
         hint: name a `models.toml`, or the folder that has one: `cargo xtask models get` makes one\n"
    );
    let list = format!(
        "[models.writer]\nkind = \"generation\"\nengine = \"server\"\nmax-tokens = 9\nlicense = \"MIT\"\n\
         sha256 = \"{DIGEST}\"\n"
    );
    fs::write(folder.path().join("models.toml"), &list).unwrap();
    let (code, _, error) = run(&["list", "."]);
    assert_eq!(code, 2);
    assert_eq!(
        error,
        "error: `./models.toml`: unknown key `license` in `models.writer`\nhint: did you mean `licence`?\n"
    );
    fs::write(
        folder.path().join("models.toml"),
        list.replace("license", "licence"),
    )
    .unwrap();
    let (code, _, error) = run(&["verify", ".", "write"]);
    assert_eq!(code, 2);
    assert_eq!(
        error,
        "error: `./models.toml` has no model `write`\nhint: did you mean `writer`?\n"
    );
    let (code, _, error) = run(&["add", ".", "writer", "--kind", "sound", "--engine", "rten"]);
    assert_eq!(code, 2);
    assert!(
        error.contains("expected `embeddings` or `generation`"),
        "{error}"
    );
}
