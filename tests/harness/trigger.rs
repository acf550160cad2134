//! What a case says that started it: an event, or a tick of a task.

use std::path::Path;

use anyhow::{Result, bail};
use fractalaw_events::Payload;

use crate::regular;

/// The bytes of a payload. Its file is in this folder.
pub(crate) fn bytes(payload: &Payload, folder: &Path) -> Result<Vec<u8>> {
    match (&payload.text, &payload.file) {
        (Some(text), None) => Ok(text.clone().into_bytes()),
        (None, Some(file)) => regular::read(&folder.join(file)),
        (None, None) => Ok(Vec::new()),
        (Some(_), Some(_)) => bail!("it has both `payload` and `payload-file`"),
    }
}
