//! The head and the body of a request.

use std::net::IpAddr;

use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;

use super::refusal::Refusal;
use crate::limits::{BODY_BYTES, BODY_TIME, DISCARDED_BYTES};

/// The request is meant for this machine. A page in a browser could otherwise come here under a name of its own. An
/// address is no such name, and the program listens only on those of this machine.
pub(super) fn is_meant(headers: &HeaderMap) -> Result<(), Refusal> {
    let host = match headers.get(HOST).map(HeaderValue::to_str) {
        None => return Ok(()),
        Some(host) => host.unwrap_or_default(),
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let is_address = bare
        .unwrap_or(name)
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    match is_address || name == "localhost" {
        true => Ok(()),
        false => Err(Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            "unknown_host",
            "expected the host `localhost`, `127.0.0.1` or `[::1]`",
        )),
    }
}

/// The body is JSON. A page in a browser cannot send this to another server without asking first.
pub(super) fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
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
pub(super) async fn body(mut body: Incoming) -> Result<Vec<u8>, Refusal> {
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

/// A body that is a JSON object with the fields of `T`.
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    // A list would be read as the fields in their order.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Refusal::malformed("invalid_value", "expected an object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        let code = match error.classify() {
            serde_json::error::Category::Data => "invalid_value",
            _ => "invalid_json",
        };
        Refusal::malformed(code, error.to_string())
    })
}
