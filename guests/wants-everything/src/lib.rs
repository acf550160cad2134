//! Reaches for what it was not given. Each attempt must fail as an ordinary error that the
//! micro-app can handle.

use std::fmt::Display;
use std::net::TcpStream;
use std::{env, fs};

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct WantsEverything;

impl Guest for WantsEverything {
    fn run() -> Result<String, String> {
        let attempts = [
            attempt("the file `/etc/passwd`", || fs::read("/etc/passwd")),
            attempt("the folder `.`", || fs::read_dir(".")),
            attempt("a connection to `127.0.0.1:80`", || {
                TcpStream::connect("127.0.0.1:80")
            }),
            attempt("the variable `PATH`", || env::var("PATH")),
        ];
        Ok(attempts.join("\n"))
    }
}

fn attempt<T, E: Display>(wanted: &str, get: impl FnOnce() -> Result<T, E>) -> String {
    let answer = match get() {
        Ok(_) => "granted".into(),
        Err(error) => format!("refused: {error}"),
    };
    record_event(&AuditEntry {
        event_type: "access-attempted".into(),
        resource: wanted.into(),
        detail: answer.clone(),
    });
    format!("{wanted}: {answer}")
}

export!(WantsEverything);
