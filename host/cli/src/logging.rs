//! Logs to standard error: warnings, or what `RUST_LOG` asks for.

use std::env;
use std::io::{self, IsTerminal};

use tracing::Level;
use tracing_subscriber::EnvFilter;

use crate::printing;

pub(crate) fn start() {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match env::var("RUST_LOG") {
        Ok(directives) => match EnvFilter::try_new(&directives) {
            Ok(filter) => subscriber.with_env_filter(filter).init(),
            Err(error) => {
                printing::note(format_args!("warning: `RUST_LOG` is passed over: {error}"));
                subscriber.with_max_level(Level::WARN).init();
            }
        },
        // Setting up the filter takes longer than running a small guest.
        Err(_) => subscriber.with_max_level(Level::WARN).init(),
    }
}
