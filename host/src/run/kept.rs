//! What remains in the slots that must not serve again.

use std::sync::{Arc, Mutex, PoisonError};

use fractalaw_report::QuotaLimits;
use wasmtime::Store;
use wasmtime::component::ResourceTable;

use crate::engine::Reuse;
use crate::offer::limiter::Limiter;
use crate::offer::meter::Meter;
use crate::offer::session::Sessions;
use crate::offer::state::RunState;
use crate::run::slots::Slot;

/// The instances of a host whose slots serve once.
pub(crate) struct Kept(Option<Mutex<Vec<Store<RunState>>>>);

impl Kept {
    pub(crate) fn new(reuse: Reuse) -> Kept {
        Kept((reuse == Reuse::Never).then(Mutex::default))
    }

    /// The slot as the run holds it. A slot that serves once is never given back.
    pub(crate) fn hold<'a>(&self, slot: Slot<'a>) -> Option<Slot<'a>> {
        match &self.0 {
            Some(_) => {
                slot.forget();
                None
            }
            None => Some(slot),
        }
    }

    /// The state of a run that has ended. Its instance is freed, or stays in its slot.
    pub(crate) fn end(&self, mut store: Store<RunState>) -> RunState {
        let Some(kept) = &self.0 else {
            return store.into_data();
        };
        let spent = RunState {
            app: store.data().app.clone(),
            inputs: Arc::default(),
            meter: Meter::new(0, QuotaLimits::default(), false),
            limiter: Limiter::new(0),
            account: store.data().account.clone(),
            virtual_time: None,
            seed: None,
            handles: ResourceTable::with_capacity(0),
            sessions: Sessions::default(),
            recorder: None,
        };
        let state = std::mem::replace(store.data_mut(), spent);
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(store);
        state
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use fractalaw_report::App;
    use wasmtime::Engine;
    use wasmtime::component::{Component, Linker};

    use super::*;
    use crate::engine;
    use crate::offer::account::Account;

    const COMPONENT: &str =
        "(component (core module $m (memory 1)) (core instance (instantiate $m)))";

    fn store(engine: &Engine) -> Store<RunState> {
        let app = App {
            name: None,
            version: None,
            digest: Arc::default(),
        };
        let state = RunState {
            app,
            inputs: Arc::default(),
            meter: Meter::new(0, QuotaLimits::default(), false),
            limiter: Limiter::new(1 << 20),
            account: Account::new(0, Instant::now(), Arc::default()),
            virtual_time: None,
            seed: None,
            handles: ResourceTable::with_capacity(0),
            sessions: Sessions::default(),
            recorder: None,
        };
        Store::new(engine, state)
    }

    /// The memories of the pool that are in use or were, after two components ran in turn, twice each.
    async fn used(reuse: Reuse) -> [usize; 2] {
        let engine = engine::new(4, reuse).unwrap();
        let kept = Kept::new(reuse);
        let component = || Component::new(&engine, wat::parse_str(COMPONENT).unwrap()).unwrap();
        let linker = Linker::new(&engine);
        let two = [component(), component()].map(|one| linker.instantiate_pre(&one).unwrap());
        for pre in two.iter().chain(&two) {
            let mut store = store(&engine);
            pre.instantiate_async(&mut store).await.unwrap();
            kept.end(store);
        }
        let metrics = engine.pooling_allocator_metrics().unwrap();
        [
            metrics.memories(),
            usize::try_from(metrics.unused_warm_memories()).unwrap(),
        ]
    }

    #[tokio::test]
    async fn a_run_gets_the_slot_of_its_app_or_the_last_one_or_one_that_nobody_had() {
        assert_eq!(used(Reuse::SameApp).await, [0, 2]);
        assert_eq!(used(Reuse::Any).await, [0, 1]);
        assert_eq!(used(Reuse::Never).await, [4, 0]);
    }
}
