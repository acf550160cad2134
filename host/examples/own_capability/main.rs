//! A host with an interface of its own, `warnings.wit`. Its policy lets some guests use it. Nothing in the host
//! is changed for it.

use std::path::Path;

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::*;
use fractalaw_host::{Effect, Host, HostError, Policy, Quota, QuotaLimit, Run, Settled};

static SEND: Function = Function {
    interface: "example:weather/warnings@1.0.0",
    name: "send",
    price: Price::new(5_000, 2),
};

static WARNINGS: QuotaLimit = QuotaLimit::host(Quota::new("warnings", "warnings"), 100);

static TABLE: Table = Table {
    name: "weather",
    wit: &[Wit::new("warnings.wit", include_str!("warnings.wit"))],
    interfaces: &[Interface::granted("example:weather/warnings")],
    keys: &[GrantKey::names("places", "warnings for")],
    quotas: &[&WARNINGS],
    functions: &[&SEND],
};

struct Weather;

impl Capability for Weather {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> Called<()> {
        linker.function(&SEND, send)
    }

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        let places = granted.names("places").map(|place| place.name().to_owned());
        let (places, sent) = (places.collect(), Vec::new());
        Ok(Box::new(Warnings { places, sent }))
    }
}

/// The warnings of one run.
struct Warnings {
    places: Vec<String>,
    sent: Vec<(String, String)>,
}

impl Session for Warnings {
    /// A real one would write them to disk here, and send them in `settle` once the ledger has the run as completed.
    fn prepare(&mut self, ended: &Ended<'_>) -> Called<Vec<Effect>> {
        let effect = |(place, text): (String, String)| Effect {
            capability: TABLE.name.to_owned(),
            kind: "warning".to_owned(),
            subject: place,
            fields: vec![("text".to_owned(), text.into())],
            settled: Settled::of(ended.outcome()),
        };
        Ok(self.sent.drain(..).map(effect).collect())
    }
}

fn send(state: &mut RunState, (place, text): (String, String)) -> Called<(Result<(), String>,)> {
    if !state.session::<Warnings>().places.contains(&place) {
        return Ok((Err(format!("no grant for `{place}`")),));
    }
    state.count(&WARNINGS, 1)?;
    state.charge(100 * text.len() as u64)?;
    state.session::<Warnings>().sent.push((place, text));
    Ok((Ok(()),))
}

/// Runs the guest under a policy, and returns the report.
async fn run(policy: &str) -> Result<String, Box<dyn std::error::Error>> {
    let policy = Policy::parse(Path::new("policy.toml"), policy)?;
    let host = Host::builder().offer(Weather).policy(policy).build()?;
    let app = host.load(&wat::parse_str(include_str!("guest.wat"))?)?;
    Ok(host.run(&app, &Run::new()).await?.text())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", run(include_str!("policy.toml")).await?);
    Ok(())
}

#[cfg(test)]
mod tests;
