//! Says in one line what this micro-app is for.

use fractal::app::audit_log::{AuditEntry, record_event};

// On this machine there is no host, so unit tests have one in memory.
#[cfg(not(test))]
wit_bindgen::generate!({ path: "../../wit", world: "micro-app", generate_all });
#[cfg(test)]
use micro_app::contract::{Guest, export, fractal};

struct App;

impl Guest for App {
    fn run() -> Result<String, String> {
        record_event(&AuditEntry {
            event_type: "app-started".into(),
            resource: "{name}".into(),
            detail: "First run".into(),
        });
        Ok("Hello from {name}!".into())
    }
}

export!(App);

/// These run on this machine: `cargo test -p {name}`.
#[cfg(test)]
mod tests {
    use micro_app::testing::Host;

    use super::{App, Guest};

    #[test]
    fn it_says_hello_and_records_that_it_started() {
        let mut host = Host::new();
        assert_eq!(host.run(App::run).as_deref(), Ok("Hello from {name}!"));
        assert_eq!(host.trail(), ["[app-started] {name} — First run"]);
    }
}
