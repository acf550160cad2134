//! Folders of models.

use std::fs;
use std::path::{Path, PathBuf};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// The tiny model.
pub(crate) fn tiny() -> PathBuf {
    Path::new(HERE).join("tests/tiny")
}

/// The tiny models that write.
pub(crate) fn tiny_writer() -> PathBuf {
    Path::new(HERE).join("tests/tiny-writer")
}

/// A copy of the tiny model's folder, to be changed.
pub(crate) fn copy_of_tiny() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["models.toml", "model.onnx", "vocab.txt"] {
        fs::copy(tiny().join(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// The fetched models, or a message.
pub(crate) fn fetched() -> Option<PathBuf> {
    let folder = Path::new(HERE).join("../../target/tools/models");
    let files = [
        "models.toml",
        "all-minilm-l6-v2/model.onnx",
        "bert-uncased/vocab.txt",
        "smollm2-135m-instruct/model.gguf",
    ];
    if files.iter().all(|file| folder.join(file).is_file()) {
        return Some(folder);
    }
    eprintln!("SKIPPED: the models are not there: run `cargo xtask models get`");
    None
}
