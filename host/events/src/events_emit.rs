//! `fractal:app/events-emit`: stages an event for the micro-apps that are subscribed to its type.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Payload, PricedLinker, RunState};
use serde_json::json;

use crate::failure::Refused;
use crate::session::{EventsSession, noted};
use crate::tables::EMIT_FUNCTION;

/// Something that happened.
#[derive(Debug, wasmtime::component::ComponentType, wasmtime::component::Lift)]
#[component(record)]
pub(crate) struct DomainEvent {
    #[component(name = "event-type")]
    event_type: String,
    payload: Vec<u8>,
    #[component(name = "source-app")]
    source: String,
}

impl Payload for DomainEvent {
    fn bytes(&self) -> u64 {
        self.event_type.bytes() + self.payload.bytes() + self.source.bytes()
    }
}

pub(crate) fn add_to_linker(linker: &mut PricedLinker<'_>) -> Called<()> {
    linker.function(&EMIT_FUNCTION, emit)
}

type Id = Result<u64, Refused>;

fn emit(state: &mut RunState, (event,): (DomainEvent,)) -> Called<(Id,)> {
    let bytes = event.bytes();
    state.note(|| {
        vec![
            ("type".to_owned(), noted(&event.event_type)),
            ("bytes".to_owned(), json!(event.payload.len())),
        ]
    });
    let session = state.session::<EventsSession>();
    session.hold(bytes)?;
    let emitted = session.stage(|run, app| {
        let source = app.source(&event.source);
        run.emit(&event.event_type, source, event.payload)
    })?;
    Ok((emitted.map(|id| id.0).map_err(Refused::from),))
}
