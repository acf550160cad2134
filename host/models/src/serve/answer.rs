//! From a request to its answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::chat::ChatQuestion;
use super::question::Question;
use super::refusal::Refusal;
use super::request::{body, is_json, is_meant, object};
use super::{completion, vectors};
use crate::embedder::Embedder;
use crate::failed::Failed;
use crate::generator::Generator;
use crate::limits::BATCH_TEXTS;
use crate::worker::{Busy, Ready, Worker};

/// A model as clients see it.
pub(crate) struct Served {
    pub(crate) worker: Asked,
    pub(crate) digest: String,
    /// Only embeddings have them.
    pub(crate) dimensions: Option<usize>,
    pub(crate) max_tokens: usize,
}

/// What a model can be asked for.
pub(crate) enum Asked {
    Embeddings(Worker<Embedder>),
    Generation(Worker<Generator>),
}

/// All models that are served.
pub(crate) struct Desk {
    models: BTreeMap<String, Served>,
    /// The requests that are worked on.
    asked: AtomicUsize,
}

impl Desk {
    pub(crate) fn new(models: BTreeMap<String, Served>) -> Desk {
        Desk {
            models,
            asked: AtomicUsize::new(0),
        }
    }

    /// Answers a request, whatever it is.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (status, body, allowed) = match self.route(request).await {
            Ok(body) => (StatusCode::OK, body, None),
            Err((refusal, allowed)) => (refusal.status, refusal.body().to_string(), allowed),
        };
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(allowed) = allowed {
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        response
    }

    async fn route(
        &self,
        request: Request<Incoming>,
    ) -> Result<String, (Refusal, Option<&'static str>)> {
        let alone = |refusal| (refusal, None);
        is_meant(request.headers()).map_err(alone)?;
        let expected = match request.uri().path() {
            "/healthz" | "/v1/models" => Method::GET,
            "/v1/embeddings" | "/v1/chat/completions" => Method::POST,
            _ => {
                return Err(alone(Refusal::new(
                    StatusCode::NOT_FOUND,
                    "unknown_url",
                    "there are `POST /v1/embeddings`, `POST /v1/chat/completions`, `GET /v1/models` and `GET /healthz`",
                )));
            }
        };
        if request.method() != expected {
            let refusal = Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                format!("use {expected}"),
            );
            let allowed = if expected == Method::GET {
                "GET"
            } else {
                "POST"
            };
            return Err((refusal, Some(allowed)));
        }
        match request.uri().path() {
            "/healthz" => {
                let requests = self.asked.load(Ordering::Relaxed);
                Ok(json!({ "status": "ok", "requests": requests }).to_string())
            }
            "/v1/models" => Ok(self.list().to_string()),
            "/v1/embeddings" => self.embeddings(request).await.map_err(alone),
            _ => self.completion(request).await.map_err(alone),
        }
    }

    fn list(&self) -> Value {
        let models: Vec<Value> = self
            .models
            .iter()
            .map(|(name, model)| {
                let mut entry = json!({
                    "id": name,
                    "object": "model",
                    "created": 0,
                    "owned_by": "fractalaw-models",
                    "digest": model.digest,
                    "max_tokens": model.max_tokens,
                });
                if let Some(dimensions) = model.dimensions {
                    entry["dimensions"] = json!(dimensions);
                }
                entry
            })
            .collect();
        json!({ "object": "list", "data": models })
    }

    async fn embeddings(&self, request: Request<Incoming>) -> Result<String, Refusal> {
        is_json(request.headers())?;
        let question: Question = object(&body(request.into_body()).await?)?;
        let model = self.model(&question.model)?;
        let Asked::Embeddings(worker) = &model.worker else {
            return Err(unfit("this model writes: ask it at `/v1/chat/completions`"));
        };
        let texts = question.input.texts;
        if texts.is_empty() {
            return Err(
                Refusal::malformed("invalid_value", "the list of texts is empty").of("input"),
            );
        }
        if question.input.further > 0 {
            let count = texts.len() + question.input.further;
            let message = format!("{count} texts, at most {BATCH_TEXTS} are allowed");
            return Err(
                Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_texts", message).of("input"),
            );
        }
        if let (Some(asked), Some(had)) = (question.dimensions, model.dimensions)
            && asked != had
        {
            let message = format!("this model has {had} dimensions and no others");
            return Err(Refusal::malformed("invalid_value", message).of("dimensions"));
        }
        let embedded = self.asked(worker, texts, "input").await?;
        vectors::written(&question.model, &embedded, question.encoding_format)
            .map_err(|error| refused(&Failed::Engine(error.to_string()), "input"))
    }

    async fn completion(&self, request: Request<Incoming>) -> Result<String, Refusal> {
        is_json(request.headers())?;
        let question: ChatQuestion = object(&body(request.into_body()).await?)?;
        let model = self.model(&question.model)?;
        let Asked::Generation(worker) = &model.worker else {
            return Err(unfit(
                "this model makes embeddings: ask it at `/v1/embeddings`",
            ));
        };
        let shows_logprobs = question.logprobs.unwrap_or(false);
        let name = question.model.clone();
        let written = self.asked(worker, question.prompt()?, "messages").await?;
        completion::written(&name, &model.digest, &written, shows_logprobs)
            .map_err(|error| refused(&Failed::Engine(error.to_string()), "messages"))
    }

    fn model(&self, name: &str) -> Result<&Served, Refusal> {
        self.models.get(name).ok_or_else(|| {
            Refusal::new(
                StatusCode::NOT_FOUND,
                "model_not_found",
                "there is no model of this name: `GET /v1/models` lists those that there are",
            )
            .of("model")
        })
    }

    /// Asks a model. A refusal names the parameter with the texts.
    async fn asked<M: Ready>(
        &self,
        worker: &Worker<M>,
        question: M::Question,
        texts: &'static str,
    ) -> Result<M::Answer, Refusal> {
        let in_work = InWork::begin(&self.asked);
        let answered = worker.ask(question).await;
        drop(in_work);
        match answered {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(failed)) => Err(refused(&failed, texts)),
            Err(Busy) => Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "overloaded",
                "too many requests wait for this model: ask again later",
            )),
        }
    }
}

/// A request that is worked on, until it is dropped: also if the client leaves.
struct InWork<'a>(&'a AtomicUsize);

impl InWork<'_> {
    fn begin(count: &AtomicUsize) -> InWork<'_> {
        count.fetch_add(1, Ordering::Relaxed);
        InWork(count)
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A model that cannot do what it is asked for.
fn unfit(message: &'static str) -> Refusal {
    Refusal::malformed("invalid_value", message).of("model")
}

fn refused(failed: &Failed, texts: &'static str) -> Refusal {
    match failed {
        Failed::TooLong { .. } | Failed::PromptTooLong { .. } => {
            Refusal::malformed("context_length_exceeded", failed.to_string()).of(texts)
        }
        Failed::Engine(_) | Failed::Left => Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "engine_failed",
            failed.to_string(),
        ),
    }
}
