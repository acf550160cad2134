//! `fractal:app/ai-inference`: answers a prompt with a served model.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Payload, PricedLinker, RunState};
use serde_json::Value;

use crate::exact::{self, Tokens};
use crate::failure::{AiError, Code};
use crate::grant::{GENERATE, Model};
use crate::limits::{GENERATED_TOKENS, TOKENS};
use crate::served::Question;
use crate::session::{AiSession, Answered, answer, asked, begun, pay_for_call, too_long};
use crate::tables::GENERATE_FUNCTION;

/// What to write, and its limits.
#[derive(Debug, wasmtime::component::ComponentType, wasmtime::component::Lift)]
#[component(record)]
pub(crate) struct GenerateRequest {
    #[component(name = "system-prompt")]
    system: Option<String>,
    #[component(name = "user-prompt")]
    user: String,
    #[component(name = "max-tokens")]
    max_tokens: u32,
    temperature: f32,
}

/// What the model wrote.
#[derive(Debug, wasmtime::component::ComponentType, wasmtime::component::Lower)]
#[component(record)]
pub(crate) struct GenerateResponse {
    text: String,
    #[component(name = "tokens-used")]
    tokens_used: u32,
    confidence: f32,
}

impl Payload for GenerateRequest {
    fn bytes(&self) -> u64 {
        self.system.bytes() + self.user.bytes() + 8
    }
}

impl Payload for GenerateResponse {
    fn bytes(&self) -> u64 {
        self.text.bytes() + 8
    }
}

pub(crate) fn add_to_linker(linker: &mut PricedLinker<'_>) -> Called<()> {
    linker.async_function(&GENERATE_FUNCTION, generate)
}

type Response = Result<GenerateResponse, AiError>;

async fn generate(state: &mut RunState, (request,): (GenerateRequest,)) -> Called<(Response,)> {
    if let Some(message) = wrong(&request) {
        return Ok((Err(AiError::new(Code::Malformed, message)),));
    }
    let prompts = request.system.iter().chain([&request.user]);
    if let Err(error) = begun(state, prompts.clone().map(String::as_str))? {
        return Ok((Err(error),));
    }
    let count = |text: &str| Tokens::of(exact::table(), text).count();
    let counts: Vec<u64> = prompts.map(|prompt| count(prompt)).collect();
    if let Some(error) = counts.iter().find_map(|count| too_long(*count)) {
        return Ok((Err(error),));
    }
    let of_prompts: u64 = counts.iter().sum();
    let Some(served) = state.session::<AiSession>().granted.generate.clone() else {
        // A run without a named model does not begin.
        let message = "no model is named";
        return Ok((Err(AiError::new(Code::NoModel, message)),));
    };
    pay_for_call(state, served.price)?;
    let most = served.max_tokens.unwrap_or(u32::MAX);
    let question = Question::Generate {
        system: request.system,
        user: request.user,
        max_tokens: request.max_tokens.min(GENERATED_TOKENS).min(most),
        temperature: request.temperature,
    };
    let canonical = question.canonical(&served.name);
    let answer = match answer(state, &served, question).await? {
        Ok(answer) => answer,
        Err(error) => return Ok((Err(error),)),
    };
    let Some(response) = read(&answer.value, |text| of_prompts + count(text)) else {
        let message = format!("the model `{}` answered no text", served.name);
        return Ok((Err(AiError::new(Code::Engine, message)),));
    };
    let tokens = u64::from(response.tokens_used);
    let price = served.price.token;
    let model = Model::Served(served);
    let Answered { value, digest } = answer;
    let model = (&model, digest.as_deref());
    asked(state, model, GENERATE, tokens, canonical, value);
    state.count(&TOKENS, tokens)?;
    state.charge(tokens.saturating_mul(price))?;
    Ok((Ok(response),))
}

/// What is wrong with the numbers of a request.
fn wrong(request: &GenerateRequest) -> Option<String> {
    if request.max_tokens == 0 {
        return Some("at most 0 tokens, expected at least 1".to_owned());
    }
    let temperature = request.temperature;
    let is_wrong = !(0.0..=2.0).contains(&temperature);
    is_wrong.then(|| format!("a temperature of {temperature}, expected 0 to 2"))
}

/// The response in an answer. If the server did not count the tokens, they are counted as the host's own.
fn read(answer: &Value, counted: impl Fn(&str) -> u64) -> Option<GenerateResponse> {
    let text = answer.get("text")?.as_str()?.to_owned();
    let used = answer.get("tokens-used").and_then(Value::as_u64);
    let used = used.unwrap_or_else(|| counted(&text));
    let confidence = answer.get("confidence").and_then(Value::as_f64);
    Some(GenerateResponse {
        tokens_used: u32::try_from(used).unwrap_or(u32::MAX),
        confidence: (confidence.unwrap_or(0.0) as f32).clamp(0.0, 1.0),
        text,
    })
}
