//! A question to a server that speaks OpenAI's protocol: `/embeddings` and `/chat/completions`.

use fractalaw_host::HostError;
use fractalaw_host::PolicyError;
use fractalaw_host::capability::Account;
use fractalaw_host::capability::wasmtime;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::canonical::as_number;
use crate::failure::{AiError, Code};
use crate::limits::KEY_BYTES_MIN;
use crate::served::failed::Failed;
use crate::served::http::{Answer, post};
use crate::served::model::Served;
use crate::served::question::{Question, as_json};
use crate::served::refusal;

/// Asks the server. The answer has the form in which it is recorded. The outer error ends the run.
pub(crate) fn ask(
    served: &Served,
    question: &Question,
    account: &Account,
) -> wasmtime::Result<Result<Value, AiError>> {
    let Some(address) = &served.address else {
        return Err(HostError::from(no_server(served)).into());
    };
    let key = match &served.key {
        Some(variable) => Some(secret(variable)?),
        None => None,
    };
    let name = served.at_server.as_ref().unwrap_or(&served.name);
    let (function, body) = body(name, question);
    let body = body.to_string().into_bytes();
    let answer = match post(address, function, key.as_deref(), &body, account) {
        Ok(answer) => answer,
        Err(Failed::Ended(error)) => return Err(error),
        Err(failed) => return Ok(Err(said(&served.name, &failed))),
    };
    let read = read(served, question, &answer);
    Ok(read.and_then(|read| without_key(&served.name, key.as_deref(), read)))
}

/// The answer, unless the server sends the key back. The guest must not get the key, and no recording.
fn without_key(model: &str, key: Option<&str>, answer: Value) -> Result<Value, AiError> {
    let text = answer["text"].as_str().unwrap_or_default();
    if key.is_none_or(|key| !text.contains(key)) {
        return Ok(answer);
    }
    let message =
        format!("the server of the model `{model}` answered with the key that it was sent");
    Err(AiError::new(Code::Engine, message))
}

fn no_server(served: &Served) -> PolicyError {
    let name = &served.name;
    // Only a model of a list has a digest.
    let place = match served.digest {
        Some(_) => "in its list of models",
        None => "in the policy",
    };
    PolicyError::usage(
        format!("the model `{name}` has no server and no recorded answers"),
        format!("give it a `url` {place}, or replay answers with `--replay FILE`"),
    )
}

/// The key in this variable. It never becomes part of a message.
fn secret(variable: &str) -> Result<String, HostError> {
    let wrong = |what: &str, hint: &str| {
        PolicyError::usage(
            format!("the variable `{variable}`, which is to have a model's key, {what}"),
            hint,
        )
    };
    let key = std::env::var(variable)
        .map_err(|_| wrong("is not set", "set it where the host is started"))?;
    if key.len() < KEY_BYTES_MIN || !key.chars().all(|c| c.is_ascii_graphic()) {
        let error = wrong(
            "is no key",
            "a key has only visible ASCII characters, and at least 8; leave out `key` if the server needs none",
        );
        return Err(error.into());
    }
    Ok(key)
}

/// The function and the body of a request.
fn body(model: &str, question: &Question) -> (&'static str, Value) {
    match question {
        Question::Embed(texts) => (
            "/embeddings",
            json!({ "input": texts, "model": model, "encoding_format": "float" }),
        ),
        Question::Generate {
            system,
            user,
            max_tokens,
            temperature,
        } => {
            let system = system
                .iter()
                .map(|text| json!({ "role": "system", "content": text }));
            let user = json!({ "role": "user", "content": user });
            let messages: Vec<_> = system.chain([user]).collect();
            let body = json!({
                "messages": messages,
                "model": model,
                "max_tokens": max_tokens,
                "temperature": as_number(*temperature),
                "logprobs": true,
                "stream": false,
            });
            ("/chat/completions", body)
        }
    }
}

fn said(model: &str, failed: &Failed) -> AiError {
    let (code, message) = match failed {
        Failed::Unreachable(error) => (
            Code::NoModel,
            format!(
                "the server of the model `{model}` is not reachable: {}",
                error.kind()
            ),
        ),
        Failed::TooLarge => (
            Code::Engine,
            format!("the server of the model `{model}` answered more than the host reads"),
        ),
        Failed::Broken(what) => (
            Code::Engine,
            format!("the server of the model `{model}` gave no answer: {what}"),
        ),
        Failed::Ended(error) => (Code::Deadline, error.to_string()),
    };
    AiError::new(code, message)
}

