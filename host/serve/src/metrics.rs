//! What a monitoring system collects, in the text format of OpenMetrics. Labels are names of apps, outcomes and states,
//! and never numbers of anything, so there is a bounded number of them.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::journal::Ran;
use crate::status::Status;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRun {
    app: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfApp {
    app: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    app: String,
    state: &'static str,
}

/// All figures.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    runs: Family<OfRun, Counter>,
    fuel: Family<OfApp, Counter>,
    swaps: Family<OfApp, Counter>,
    seconds: Family<OfApp, Histogram>,
    deliveries: Family<OfState, Gauge>,
    payload_bytes: Gauge,
    stopping: Gauge,
}

/// The buckets of a run's time: 1 ms to 131 s, each twice the one before.
fn run_times() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 18))
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::with_prefix("fractalaw");
        let metrics = Metrics {
            registry: Registry::default(),
            runs: Family::default(),
            fuel: Family::default(),
            swaps: Family::default(),
            seconds: Family::new_with_constructor(run_times),
            deliveries: Family::default(),
            payload_bytes: Gauge::default(),
            stopping: Gauge::default(),
        };
        registry.register("runs", "Runs that have ended", metrics.runs.clone());
        registry.register("fuel", "Units of fuel that runs used", metrics.fuel.clone());
        registry.register(
            "swaps",
            "Versions that took the place of another",
            metrics.swaps.clone(),
        );
        registry.register_with_unit(
            "run_time",
            "Time from the start of a run to its report",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register(
            "deliveries",
            "Deliveries in the file, by state",
            metrics.deliveries.clone(),
        );
        registry.register_with_unit(
            "payload",
            "Payloads in the file",
            Unit::Bytes,
            metrics.payload_bytes.clone(),
        );
        registry.register(
            "stopping",
            "1 from when the supervisor was told to stop",
            metrics.stopping.clone(),
        );
        Metrics {
            registry,
            ..metrics
        }
    }
}

impl Metrics {
    pub(crate) fn ran(&self, ran: &Ran) {
        let of_app = OfApp {
            app: ran.app.clone(),
        };
        self.fuel.get_or_create(&of_app).inc_by(ran.fuel);
        let seconds = ran.took_ms as f64 / 1000.0;
        self.seconds.get_or_create(&of_app).observe(seconds);
        let of_run = OfRun {
            app: ran.app.clone(),
            outcome: ran.outcome.clone(),
        };
        self.runs.get_or_create(&of_run).inc();
    }

    pub(crate) fn swapped(&self, app: &str) {
        let of_app = OfApp {
            app: app.to_owned(),
        };
        self.swaps.get_or_create(&of_app).inc();
    }

    /// All figures as text, with what waits now.
    pub(crate) fn text(&self, status: &Status) -> String {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        for app in &status.apps {
            for (state, count) in [
                ("ready", app.ready),
                ("waiting", app.waiting),
                ("running", app.running),
                ("held", app.held),
                ("dead", app.dead),
            ] {
                let of = OfState {
                    app: app.app.name.clone(),
                    state,
                };
                self.deliveries.get_or_create(&of).set(number(count));
            }
        }
        self.payload_bytes.set(number(status.payload_bytes));
        self.stopping.set(i64::from(status.stopping));
        let mut text = String::new();
        // Writing into a text does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
