//! Says in one line what this micro-app is for.

use micro_app::record;

micro_app::main!(run);

fn run() -> Result<String, String> {
    record("app-started", "{name}", "First run");
    Ok("Hello from {name}!".to_owned())
}

/// These run on your machine, with a host in memory: `cargo test -p {name}`.
#[cfg(test)]
mod tests {
    use micro_app::testing::Host;

    use super::run;

    #[test]
    fn it_says_hello_and_records_that_it_started() {
        let mut host = Host::new();
        assert_eq!(host.run(run).as_deref(), Ok("Hello from {name}!"));
        assert_eq!(host.trail(), ["[app-started] {name} — First run"]);
    }
}
