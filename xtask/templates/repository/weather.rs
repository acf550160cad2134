//! The interface `acme:desk/weather`: the wind that is forecast for a place. A policy grants it by place, each call has a
//! price in fuel, and the report lists what was looked up.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::*;
use fractalaw_host::{Effect, HostError, Quota, QuotaLimit, Settled};

/// Places, and the strongest wind of the next day there, in knots. A real desk would ask a service here. It would keep the
/// answers in a file, so that a case gets the same ones each time.
const FORECAST: [(&str, u32); 3] = [("Dover", 38), ("Leith", 21), ("Lerwick", 44)];

/// 10,000 for a look-up, and 2 for each byte that crosses.
static WIND: Function = Function {
    interface: "acme:desk/weather@0.1.0",
    name: "wind",
    price: Price::new(10_000, 2),
};

/// A run looks up this many places at most. A policy or a case may say less.
static LOOKUPS: QuotaLimit = QuotaLimit::host(Quota::new("lookups", "look-ups of weather"), 100);

static TABLE: Table = Table {
    name: "weather",
    wit: &[Wit::new(
        "weather.wit",
        include_str!("../../wit/weather.wit"),
    )],
    interfaces: &[Interface::granted("acme:desk/weather")],
    keys: &[GrantKey::names("places", "the weather of")],
    quotas: &[&LOOKUPS],
    functions: &[&WIND],
};

/// The capability.
pub(crate) struct Weather;

impl Capability for Weather {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> Called<()> {
        linker.function(&WIND, wind)
    }

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        let places = granted.names("places").map(|place| place.name().to_owned());
        Ok(Box::new(Lookups {
            places: places.collect(),
            found: Vec::new(),
        }))
    }
}

/// What one run may look up, and what it found.
struct Lookups {
    places: Vec<String>,
    found: Vec<(String, u32)>,
}

impl Session for Lookups {
    fn prepare(&mut self, ended: &Ended<'_>) -> Called<Vec<Effect>> {
        let effect = |(place, knots): (String, u32)| Effect {
            capability: TABLE.name.to_owned(),
            kind: "looked-up".to_owned(),
            subject: place,
            fields: vec![("knots".to_owned(), u64::from(knots).into())],
            settled: Settled::of(ended.outcome()),
        };
        Ok(self.found.drain(..).map(effect).collect())
    }
}

fn wind(state: &mut RunState, (place,): (String,)) -> Called<(Result<u32, String>,)> {
    if !state.session::<Lookups>().places.contains(&place) {
        return Ok((Err(format!("no grant for `{place}`")),));
    }
    state.count(&LOOKUPS, 1)?;
    let Some(knots) = forecast(&place) else {
        return Ok((Err(format!("no forecast for `{place}`")),));
    };
    state.session::<Lookups>().found.push((place, knots));
    Ok((Ok(knots),))
}

fn forecast(place: &str) -> Option<u32> {
    let found = FORECAST.iter().find(|(known, _)| *known == place);
    found.map(|(_, knots)| *knots)
}

#[cfg(test)]
mod tests {
    use super::forecast;

    #[test]
    fn only_known_places_have_a_forecast() {
        assert_eq!(forecast("Dover"), Some(38));
        assert_eq!(forecast("dover"), None);
    }
}
