//! Why a call has no answer, in the form in which the guest gets it.

use fractalaw_host::capability::Payload;

/// The kind of error. The numbers are part of the contract. `README.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Code {
    /// A text, or all texts together, are over a limit.
    TooLong = 2,
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

impl Payload for AiError {
    fn bytes(&self) -> u64 {
        4 + self.message.bytes()
    }
}
