//! The slots of the first and the second run of a case: one in which nothing has run, and one in which a hostile guest
//! has.

use anyhow::Result;
use fractalaw_host::{Host, Policy, Reuse};
use tokio::runtime::Runtime;

use super::loaded::{Component, Loaded};
use super::subject::Subject;
use super::{Lab, lock};

/// The slots of a host for fresh runs. It is made anew when they are used up.
const FRESH_SLOTS: u32 = 64;

/// How much the guests of such a host may leave in its slots before it is made anew, in bytes. What a run leaves stays
/// resident, and several threads run cases.
const FRESH_HELD_BYTES: usize = 128 << 20;

/// A host whose slots serve once. So each run is in a slot in which nothing has run.
pub(super) struct FreshSlots {
    pub(super) host: Host,
    subjects: Loaded<Subject>,
    pub(super) runs_left: u32,
    /// What the guests that ran have left in their slots.
    pub(super) held_bytes: usize,
}

impl FreshSlots {
    fn are_left(&self) -> bool {
        self.runs_left > 0 && self.held_bytes < FRESH_HELD_BYTES
    }

    pub(super) fn load(&self, component: &Component) -> Result<Subject> {
        let load = |component: &[u8]| Subject::load(&self.host, component);
        self.subjects.get(component, load)
    }
}

/// A host with a single slot, and a single memory that is used again. A hostile guest and cases run in it, in turn.
pub(super) struct UsedSlot {
    pub(super) host: Host,
    pub(super) hostile: Subject,
    subjects: Loaded<Subject>,
}

impl UsedSlot {
    pub(super) fn load(&self, component: &Component) -> Result<Subject> {
        let load = |component: &[u8]| Subject::load(&self.host, component);
        self.subjects.get(component, load)
    }
}

impl Lab {
    /// Slots in which nothing has run: what is left from the case before, or new ones.
    pub(super) fn fresh_slots(&self, runtime: &Runtime, policy: &Policy) -> Result<FreshSlots> {
        match lock(&self.fresh).pop() {
            Some(slots) if slots.are_left() => return Ok(slots),
            // To free what its guests left takes as long as several runs.
            Some(spent) => drop(runtime.spawn_blocking(move || drop(spent))),
            None => {}
        }
        Ok(FreshSlots {
            host: self.host(policy, FRESH_SLOTS, Reuse::Never)?,
            subjects: Loaded::default(),
            runs_left: FRESH_SLOTS,
            held_bytes: 0,
        })
    }

    /// A slot for a hostile guest and a case: kept from the case before, or new.
    pub(super) fn used_slot(&self, policy: &Policy, hostile: &[u8]) -> Result<UsedSlot> {
        if let Some(slot) = lock(&self.used).pop() {
            return Ok(slot);
        }
        let host = self.host(policy, 1, Reuse::Any)?;
        Ok(UsedSlot {
            hostile: Subject::load(&host, hostile)?,
            subjects: Loaded::default(),
            host,
        })
    }
}
