//! What is answered to a request.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use fractalaw_events_engine::limits::PAYLOAD_BYTES;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue,
    REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::page;
use crate::desk;
use crate::error::ServeError;
use crate::limits::REQUEST_TIME;
use crate::supervisor::{Stopping, Supervisor};

type Answer = Response<Full<Bytes>>;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is served.
pub(super) struct Site {
    supervisor: Supervisor,
    /// Whether only this machine reaches it.
    is_local: bool,
    /// The digests of the tokens, by event type.
    tokens: BTreeMap<String, [u8; 32]>,
}

impl Site {
    pub(super) fn new(
        supervisor: Supervisor,
        is_local: bool,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Site, ServeError> {
        let mut tokens = BTreeMap::new();
        for (event_type, name) in &supervisor.config().serve.emit {
            let token = variable(name).filter(|token| !token.is_empty());
            let token = token.ok_or_else(|| ServeError::Token {
                name: name.clone(),
                event_type: event_type.clone(),
            })?;
            tokens.insert(event_type.clone(), digest(token.as_bytes()));
        }
        Ok(Site {
            supervisor,
            is_local,
            tokens,
        })
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        if self.is_local && !is_local(&request) {
            let message = "name this machine by its address or as `localhost`\n";
            return text(StatusCode::MISDIRECTED_REQUEST, message);
        }
        let path = request.uri().path().to_owned();
        let event_type = path.strip_prefix("/emit/");
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        match (&*path, event_type) {
            (_, Some(event_type)) if *request.method() == Method::POST => {
                self.emit(event_type, request).await
            }
            (_, Some(_)) => not_allowed("POST"),
            ("/" | "/healthz" | "/readyz" | "/metrics", None) if !is_get => {
                not_allowed("GET, HEAD")
            }
            ("/", None) => self.page().await,
            ("/healthz", None) => text(StatusCode::OK, "the supervisor runs\n"),
            ("/readyz", None) => self.ready(),
            ("/metrics", None) => self.metrics().await,
            _ => text(
                StatusCode::NOT_FOUND,
                "there is nothing here; see /, /healthz, /readyz and /metrics\n",
            ),
        }
    }

    fn ready(&self) -> Answer {
        match *self.supervisor.stopping().borrow() {
            Stopping::No => text(StatusCode::OK, "events are taken and delivered\n"),
            _ => text(StatusCode::SERVICE_UNAVAILABLE, "the supervisor stops\n"),
        }
    }

    async fn page(&self) -> Answer {
        let supervisor = self.supervisor.clone();
        let page = tokio::task::spawn_blocking(move || page::page(&supervisor)).await;
        match page {
            Ok(Ok(page)) => {
                let mut answer = of(StatusCode::OK, HTML, page);
                if let Ok(policy) = HeaderValue::from_str(&page::SECURITY_POLICY) {
                    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
                }
                answer
            }
            Ok(Err(error)) => failed(&error),
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the page failed\n"),
        }
    }

    async fn metrics(&self) -> Answer {
        let supervisor = self.supervisor.clone();
        match tokio::task::spawn_blocking(move || supervisor.metrics()).await {
            Ok(Ok(figures)) => of(StatusCode::OK, METRICS, figures),
            Ok(Err(error)) => failed(&error),
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the figures failed\n"),
        }
    }

    /// Takes an event, if its type is configured and the token is right.
    async fn emit(&self, event_type: &str, request: Request<Incoming>) -> Answer {
        // The same answer for a type without a token and for a wrong token: nobody learns which types there are.
        let given = bearer(&request).map(digest);
        let expected = self.tokens.get(event_type);
        if !given
            .zip(expected)
            .is_some_and(|(given, expected)| same(&given, expected))
        {
            let mut answer = text(StatusCode::UNAUTHORIZED, "expected the token of the type\n");
            let scheme = HeaderValue::from_static("Bearer");
            answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
            return answer;
        }
        if *self.supervisor.stopping().borrow() != Stopping::No {
            return text(StatusCode::SERVICE_UNAVAILABLE, "the supervisor stops\n");
        }
        let most = usize::try_from(PAYLOAD_BYTES).unwrap_or(usize::MAX);
        let body = Limited::new(request.into_body(), most).collect();
        let payload = match timeout(REQUEST_TIME, body).await {
            Ok(Ok(body)) => body.to_bytes().to_vec(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                let message = format!("a payload has at most {PAYLOAD_BYTES} bytes\n");
                return text(StatusCode::PAYLOAD_TOO_LARGE, message);
            }
            Ok(Err(_)) => return text(StatusCode::BAD_REQUEST, "the body broke off\n"),
            Err(_) => return text(StatusCode::REQUEST_TIMEOUT, "the body took too long\n"),
        };
        let (supervisor, event_type) = (self.supervisor.clone(), event_type.to_owned());
        let taken =
            tokio::task::spawn_blocking(move || supervisor.emit(&event_type, desk::HTTP, payload))
                .await;
        match taken {
            Ok(Ok(taken)) => {
                let mut answer = json!({ "event": taken.event.0, "deliveries": taken.deliveries });
                if taken.to_set {
                    answer["to_set"] = true.into();
                }
                of(StatusCode::ACCEPTED, JSON, format!("{answer}\n"))
            }
            Ok(Err(error)) => failed(&error),
            Err(_) => text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "it is not known whether it was taken\n",
            ),
        }
    }
}

/// Whether the client means this machine. A page in a browser can give a name of its own this machine's address, and
/// would then read what is answered.
fn is_local(request: &Request<Incoming>) -> bool {
    let host = request.headers().get(HOST);
    let Some(host) = host.and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let is_address =
        |host: &str| host.parse::<SocketAddr>().is_ok() || host.parse::<IpAddr>().is_ok();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    is_address(bare.unwrap_or(host)) || name == "localhost"
}

fn bearer(request: &Request<Incoming>) -> Option<&[u8]> {
    let header = request.headers().get(AUTHORIZATION)?;
    header.as_bytes().strip_prefix(b"Bearer ")
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Compares two digests in a time that does not depend on them.
fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let differences = one.iter().zip(other).map(|(one, other)| one ^ other);
    std::hint::black_box(differences.fold(0, |all, one| all | one)) == 0
}

fn failed(error: &ServeError) -> Answer {
    use fractalaw_events_engine::Code;
    let status = match error {
        ServeError::Refused(refused) if refused.code == Code::BacklogFull => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        error if error.is_usage() => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    text(status, format!("{}\n", crate::journal::chain(error)))
}

fn not_allowed(methods: &'static str) -> Answer {
    let mut answer = text(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("expected {methods}\n"),
    );
    let methods = HeaderValue::from_static(methods);
    answer.headers_mut().insert(ALLOW, methods);
    answer
}

fn text(status: StatusCode, text: impl Into<String>) -> Answer {
    of(status, TEXT, text.into())
}

fn of(status: StatusCode, kind: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_same_only_as_a_whole() {
        let one = digest(b"one");
        assert!(same(&one, &one));
        for at in 0..32 {
            let mut other = one;
            other[at] ^= 1;
            assert!(!same(&one, &other), "{at}");
        }
    }
}
