//! Timers, and waiting for them and for streams.
//!
//! WASI's implementation gives each timer two handles and runs it by the machine's clock. Here a timer is one
//! handle and the time at which it is due, by the run's own clock. In a deterministic run this is virtual time.
//! Waiting moves it at once to the earliest time that is waited for. Everything else in the list is waited for
//! until it is ready, however long the machine takes.

use std::time::Duration;

use wasmtime::component::Resource;
use wasmtime_wasi::clocks::WasiClocksView;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::io::poll::{self, HostPollable};
use wasmtime_wasi::p2::{DynPollable, subscribe};

use super::session::WasiSession;
use super::timer_list::{Clock, Timers};
use crate::offer::state::RunState;

fn timers(state: &mut RunState) -> &mut Timers {
    &mut state.session::<WasiSession>().timers
}

pub(super) fn subscribe_instant(
    state: &mut &mut RunState,
    due: u64,
) -> wasmtime::Result<Resource<DynPollable>> {
    let (session, handles) = state.session_and_handles::<WasiSession>();
    let timers = &mut session.timers;
    let clock = match &timers.clock {
        Some(clock) => clock.rep(),
        None => {
            // It is not a handle of the guest's and must not count as one.
            let most = handles.max_capacity();
            handles.set_max_capacity(most.saturating_add(1));
            let clock = handles.push(Clock)?;
            timers.clock.insert(clock).rep()
        }
    };
    let timer = subscribe(handles, Resource::<Clock>::new_borrow(clock))?;
    timers.due.insert(timer.rep(), due);
    Ok(timer)
}

pub(super) fn subscribe_duration(
    state: &mut &mut RunState,
    duration: u64,
) -> wasmtime::Result<Resource<DynPollable>> {
    let due = now(state)?.saturating_add(duration);
    subscribe_instant(state, due)
}

pub(super) fn drop(
    state: &mut &mut RunState,
    pollable: Resource<DynPollable>,
) -> wasmtime::Result<()> {
    timers(state).due.remove(&pollable.rep());
    HostPollable::drop(&mut state.handles, pollable)
}

/// In a deterministic run, asking is waiting. Otherwise a guest that asks in a loop would ask for ever.
pub(super) async fn ready(
    state: &mut &mut RunState,
    pollable: Resource<DynPollable>,
) -> wasmtime::Result<bool> {
    if state.is_deterministic() {
        block(state, pollable).await?;
        return Ok(true);
    }
    match timers(state).due.get(&pollable.rep()) {
        Some(&due) => Ok(due <= now(state)?),
        None => HostPollable::ready(&mut state.handles, pollable).await,
    }
}

pub(super) async fn block(
    state: &mut &mut RunState,
    pollable: Resource<DynPollable>,
) -> wasmtime::Result<()> {
    match timers(state).due.get(&pollable.rep()) {
        Some(&due) => wait_until(state, due).await,
        None => HostPollable::block(&mut state.handles, pollable).await,
    }
}

/// Waits until at least one is ready. Returns the indices of all that are ready, in order.
pub(super) async fn poll(
    state: &mut &mut RunState,
    pollables: Vec<Resource<DynPollable>>,
) -> wasmtime::Result<Vec<u32>> {
    let (mut waits, mut others) = (Vec::new(), Vec::new());
    let due = &timers(state).due;
    for (place, pollable) in (0..).zip(&pollables) {
        match due.get(&pollable.rep()) {
            Some(&due) => waits.push((place, due)),
            None => others.push((place, pollable.rep())),
        }
    }
    let Some(earliest) = waits.iter().map(|&(_, due)| due).min() else {
        // `poll` reports an empty list as an error.
        if !state.is_deterministic() || pollables.is_empty() {
            return poll::Host::poll(&mut state.handles, pollables).await;
        }
        return block_all(state, &others).await;
    };
    let mut ready = match state.is_deterministic() {
        true => block_all(state, &others).await?,
        false => poll_until(state, &others, earliest).await?,
    };
    if ready.is_empty() {
        wait_until(state, earliest).await?;
    }
    let now = now(state)?;
    ready.extend(
        waits
            .iter()
            .filter(|(_, due)| *due <= now)
            .map(|(place, _)| place),
    );
    ready.sort_unstable();
    Ok(ready)
}

/// Waits until all of them are ready. In a deterministic run they are memory, which is ready, and files, which
/// are ready when the host has done its work. No socket has an address.
async fn block_all(state: &mut RunState, others: &[(u32, u32)]) -> wasmtime::Result<Vec<u32>> {
    for &(_, pollable) in others {
        HostPollable::block(&mut state.handles, Resource::new_borrow(pollable)).await?;
    }
    Ok(others.iter().map(|(place, _)| *place).collect())
}

/// Returns those that are ready, as soon as one is, or at the given time.
async fn poll_until(
    state: &mut RunState,
    others: &[(u32, u32)],
    due: u64,
) -> wasmtime::Result<Vec<u32>> {
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let left = left(state, due)?;
    let pollables = others
        .iter()
        .map(|(_, pollable)| Resource::new_borrow(*pollable));
    let ready = tokio::select! {
        biased;
        ready = poll::Host::poll(&mut state.handles, pollables.collect()) => ready?,
        () = sleep(left) => Vec::new(),
    };
    Ok(ready
        .iter()
        .map(|index| others[*index as usize].0)
        .collect())
}

/// Returns when the run's clock has reached this time.
async fn wait_until(state: &mut RunState, due: u64) -> wasmtime::Result<()> {
    if let Some(time) = &state.virtual_time {
        return Ok(time.wait_until(due)?);
    }
    loop {
        let left = left(state, due)?;
        sleep(left).await;
        if left.is_zero() {
            return Ok(());
        }
    }
}

/// If there is nothing to wait for, gives the thread to others once. A guest that polls in a loop must not keep
/// it.
async fn sleep(left: Duration) {
    if left.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(left).await;
    }
}

/// The time that is left until then.
fn left(state: &mut RunState, due: u64) -> wasmtime::Result<Duration> {
    Ok(Duration::from_nanos(due.saturating_sub(now(state)?)))
}

fn now(state: &mut RunState) -> wasmtime::Result<u64> {
    monotonic_clock::Host::now(&mut state.clocks())
}
