//! From a request to its answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::question::Question;
use super::refusal::Refusal;
use super::vectors::written;
use crate::embedder::Failed;
use crate::limits::{BATCH_TEXTS, BODY_BYTES, BODY_TIME, DISCARDED_BYTES};
use crate::worker::{Busy, Worker};

/// A model as clients see it.
pub(crate) struct Served {
    pub(crate) worker: Worker,
    pub(crate) digest: String,
    pub(crate) dimensions: usize,
    pub(crate) max_tokens: usize,
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
            "/v1/embeddings" => Method::POST,
            _ => {
                return Err(alone(Refusal::new(
                    StatusCode::NOT_FOUND,
                    "unknown_url",
                    "there are `POST /v1/embeddings`, `GET /v1/models` and `GET /healthz`",
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
            _ => self.embeddings(request).await.map_err(alone),
        }
    }

    fn list(&self) -> Value {
        let models: Vec<Value> = self
            .models
            .iter()
            .map(|(name, model)| {
                json!({
                    "id": name,
                    "object": "model",
                    "created": 0,
                    "owned_by": "fractalaw-models",
                    "digest": model.digest,
                    "dimensions": model.dimensions,
                    "max_tokens": model.max_tokens,
                })
            })
            .collect();
        json!({ "object": "list", "data": models })
    }

    async fn embeddings(&self, request: Request<Incoming>) -> Result<String, Refusal> {
        is_json(request.headers())?;
        let question = Question::read(&body(request.into_body()).await?)?;
        let model = self.models.get(&question.model).ok_or_else(|| {
            Refusal::new(
                StatusCode::NOT_FOUND,
                "model_not_found",
                "there is no model of this name: `GET /v1/models` lists those that there are",
            )
            .of("model")
        })?;
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
        if question
            .dimensions
            .is_some_and(|number| number != model.dimensions)
        {
            let message = format!(
                "this model has {} dimensions and no others",
                model.dimensions
            );
            return Err(Refusal::malformed("invalid_value", message).of("dimensions"));
        }
        let asked = Asked::begin(&self.asked);
        let embedded = model.worker.embed(texts).await;
        drop(asked);
        match embedded {
            Ok(Ok(embedded)) => written(&question.model, &embedded, question.encoding_format)
                .map_err(|error| refused(&Failed::Engine(error.to_string()))),
            Ok(Err(failed)) => Err(refused(&failed)),
            Err(Busy) => Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "overloaded",
                "too many requests wait for this model: ask again later",
            )),
        }
    }
}

/// A request that is worked on, until it is dropped: also if the client leaves.
struct Asked<'a>(&'a AtomicUsize);

impl Asked<'_> {
    fn begin(count: &AtomicUsize) -> Asked<'_> {
        count.fetch_add(1, Ordering::Relaxed);
        Asked(count)
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The request is meant for this machine. A page in a browser could otherwise come here under a name of its own.
fn is_meant(headers: &HeaderMap) -> Result<(), Refusal> {
    let host = match headers.get(HOST).map(HeaderValue::to_str) {
        None => return Ok(()),
        Some(host) => host.unwrap_or_default(),
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    match name {
        "localhost" | "127.0.0.1" | "[::1]" => Ok(()),
        _ => Err(Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            "unknown_host",
            "expected the host `localhost`, `127.0.0.1` or `[::1]`",
        )),
    }
}

/// The body is JSON. A page in a browser cannot send this to another server without asking first.
fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default();
    match kind.trim().eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "expected the header `Content-Type: application/json`",
        )),
    }
}

/// The whole body, in bounded time. Of a body that is too large the rest is read too, up to a bound: a client that sends
/// does not read.
async fn body(mut body: Incoming) -> Result<Vec<u8>, Refusal> {
    let too_large = || {
        let message = format!("the body has more than {BODY_BYTES} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", message)
    };
    if body.size_hint().lower() > DISCARDED_BYTES as u64 {
        return Err(too_large());
    }
    let mut read = Vec::new();
    let mut count = 0;
    let all = async {
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|error| Refusal::malformed("invalid_body", error.to_string()))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            count += data.len();
            if count > DISCARDED_BYTES {
                return Err(too_large());
            }
            match count > BODY_BYTES {
                true => read = Vec::new(),
                false => read.extend_from_slice(&data),
            }
        }
        match count > BODY_BYTES {
            true => Err(too_large()),
            false => Ok(read),
        }
    };
    tokio::time::timeout(BODY_TIME, all)
        .await
        .unwrap_or_else(|_| {
            Err(Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                format!("the body did not come in {} seconds", BODY_TIME.as_secs()),
            ))
        })
}

fn refused(failed: &Failed) -> Refusal {
    match failed {
        Failed::TooLong { .. } => {
            Refusal::malformed("context_length_exceeded", failed.to_string()).of("input")
        }
        Failed::Engine(_) | Failed::Left => Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "engine_failed",
            failed.to_string(),
        ),
    }
}
