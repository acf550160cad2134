//! Makes the parts of a composed component pay for the data that they hand to each other, before it is compiled.

use fractalaw_instrument::Uninstrumentable;
use fractalaw_report::Refusal;

use crate::cost::crossing::PRICE;

/// The component with parts that pay. Call it only for composed components.
pub(crate) fn metered(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    fractalaw_instrument::meter_crossings(bytes, &PRICE).map_err(|error| match error {
        Uninstrumentable::Invalid { message } => Refusal::Invalid { message },
        Uninstrumentable::TooManyValues { found, limit } => Refusal::OverSlot {
            what: "values handed from part to part",
            found,
            limit,
        },
        error => Refusal::UnmeteredCrossing {
            message: error.to_string(),
        },
    })
}
