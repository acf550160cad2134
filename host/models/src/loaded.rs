//! The models of a list that this program runs, loaded.

use std::path::Path;

use fractalaw_catalogue::{Engine, Fault, Kind, Model, read_file};

use crate::embedder::Embedder;
use crate::generator::Generator;

/// A model that is ready to be asked.
pub(crate) enum Loaded {
    Embedder(Box<Embedder>),
    Generator(Box<Generator>),
}

/// Whether this program runs the model. A host's list has models of other servers too.
pub(crate) fn is_ours(model: &Model) -> bool {
    !matches!(model.engine, Engine::Server { .. })
}

/// Reads the files of a model, holds them against their digests, and asks the model once.
pub(crate) fn load(folder: &Path, name: &str, model: &Model) -> Result<Loaded, Fault> {
    let max_tokens = model.max_tokens;
    match (&model.engine, model.kind) {
        (
            Engine::Rten {
                network,
                vocabulary,
            },
            Kind::Embeddings { dimensions },
        ) => {
            let network = read_file(folder, network)?;
            let vocabulary = read_file(folder, vocabulary)?;
            let embedder = Embedder::load(name, (dimensions, max_tokens), network, &vocabulary)?;
            Ok(Loaded::Embedder(Box::new(embedder)))
        }
        (Engine::Candle { network }, Kind::Generation) => {
            let network = read_file(folder, network)?;
            let generator = Generator::load(name, max_tokens, network)?;
            Ok(Loaded::Generator(Box::new(generator)))
        }
        _ => Err(Fault::new(
            format!("this program does not run the model `{name}`"),
            "ask the server that its `url` names",
        )),
    }
}
