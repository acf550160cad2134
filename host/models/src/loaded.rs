//! The models of a catalogue, loaded.

use std::path::Path;

use crate::catalogue::{Kind, Model};
use crate::embedder::Embedder;
use crate::fault::Fault;
use crate::files;
use crate::generator::Generator;

/// A model that is ready to be asked.
pub(crate) enum Loaded {
    Embedder(Box<Embedder>),
    Generator(Box<Generator>),
}

/// Reads the files of a model, holds them against their digests, and asks the model once.
pub(crate) fn load(folder: &Path, name: &str, model: &Model) -> Result<Loaded, Fault> {
    let network = files::read(folder, &model.network)?;
    Ok(match &model.kind {
        Kind::Embeddings {
            dimensions,
            vocabulary,
        } => {
            let vocabulary = files::read(folder, vocabulary)?;
            let embedder = Embedder::load(name, model, *dimensions, network, &vocabulary)?;
            Loaded::Embedder(Box::new(embedder))
        }
        Kind::Generation => Loaded::Generator(Box::new(Generator::load(name, model, network)?)),
    })
}
