//! Why a call has no answer, in the form in which the guest gets it.

use fractalaw_host::capability::Payload;
use serde_json::{Value, json};

/// The kind of error. The numbers are part of the contract. `README.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Code {
    /// The model, or its server, is not there.
    NoModel = 1,
    /// A text, or all texts together, are over a limit.
    TooLong = 2,
    /// The server allows no further call now.
    Quota = 3,
    /// The server gave no answer in the time that it gives itself.
    Deadline = 4,
    /// The server failed, or its answer makes no sense.
    Engine = 5,
    /// The request has a value that it may not have.
    Malformed = 6,
}

/// The error of all interfaces.
#[derive(
    Clone, Debug, PartialEq, Eq, wasmtime::component::ComponentType, wasmtime::component::Lower,
)]
#[component(record)]
pub(crate) struct AiError {
    code: u32,
    message: String,
}

impl AiError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> AiError {
        AiError {
            code: code as u32,
            message: message.into(),
        }
    }
}

impl AiError {
    /// The error as an answer in a recording.
    pub(crate) fn to_record(&self) -> Value {
        json!({ "error": { "code": self.code, "message": self.message } })
    }

    /// The error, if this recorded answer is one.
    pub(crate) fn of_answer(answer: &Value) -> Option<AiError> {
        let value = answer.get("error")?;
        Some(AiError {
            code: u32::try_from(value.get("code")?.as_u64()?).ok()?,
            message: value.get("message")?.as_str()?.to_owned(),
        })
    }
}

impl Payload for AiError {
    fn bytes(&self) -> u64 {
        4 + self.message.bytes()
    }
}
