//! What comes after a swap that counts: its entry in the ledger, and the engine's knowledge of it. The ledger or the disk may
//! fail at that moment. So it is tried again at each look at the files, and by the next start.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::mem::take;
use std::sync::Arc;

use super::shared::{Inner, Supervisor};
use crate::blocking::blocking;
use crate::error::ServeError;
use crate::journal::chain;
use crate::notes;
use crate::state::Swap;

impl Supervisor {
    /// Does what is left to do for swaps. Whoever calls it swaps.
    pub(super) async fn finish_swaps(&self) {
        let inner = Arc::clone(&self.0);
        let finished = blocking(move || {
            inner.finish_swaps();
            Ok::<_, Infallible>(())
        });
        let Ok(()) = finished.await;
        self.0.wake.notify_one();
    }

    /// Tries again what failed after a swap.
    pub(super) async fn finish_old_swaps(&self) {
        let _swapping = self.0.swapping.lock().await;
        if !self.0.unfinished().is_empty() {
            self.finish_swaps().await;
        }
    }
}

impl Inner {
    /// The swaps of each app for which something is left to do.
    fn unfinished(&self) -> BTreeMap<String, Vec<Swap>> {
        let apps = self.apps();
        let standings = apps.state.apps.iter();
        let swaps = standings.map(|(name, standing)| (name.clone(), standing.swaps.clone()));
        swaps.filter(|(_, swaps)| !swaps.is_empty()).collect()
    }

    /// The same, where waiting is allowed.
    pub(super) fn finish_swaps(&self) {
        for (name, swaps) in self.unfinished() {
            if let Err(error) = self.finish(&name, &swaps) {
                tracing::error!(
                    "`{name}` is swapped, and not all of that is done; it is tried again: {}",
                    chain(&error)
                );
            }
        }
    }

    fn finish(&self, name: &str, swaps: &[Swap]) -> Result<(), ServeError> {
        let noted = notes::swapped(&self.desk.ledger, name, swaps);
        // Runs do not wait for the entry.
        self.tell_engine()?;
        noted?;
        // What failed with the version before may go well with this one.
        self.desk.offer_again(name)?;
        let state = {
            let mut apps = self.apps();
            if let Some(standing) = apps.state.apps.get_mut(name) {
                drop(take(&mut standing.swaps));
            }
            apps.state.clone()
        };
        // If this fails, nothing is left to do here, and the next start does it once more.
        state.write(&self.folder)?;
        self.forget_components();
        Ok(())
    }
}
