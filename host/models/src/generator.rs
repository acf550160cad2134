//! A model that writes: a network of the kind Llama in GGUF, run by `candle`.

// From the ground up.
mod chat;
mod sampler;
mod text;

use std::io::Cursor;

use candle_core::quantized::gguf_file::Content;
use candle_core::{DType, Device, Tensor};
use candle_transformers::models::quantized_llama::{MAX_SEQ_LEN, ModelWeights};
use fractalaw_catalogue::Fault;

use crate::bounded::within;
use crate::failed::Failed;
use crate::limits::{ANSWER_TOKENS, LOAD_TIME, PROMPT_STEP_TOKENS};
use crate::worker::Ready;
use chat::Chat;
use sampler::Sampler;
use text::Text;

pub(crate) use chat::{Message, Role};
pub(crate) use sampler::Sampling;
pub(crate) use text::Token;

/// A model that is ready to be asked.
pub(crate) struct Generator {
    chat: Chat,
    /// What a run has read so far is kept in a clone, which shares the weights.
    weights: ModelWeights,
    max_tokens: usize,
}

/// A conversation to go on with.
#[derive(Debug, PartialEq)]
pub(crate) struct Prompt {
    pub(crate) messages: Vec<Message>,
    /// The most tokens of the answer.
    pub(crate) most: usize,
    pub(crate) sampling: Sampling,
    /// Texts with which the answer stops. They are not part of it.
    pub(crate) stop: Vec<String>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    pub(crate) prompt_tokens: usize,
    /// The tokens that the model made, with those that are not in the answer.
    pub(crate) made_tokens: usize,
    /// Whether the answer ends because it is long, and not because it is whole.
    pub(crate) is_cut: bool,
}

impl Generator {
    /// Loads a model, and asks it once: a model that cannot answer is not served.
    pub(crate) fn load(
        name: &str,
        max_tokens: usize,
        network: Vec<u8>,
    ) -> Result<Generator, Fault> {
        let wrong = |what: String| {
            Fault::new(
                format!("the model `{name}` cannot be used: {what}"),
                "use a model of the kind SmolLM2 as GGUF, and at most the `max-tokens` that it has",
            )
        };
        let load = move || {
            let generator = Generator::ready(&network, max_tokens)?;
            generator.try_out().map_err(|failed| failed.to_string())?;
            Ok(generator)
        };
        within(LOAD_TIME, load)
            .and_then(|loaded| loaded)
            .map_err(wrong)
    }

    fn ready(network: &[u8], max_tokens: usize) -> Result<Generator, String> {
        let mut file = Cursor::new(network);
        let content = Content::read(&mut file).map_err(|error| error.to_string())?;
        let trained = content.metadata.get("llama.context_length");
        let trained = trained.and_then(|value| value.to_u64().ok());
        let trained = trained.ok_or("it has no number `llama.context_length`")?;
        let most = usize::try_from(trained)
            .unwrap_or(MAX_SEQ_LEN)
            .min(MAX_SEQ_LEN);
        if max_tokens > most {
            return Err(format!("it reads {most} tokens, and `max-tokens` is more"));
        }
        let chat = Chat::read(&content)?;
        let weights = ModelWeights::from_gguf(content, &mut file, &Device::Cpu)
            .map_err(|error| error.to_string())?;
        Ok(Generator {
            chat,
            weights,
            max_tokens,
        })
    }

    fn try_out(&self) -> Result<(), Failed> {
        let prompt = Prompt {
            messages: Vec::new(),
            most: 2,
            sampling: Sampling {
                temperature: 0.0,
                top_p: 1.0,
                seed: 0,
            },
            stop: Vec::new(),
        };
        self.answer(&prompt, &|| true).map(drop)
    }
}

impl Ready for Generator {
    type Question = Prompt;
    type Answer = Written;

    /// Between two tokens, and between two steps of a long prompt, it looks whether anybody still waits.
    fn answer(&self, prompt: &Prompt, is_awaited: &dyn Fn() -> bool) -> Result<Written, Failed> {
        // There is room for at least one token of an answer.
        let read = self.chat.tokens(&prompt.messages, self.max_tokens - 1)?;
        let most = prompt
            .most
            .min(ANSWER_TOKENS)
            .min(self.max_tokens - read.len());
        let mut run = Run {
            weights: self.weights.clone(),
            place: 0,
        };
        let mut output = Vec::new();
        for step in read.chunks(PROMPT_STEP_TOKENS) {
            if !is_awaited() {
                return Err(Failed::Left);
            }
            output = run.read(step)?;
        }
        let mut sampler = Sampler::new(prompt.sampling);
        let mut text = Text::default();
        let mut made_tokens = 0;
        let is_cut = loop {
            let chosen = sampler.choose(&output);
            let chosen =
                chosen.ok_or_else(|| Failed::Engine("its output is not finite".to_owned()))?;
            made_tokens += 1;
            if self.chat.ends(chosen.token) {
                break false;
            }
            let token = Token {
                bytes: self.chat.bytes(chosen.token).to_vec(),
                logprob: chosen.logprob,
            };
            if text.add(token, &prompt.stop) {
                break false;
            }
            if made_tokens == most {
                break true;
            }
            if !is_awaited() {
                return Err(Failed::Left);
            }
            output = run.read(&[chosen.token])?;
        };
        let (text, tokens) = text.finish();
        Ok(Written {
            text,
            tokens,
            prompt_tokens: read.len(),
            made_tokens,
            is_cut,
        })
    }
}

/// One conversation: the weights, and what they made of the tokens that were read.
struct Run {
    weights: ModelWeights,
    place: usize,
}

impl Run {
    /// Reads tokens, and gives a number for each token that could come next.
    fn read(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Failed> {
        let engine = |error: candle_core::Error| Failed::Engine(error.to_string());
        let input = Tensor::new(tokens, &Device::Cpu)
            .and_then(|row| row.unsqueeze(0))
            .map_err(engine)?;
        let output = self.weights.forward(&input, self.place).map_err(engine)?;
        self.place += tokens.len();
        let output = output.squeeze(0).and_then(|row| row.to_dtype(DType::F32));
        output.and_then(|row| row.to_vec1()).map_err(engine)
    }
}

#[cfg(test)]
mod tests;