fn read(served: &Served, question: &Question, answer: &Answer) -> Result<Value, AiError> {
    if answer.status != 200 {
        return Err(refused(&served.name, answer));
    }
    let read = match question {
        Question::Embed(texts) => vectors(served, texts.len(), &answer.body),
        Question::Generate { .. } => text(&answer.body),
    };
    read.map_err(|what| {
        let message = format!("the server of the model `{}` answered {what}", served.name);
        AiError::new(Code::Engine, message)
    })
}

/// The error for a status other than 200. The server's own text is not passed on: it may contain what the guest must not
/// know.
fn refused(model: &str, answer: &Answer) -> AiError {
    let status = answer.status;
    let (code, what) = match status {
        400..=599 if refusal::is_too_long(&answer.body) => {
            (Code::TooLong, "finds the text too long")
        }
        413 => (Code::TooLong, "finds the text too long"),
        404 => (Code::NoModel, "does not have it"),
        402 | 429 => (Code::Quota, "allows no further call now"),
        408 | 504 => (Code::Deadline, "gave no answer in time"),
        401 | 403 => (Code::Engine, "did not accept the key"),
        _ => (Code::Engine, "failed"),
    };
    AiError::new(
        code,
        format!("the server of the model `{model}` {what} (status {status})"),
    )
}

/// The vectors in the order of the texts.
fn vectors(served: &Served, texts: usize, body: &[u8]) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Body {
        data: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        index: Option<usize>,
        embedding: Vec<f32>,
    }
    let body: Body = serde_json::from_slice(body).map_err(|_| "no vectors".to_owned())?;
    if body.data.len() != texts {
        return Err(format!("{} vectors, expected {texts}", body.data.len()));
    }
    let mut vectors = vec![Vec::new(); texts];
    for (place, one) in body.data.into_iter().enumerate() {
        let length = one.embedding.len();
        let vector = vectors.get_mut(one.index.unwrap_or(place));
        let Some(vector) = vector.filter(|vector| vector.is_empty()) else {
            return Err("vectors that do not belong to the texts".to_owned());
        };
        let expected = served.dimensions.unwrap_or(length);
        if length == 0 {
            return Err("an empty vector".to_owned());
        }
        if length != expected {
            return Err(format!("a vector of {length} numbers, expected {expected}"));
        }
        if !one.embedding.iter().all(|number| number.is_finite()) {
            return Err("a number that is too large".to_owned());
        }
        *vector = one.embedding;
    }
    if vectors
        .iter()
        .any(|vector| vector.len() != vectors[0].len())
    {
        return Err("vectors of several lengths".to_owned());
    }
    Ok(json!({ "embeddings": as_json(&vectors) }))
}

/// The text, with its tokens and how sure the model was.
fn text(body: &[u8]) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Body {
        choices: Vec<Choice>,
        usage: Option<Usage>,
    }
    #[derive(Deserialize)]
    struct Choice {
        message: Message,
        logprobs: Option<Logprobs>,
    }
    #[derive(Deserialize)]
    struct Message {
        content: Option<String>,
    }
    #[derive(Deserialize)]
    struct Logprobs {
        content: Option<Vec<Token>>,
    }
    #[derive(Deserialize)]
    struct Token {
        logprob: Option<f64>,
    }
    #[derive(Deserialize)]
    struct Usage {
        total_tokens: Option<u32>,
    }
    let body: Body = serde_json::from_slice(body).map_err(|_| "no text".to_owned())?;
    let choice = body.choices.into_iter().next().ok_or("no text")?;
    let text = choice.message.content.ok_or("no text")?;
    let tokens = choice
        .logprobs
        .and_then(|logprobs| logprobs.content)
        .unwrap_or_default();
    let logprobs: Option<Vec<f64>> = tokens.iter().map(|token| token.logprob).collect();
    let confidence = match logprobs {
        Some(logprobs) if !logprobs.is_empty() => {
            let mean = logprobs.iter().sum::<f64>() / logprobs.len() as f64;
            mean.exp().clamp(0.0, 1.0) as f32
        }
        _ => 0.0,
    };
    let used = body.usage.and_then(|usage| usage.total_tokens);
    Ok(json!({ "text": text, "tokens-used": used, "confidence": as_number(confidence) }))
}
