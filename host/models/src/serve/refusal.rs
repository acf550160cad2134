//! Why a request has no answer, in the form that OpenAI's clients read.

use hyper::StatusCode;
use serde_json::{Value, json};

/// An error of a request.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    code: &'static str,
    param: Option<&'static str>,
    message: String,
}

impl Refusal {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> Refusal {
        Refusal {
            status,
            code,
            param: None,
            message: message.into(),
        }
    }

    /// A request whose body is not as it should be.
    pub(super) fn malformed(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Names the parameter that is wrong.
    pub(super) fn of(self, param: &'static str) -> Refusal {
        Refusal {
            param: Some(param),
            ..self
        }
    }

    pub(super) fn body(&self) -> Value {
        let kind = match self.status {
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        };
        json!({ "error": { "message": self.message, "type": kind, "param": self.param, "code": self.code } })
    }
}
