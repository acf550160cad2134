//! The call of a guest: from a store to the guest's result, or to what ended it.

use std::pin::pin;
use std::time::Instant;

use fractalaw_report::{Certainty, Outcome};
use wasmtime::{Store, UpdateDeadline};

use crate::bindings::MicroAppPre;
use crate::cause;
use crate::error::HostError;
use crate::interfaces::wasi::system_error::NoDescriptors;
use crate::offer::deadline::DeadlineExceeded;
use crate::offer::determinism::WaitedPastDeadline;
use crate::offer::file_threads::NoFileThread;
use crate::offer::state::RunState;
use crate::run::ending;
use crate::run::until::{Until, in_time};

/// The result of instantiation and call.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) backtrace: Vec<String>,
    pub(super) certainty: Certainty,
    pub(super) instantiation_fuel: u64,
    pub(super) guest_fuel: u64,
}

impl Ended {
    /// All fuel that was used, with the charges of host calls.
    pub(super) fn fuel(&self, host_calls: u64) -> u64 {
        self.instantiation_fuel + self.guest_fuel + host_calls
    }
}

/// Instantiates the component in the store and calls `run`, until the deadline or the host's stop.
pub(super) async fn call(
    store: &mut Store<RunState>,
    pre: &MicroAppPre<RunState>,
    is_composed: bool,
    until: Until<'_>,
) -> Result<Ended, HostError> {
    let deadline = until.deadline;
    // At each tick the guest gives way to others on its thread, unless its time is up. The callback holds nothing, so that it
    // needs no memory.
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|store| {
        if Instant::now() >= store.data().deadline() {
            return Err(DeadlineExceeded.into());
        }
        Ok(UpdateDeadline::Yield(1))
    });
    let budget = fuel_left(store);
    if let Some(recorder) = &mut store.data_mut().recorder {
        recorder.begin(budget);
    }
    let mut after_instantiation = None;
    let instance = match Instant::now() < deadline {
        true => in_time(until, pin!(pre.instantiate_async(&mut *store))).await,
        false => Err(DeadlineExceeded.into()),
    };
    let ended = match instance {
        Ok(instance) => {
            let left = fuel_left(store);
            after_instantiation = Some((left, store.data().meter.fuel()));
            if let Some(recorder) = &mut store.data_mut().recorder {
                recorder.begin_run(left);
            }
            in_time(until, pin!(instance.call_run(&mut *store))).await
        }
        Err(error) => Err(error),
    };
    let handles = store.max_component_handles() as u64;
    let waited = matches!(&ended, Err(error) if error.is::<WaitedPastDeadline>());
    if let Err(error) = &ended
        && after_instantiation.is_none()
        && let Some(source) = cause::of_the_system(error)
    {
        return Err(HostError::Instance { source });
    }
    let (outcome, backtrace) = match ended {
        Ok(Ok(text)) => (Outcome::Completed(text), Vec::new()),
        Ok(Err(message)) => (Outcome::GuestError(message), Vec::new()),
        Err(error) if is_composed && ending::is_too_much_crossing(&error) => (
            ending::too_much_crossing(),
            ending::backtrace(&error, is_composed),
        ),
        Err(error) if error.is::<NoFileThread>() => return Err(HostError::FileThread),
        Err(error) => match error.downcast::<NoDescriptors>() {
            Ok(NoDescriptors(source)) => return Err(HostError::OpenForGuest { source }),
            Err(error) => match error.downcast::<HostError>() {
                Ok(error) => return Err(error),
                Err(error) => (
                    ending::outcome(&error, handles, after_instantiation.is_some()),
                    ending::backtrace(&error, is_composed),
                ),
            },
        },
    };
    let mut left = fuel_left(store);
    if let Some(recorder) = &mut store.data_mut().recorder {
        left = recorder.end(left, &outcome);
    }
    let (outcome, mut certainty) = ending::with_fuel_left(outcome, left);
    if waited {
        certainty = Certainty::Exact;
    }
    let host_calls = store.data().meter.fuel();
    let (after_instantiation, called_by_instantiation) =
        after_instantiation.unwrap_or((left, host_calls));
    Ok(Ended {
        outcome,
        backtrace,
        certainty,
        instantiation_fuel: budget - after_instantiation - called_by_instantiation,
        guest_fuel: after_instantiation - left - (host_calls - called_by_instantiation),
    })
}

/// What is left of the budget.
pub(super) fn fuel_left(store: &Store<RunState>) -> u64 {
    let counted = store
        .get_fuel()
        .expect("the engine is configured to count fuel");
    match &store.data().recorder {
        Some(recorder) => recorder.left_of(counted),
        None => counted,
    }
}
