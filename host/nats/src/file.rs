//! The node's file, from asynchronous code: SQLite waits for the disk, so its calls run on threads of their own.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use fractalaw_events_engine::{EngineError, Exchange};
use tokio::time::sleep;

use crate::fault::Fault;
use crate::limits::FILE_POLL;

/// The exchange of the node. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct File(Arc<Mutex<Exchange>>);

impl File {
    pub(crate) fn open(path: &Path) -> Result<File> {
        let exchange = Exchange::open(path).map_err(|error| {
            let what = format!("cannot connect the node to the set: {error}");
            let hint = "start its supervisor once as part of a set, which makes the file";
            match error {
                EngineError::Open { .. } => anyhow::Error::from(Fault::new(what, hint)),
                error => error.into(),
            }
        })?;
        Ok(File(Arc::new(Mutex::new(exchange))))
    }

    /// Does something with the file.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Exchange) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T> {
        let exchange = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut exchange.lock().unwrap_or_else(PoisonError::into_inner))
        });
        Ok(done.await??)
    }

    /// Waits until the engine has written something since `seen`.
    pub(crate) async fn changed(&self, seen: i64) -> Result<i64> {
        loop {
            let version = self.with(|exchange| exchange.version()).await?;
            if version != seen {
                return Ok(version);
            }
            sleep(FILE_POLL).await;
        }
    }
}
