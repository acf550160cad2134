//! Says which harbours are to be warned of a gale. The arguments are the harbours.

use acme::desk::weather::wind;
use fractal::app::audit_log::{AuditEntry, record_event};

// On this machine there is no host, so unit tests have one in memory: for the contract, and below for our own interface.
#[cfg(not(test))]
wit_bindgen::generate!({ path: "../../wit", world: "micro-app", generate_all });
#[cfg(test)]
use micro_app::contract::{Guest, export, fractal};

/// Where a gale begins: force 8.
const GALE_KNOTS: u32 = 34;

struct StormNotice;

impl Guest for StormNotice {
    fn run() -> Result<String, String> {
        warn(std::env::args().skip(1).collect())
    }
}

export!(StormNotice);

fn warn(harbours: Vec<String>) -> Result<String, String> {
    let mut warned = Vec::new();
    for harbour in harbours {
        let knots = wind(&harbour)?;
        if knots >= GALE_KNOTS {
            record_event(&AuditEntry {
                event_type: "warned".into(),
                resource: harbour.clone(),
                detail: format!("{knots} knots are forecast"),
            });
            warned.push(harbour);
        }
    }
    match &warned[..] {
        [] => Ok("no gale is forecast".into()),
        warned => Ok(format!("warned: {}", warned.join(", "))),
    }
}

/// `acme:desk/weather` in unit tests.
#[cfg(test)]
mod acme {
    pub mod desk {
        pub mod weather {
            pub fn wind(place: &str) -> Result<u32, String> {
                match place {
                    "Galeport" => Ok(34),
                    "Calmouth" => Ok(33),
                    _ => Err(format!("no forecast for `{place}`")),
                }
            }
        }
    }
}

/// These run on this machine: `cargo test -p storm-notice`. `cargo xtask test` runs them before the cases.
#[cfg(test)]
mod tests {
    use micro_app::testing::Host;

    use super::warn;

    #[test]
    fn only_a_gale_is_warned_of_and_recorded() {
        let mut host = Host::new();
        let said = host.run(|| warn(vec!["Calmouth".into(), "Galeport".into()]));
        assert_eq!(said.as_deref(), Ok("warned: Galeport"));
        assert_eq!(host.trail(), ["[warned] Galeport — 34 knots are forecast"]);
    }

    #[test]
    fn a_harbour_without_a_forecast_is_the_guests_own_error() {
        let said = Host::new().run(|| warn(vec!["Nowhere".into()]));
        assert_eq!(said, Err("no forecast for `Nowhere`".into()));
    }
}
