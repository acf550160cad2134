//! What the supervisor itself writes into the ledger, between the runs of its apps.

use fractalaw_events_engine::{Delivery, RunId, Trigger};
use fractalaw_host::Hash;
use fractalaw_ledger::{
    Accepted, Changed, Dead, Ledger, LedgerError, Missed, Note, Reader, Swapped, now_unix_ns,
};
use sha2::{Digest, Sha256};

use crate::state::Swap;

/// The number of an event from outside: that of the entry about it, so that no run and no other event has it.
pub(crate) fn accepted(
    ledger: &Ledger,
    event_type: &str,
    source: &str,
    payload: &[u8],
) -> Result<RunId, LedgerError> {
    let accepted = Accepted {
        event_type: event_type.to_owned(),
        source: source.to_owned(),
        bytes: payload.len() as u64,
        sha256: Hash(Sha256::digest(payload).into()),
    };
    note(ledger, &Note::EventAccepted(accepted)).map(RunId)
}

/// The number of a task that is added, or under which one is cancelled.
pub(crate) fn tasks_changed(
    ledger: &Ledger,
    owner: &str,
    target: &str,
    name: &str,
    cancelled: Option<u64>,
) -> Result<RunId, LedgerError> {
    let changed = Changed {
        owner: owner.to_owned(),
        target: target.to_owned(),
        name: name.to_owned(),
        cancelled,
    };
    note(ledger, &Note::TasksChanged(changed)).map(RunId)
}

/// A delivery is not tried again by itself, or somebody removed it.
pub(crate) fn dead(
    ledger: &Ledger,
    delivery: &Delivery,
    attempts: u32,
    outcome: &str,
    dropped: bool,
) -> Result<(), LedgerError> {
    let dead = Dead {
        app: delivery.app.clone(),
        delivery: delivery.key(),
        attempts,
        outcome: outcome.to_owned(),
        dropped,
    };
    note(ledger, &Note::DeliveryDead(dead)).map(drop)
}

/// An app has another component from now on. The ledger gets one entry about each of these swaps in their order, also if
/// this is called again because it is not known which entries were made.
pub(crate) fn swapped(ledger: &Ledger, app: &str, swaps: &[Swap]) -> Result<(), LedgerError> {
    let Some(first) = swaps.first() else {
        return Ok(());
    };
    let hash = |digest: &str| Hash::try_from(digest.to_owned()).unwrap_or(Hash([0; 32]));
    let notes = swaps.iter().map(|swap| {
        Note::AppSwapped(Swapped {
            app: app.to_owned(),
            from: swap.from.as_deref().map(hash),
            to: hash(&swap.to),
            why: swap.why.clone(),
        })
    });
    let mut left = notes.peekable();
    Reader::open(ledger.path())?.visit(first.entries + 1, |entry| {
        left.next_if(|note| note.is(&entry));
        Ok::<_, LedgerError>(())
    })?;
    left.try_for_each(|swapped| note(ledger, &swapped).map(drop))
}

/// How many entries the ledger has.
pub(crate) fn entries(ledger: &Ledger) -> Result<u64, LedgerError> {
    Ok(Reader::open(ledger.path())?.entry_count())
}

/// Whether a run stands for ticks that were missed, and is the first of its delivery.
pub(crate) fn is_late(delivery: &Delivery) -> bool {
    matches!(delivery.trigger, Trigger::Cron { missed: 1.., .. }) && delivery.attempt == 1
}

/// The ticks for which a run stands besides its own, if there are any.
pub(crate) fn missed(ledger: &Ledger, delivery: &Delivery) -> Result<(), LedgerError> {
    match &delivery.trigger {
        Trigger::Cron {
            task, name, missed, ..
        } if is_late(delivery) => {
            let missed = Missed {
                app: delivery.app.clone(),
                task: task.0,
                name: name.clone(),
                missed: *missed,
            };
            note(ledger, &Note::TicksMissed(missed)).map(drop)
        }
        _ => Ok(()),
    }
}

fn note(ledger: &Ledger, note: &Note) -> Result<u64, LedgerError> {
    ledger.note(note, now_unix_ns())
}
