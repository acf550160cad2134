//! What a run staged, as the ledger's closing records it: without payloads.

use fractalaw_events_engine::{Emitted, Scheduled, Step};
use fractalaw_host::{Deeds, Hash};
use fractalaw_ledger as ledger;
use sha2::{Digest, Sha256};

pub(crate) fn deeds(steps: &[Step]) -> Deeds {
    let mut deeds = Deeds::default();
    for step in steps {
        match step {
            Step::Emit(event) => deeds.events.push(emitted(event)),
            Step::Schedule(task) => deeds.tasks.push(scheduled(task)),
            Step::Cancel(task) => deeds.cancelled.push(task.0),
        }
    }
    deeds
}

fn emitted(event: &Emitted) -> ledger::Emitted {
    ledger::Emitted {
        id: event.id.0,
        event_type: event.event_type.clone(),
        bytes: event.payload.len() as u64,
        sha256: digest(&event.payload),
    }
}

fn scheduled(task: &Scheduled) -> ledger::Scheduled {
    let run_at = task.first.filter(|_| task.cron.is_none());
    ledger::Scheduled {
        id: task.id.0,
        name: task.name.clone(),
        target: task.target.clone(),
        cron: task.cron.clone(),
        run_at: run_at.map(|at| at.unix_s()),
        bytes: task.payload.len() as u64,
        sha256: digest(&task.payload),
    }
}

fn digest(payload: &[u8]) -> Hash {
    Hash(Sha256::digest(payload).into())
}
