//! The errors of this capability: the one that a guest gets, and the one that ends a run without a report.

use fractalaw_events_engine::EventError;
use fractalaw_host::HostError;
use fractalaw_host::capability::Payload;

use crate::effect::CAPABILITY;

/// The error that a guest gets for a call that was refused. The page of the engine has the codes.
#[derive(Debug, wasmtime::component::ComponentType, wasmtime::component::Lower)]
#[component(record)]
pub(crate) struct Refused {
    code: u32,
    message: String,
}

impl Payload for Refused {
    fn bytes(&self) -> u64 {
        4 + self.message.bytes()
    }
}

impl From<EventError> for Refused {
    fn from(error: EventError) -> Refused {
        Refused {
            code: error.code as u32,
            message: error.message,
        }
    }
}

/// Whether the events of a run could not be read or written: its delivery could not begin or could not be settled.
pub fn is_of_events(error: &HostError) -> bool {
    matches!(error, HostError::Capability { capability, .. } if *capability == CAPABILITY)
}

/// An error of this capability.
pub(crate) fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> HostError {
    HostError::Capability {
        capability: CAPABILITY,
        source: source.into(),
    }
}
