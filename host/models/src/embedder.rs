//! A model of embeddings: BERT in ONNX, run by `rten`, the mean over the tokens, of length 1.

use std::sync::Arc;

use fractalaw_catalogue::Fault;
use rten::{ModelOptions, NodeId, OpRegistry, RunOptions, ThreadPool};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use crate::bounded::within;
use crate::failed::Failed;
use crate::limits::LOAD_TIME;
use crate::tokens::Tokens;
use crate::worker::Ready;

/// The inputs in the order in which they are given.
const INPUTS: [&str; 3] = ["input_ids", "attention_mask", "token_type_ids"];

/// A model that is ready to be asked.
pub(crate) struct Embedder {
    tokens: Tokens,
    network: rten::Model,
    inputs: [NodeId; 3],
    output: NodeId,
    /// One thread, so that the sums have one order.
    thread: Arc<ThreadPool>,
    dimensions: usize,
    max_tokens: usize,
}

/// Vectors, and the number of tokens that were read.
#[derive(Debug)]
pub(crate) struct Embedded {
    pub(crate) vectors: Vec<Vec<f32>>,
    pub(crate) tokens: usize,
}

impl Embedder {
    /// Loads a model, and asks it once: a model that cannot answer is not served.
    pub(crate) fn load(
        name: &str,
        (dimensions, max_tokens): (usize, usize),
        network: Vec<u8>,
        vocabulary: &[u8],
    ) -> Result<Embedder, Fault> {
        let wrong = |what: String| {
            Fault::new(
                format!("the model `{name}` cannot be used: {what}"),
                "give it files that belong together, and the `dimensions` and `max-tokens` that they have",
            )
        };
        let tokens = Tokens::read(vocabulary)?;
        let load = move || {
            let embedder = Embedder::ready(tokens, network, dimensions, max_tokens)?;
            embedder.try_out().map_err(|failed| failed.to_string())?;
            Ok(embedder)
        };
        within(LOAD_TIME, load)
            .and_then(|loaded| loaded)
            .map_err(wrong)
    }

    fn ready(
        tokens: Tokens,
        network: Vec<u8>,
        dimensions: usize,
        max_tokens: usize,
    ) -> Result<Embedder, String> {
        let network = ModelOptions::with_ops(OpRegistry::with_all_ops())
            .load(network)
            .map_err(|error| error.to_string())?;
        let node = |input: &str| {
            let node = network.node_id(input);
            node.map_err(|_| format!("it has no input `{input}`"))
        };
        let inputs = [node(INPUTS[0])?, node(INPUTS[1])?, node(INPUTS[2])?];
        let output = network.output_ids().first().copied();
        Ok(Embedder {
            tokens,
            output: output.ok_or("it has no output")?,
            inputs,
            network,
            thread: Arc::new(ThreadPool::with_num_threads(1)),
            dimensions,
            max_tokens,
        })
    }

    /// Asks for the shortest text, and for one with the most tokens.
    fn try_out(&self) -> Result<(), Failed> {
        let shortest = self.tokens.of("");
        let mut longest = vec![shortest[0]; self.max_tokens];
        longest[self.max_tokens - 1] = shortest[1];
        self.vector(&shortest)?;
        self.vector(&longest)?;
        Ok(())
    }
    fn vector(&self, tokens: &[i32]) -> Result<Vec<f32>, Failed> {
        let shape = [1, tokens.len()];
        let rows = NdTensor::from_data(shape, tokens.to_vec());
        let mask = NdTensor::<i32, 2>::full(shape, 1);
        let kinds = NdTensor::<i32, 2>::zeros(shape);
        let engine = |error: &dyn std::fmt::Display| Failed::Engine(error.to_string());
        let options = RunOptions::default().with_thread_pool(Some(self.thread.clone()));
        let inputs = [rows.view(), mask.view(), kinds.view()];
        let inputs = self
            .inputs
            .into_iter()
            .zip(inputs.map(Into::into))
            .collect();
        let [states] = self
            .network
            .run_n(inputs, [self.output], Some(options))
            .map_err(|error| engine(&error))?;
        let states: NdTensor<f32, 3> = states
            .try_into()
            .map_err(|_| engine(&"its output is no table of numbers"))?;
        let expected = [1, tokens.len(), self.dimensions];
        if states.shape() != expected {
            let what = format!(
                "its output has the shape {:?}, expected {expected:?}",
                states.shape()
            );
            return Err(engine(&what));
        }
        let states = states.to_vec();
        mean(&states, self.dimensions).ok_or_else(|| engine(&"its output is not finite"))
    }
}

impl Ready for Embedder {
    type Question = Vec<String>;
    type Answer = Embedded;

    /// The vectors of texts, text by text: the bytes of one text do not depend on the others. Between two texts it looks
    /// whether anybody still waits.
    fn answer(
        &self,
        texts: &Vec<String>,
        is_awaited: &dyn Fn() -> bool,
    ) -> Result<Embedded, Failed> {
        let texts: Vec<Vec<i32>> = texts.iter().map(|text| self.tokens.of(text)).collect();
        if let Some(text) = texts
            .iter()
            .position(|tokens| tokens.len() > self.max_tokens)
        {
            return Err(Failed::TooLong {
                text,
                tokens: texts[text].len(),
                max: self.max_tokens,
            });
        }
        let mut vectors = Vec::with_capacity(texts.len());
        for tokens in &texts {
            if !is_awaited() {
                return Err(Failed::Left);
            }
            vectors.push(self.vector(tokens)?);
        }
        Ok(Embedded {
            vectors,
            tokens: texts.iter().map(Vec::len).sum(),
        })
    }
}

/// The mean of vectors that stand one after the other, made to have length 1. `None` if it has no length.
fn mean(states: &[f32], dimensions: usize) -> Option<Vec<f32>> {
    let mut sums = vec![0_f64; dimensions];
    for state in states.chunks_exact(dimensions) {
        for (sum, number) in sums.iter_mut().zip(state) {
            *sum += f64::from(*number);
        }
    }
    let length = sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt();
    (length.is_finite() && length > 0.0)
        .then(|| sums.iter().map(|sum| (sum / length) as f32).collect())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::Path;

    use fractalaw_catalogue::Catalogue;

    use super::{Failed, mean};
    use crate::loaded::{Loaded, load};
    use crate::worker::Ready;

    #[test]
    fn nothing_is_read_that_nobody_waits_for() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiny");
        let catalogue = Catalogue::read(&folder).unwrap();
        let model = &catalogue.models["tiny"];
        let Loaded::Embedder(embedder) = load(&folder, "tiny", model).unwrap() else {
            panic!("{model:?}")
        };
        let texts = ["a", "b", "ab"].map(str::to_owned).to_vec();
        let asked = Cell::new(0);
        let is_awaited = || {
            asked.set(asked.get() + 1);
            asked.get() < 3
        };
        let ended = embedder.answer(&texts, &is_awaited);
        assert_eq!((ended.err(), asked.get()), (Some(Failed::Left), 3));
    }

    #[test]
    fn a_mean_has_length_1_or_is_refused() {
        assert_eq!(mean(&[1.0, 0.0, 5.0, 8.0], 2), Some(vec![0.6, 0.8]));
        assert_eq!(mean(&[1.0, -1.0, -1.0, 1.0], 2), None);
        assert_eq!(mean(&[f32::NAN, 1.0], 2), None);
        assert_eq!(mean(&[f32::INFINITY, 1.0], 2), None);
    }
}
