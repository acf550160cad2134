//! Components that a host of the lab has loaded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use sha2::{Digest as _, Sha256};

use super::lock;

/// What a host has loaded, by the component's digest, because many cases use the same guest. While one component is
/// loaded, others can be.
pub(super) struct Loaded<T>(Mutex<HashMap<Digest, Arc<Mutex<Option<T>>>>>);

impl<T> Default for Loaded<T> {
    fn default() -> Loaded<T> {
        Loaded(Mutex::default())
    }
}

impl<T: Clone> Loaded<T> {
    pub(super) fn get<E>(
        &self,
        component: &Component,
        load: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<T, E> {
        let place = Arc::clone(lock(&self.0).entry(component.digest).or_default());
        let mut place = lock(&place);
        if let Some(loaded) = &*place {
            return Ok(loaded.clone());
        }
        let loaded = load(&component.bytes)?;
        *place = Some(loaded.clone());
        Ok(loaded)
    }
}

/// The bytes of a component, and their digest.
pub(super) struct Component {
    pub(super) bytes: Vec<u8>,
    digest: Digest,
}

type Digest = [u8; 32];

impl Component {
    pub(super) fn of(bytes: Vec<u8>) -> Component {
        Component {
            digest: Sha256::digest(&bytes).into(),
            bytes,
        }
    }
}
