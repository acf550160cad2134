//! A run that a new version must complete before it is taken.

use std::io::Read;
use std::path::Path;

use fractalaw_events_engine::limits::PAYLOAD_BYTES;
use fractalaw_host::{MicroApp, Outcome, open_regular_file};

use super::shared::Inner;
use crate::blocking::blocking;
use crate::config::Check;
use crate::error::ServeError;
use crate::folder::failed;
use crate::journal::chain;

impl Inner {
    /// Runs a version once, and discards what it does.
    pub(super) async fn check(
        &self,
        digest: &str,
        app: &MicroApp,
        check: &Check,
    ) -> Result<(), String> {
        let payload = match check.payload.clone() {
            Some(path) => {
                let read = blocking(move || payload(&path)).await;
                read.map_err(|error| chain(&error))?
            }
            None => Vec::new(),
        };
        let mut run = self.run.clone().stdin(payload);
        if let Some(event_type) = &check.event_type {
            run = run
                .env("FRACTALAW_TRIGGER", "event")
                .env("FRACTALAW_EVENT_TYPE", event_type);
        }
        let report = self.host.rehearse(app, &run).await;
        let report = report.map_err(|error| chain(&error))?;
        match report.outcome {
            Outcome::Completed(_) => Ok(()),
            outcome => Err(format!("{digest} does not pass its check: {outcome}")),
        }
    }
}

/// The payload of a check, which is no larger than that of an event.
fn payload(path: &Path) -> Result<Vec<u8>, ServeError> {
    let failed_to_read = |source| failed("read", path, source);
    let Some(file) = open_regular_file(path).map_err(failed_to_read)? else {
        return Err(ServeError::asked(format!(
            "`{}` is no regular file, expected the payload of an event",
            path.display()
        )));
    };
    let mut bytes = Vec::new();
    let read = file.take(PAYLOAD_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(failed_to_read)?;
    match bytes.len() as u64 <= PAYLOAD_BYTES {
        true => Ok(bytes),
        false => Err(ServeError::asked(format!(
            "`{}` is larger than {PAYLOAD_BYTES} bytes, expected the payload of an event",
            path.display()
        ))),
    }
}
