//! Counts what became of inputs. A fuzzer whose inputs all end the same way looks for nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

static COUNTS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

fn counts() -> MutexGuard<'static, BTreeMap<String, u64>> {
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts one outcome of this kind.
pub(crate) fn count(kind: impl Into<String>) {
    *counts().entry(kind.into()).or_default() += 1;
}

/// All kinds and how often each was counted, as text. Counting then begins again.
pub fn take() -> String {
    let counts = std::mem::take(&mut *counts());
    let mut texts = counts.iter().map(|(kind, count)| format!("{kind} {count}"));
    let first = texts.next().unwrap_or_default();
    texts.fold(first, |text, next| format!("{text}, {next}"))
}
