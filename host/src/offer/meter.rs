//! The host calls of one run: counted, priced, and on request listed one by one.

use fractalaw_report::{HostCall, HostCalls, Quota, QuotaLimits, Trace};
use wasmtime::StoreContextMut;

use crate::cost::host_calls::Function;
use crate::limits::TRACE_CALLS;
use crate::offer::owed::Owed;
use crate::offer::quota::QuotaExceeded;
use crate::offer::state::RunState;

/// Counts and charges while the run goes on.
pub(crate) struct Meter {
    budget: u64,
    tallies: Vec<(&'static Function, Tally)>,
    calls: u64,
    /// That crossed so far, in both directions.
    bytes: u64,
    most_calls: u64,
    most_bytes: u64,
    fuel: u64,
    trace: Option<Trace>,
    position: u64,
    owed: Owed,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    calls: u64,
    bytes_in: u64,
    bytes_out: u64,
    fuel: u64,
}

/// What came of a run's host calls.
pub(crate) struct Totals {
    /// What all of them were charged.
    pub(crate) fuel: u64,
    /// By function, in the order of names.
    pub(crate) calls: Vec<HostCalls>,
    pub(crate) trace: Option<Trace>,
}

impl Meter {
    pub(crate) fn new(budget: u64, quotas: &QuotaLimits, trace: bool) -> Meter {
        Meter {
            budget,
            tallies: Vec::new(),
            calls: 0,
            bytes: 0,
            most_calls: quotas.of(&Quota::HOST_CALLS),
            most_bytes: quotas.of(&Quota::HOST_BYTES),
            fuel: 0,
            trace: trace.then(Trace::default),
            position: 0,
            owed: Owed::default(),
        }
    }

    /// The fuel consumed when the host call that goes on was made.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// What the host call that goes on costs beyond its price.
    pub(crate) fn owed(&self) -> &Owed {
        &self.owed
    }

    /// What all host calls so far were charged.
    pub(crate) fn fuel(&self) -> u64 {
        self.fuel
    }

    pub(crate) fn finish(mut self) -> Totals {
        self.tallies
            .sort_by_key(|(function, _)| (function.interface, function.name));
        let calls = |(function, tally): &(&'static Function, Tally)| HostCalls {
            interface: function.interface.into(),
            function: function.name.into(),
            calls: tally.calls,
            bytes_in: tally.bytes_in,
            bytes_out: tally.bytes_out,
            fuel: tally.fuel,
        };
        Totals {
            fuel: self.fuel,
            calls: self.tallies.iter().map(calls).collect(),
            trace: self.trace,
        }
    }

    fn tally(&mut self, function: &'static Function) -> &mut Tally {
        // A run calls few functions, and mostly the one that it called before.
        let found = self
            .tallies
            .iter()
            .rposition(|(known, _)| std::ptr::eq(*known, function));
        let index = found.unwrap_or_else(|| {
            self.tallies.push((function, Tally::default()));
            self.tallies.len() - 1
        });
        &mut self.tallies[index].1
    }

    fn begin(&mut self, function: &'static Function, left: u64, bytes: u64, fuel: u64) {
        self.position = self.budget - left;
        self.owed.begin(left - fuel);
        self.calls += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.fuel += fuel;
        let tally = self.tally(function);
        tally.calls += 1;
        // A guest asks for as many as it likes.
        tally.bytes_in = tally.bytes_in.saturating_add(bytes);
        tally.fuel += fuel;
        let (sequence, at) = (self.calls, self.position);
        let Some(trace) = &mut self.trace else {
            return;
        };
        if trace.calls.len() == TRACE_CALLS {
            trace.dropped += 1;
            return;
        }
        trace.calls.push(HostCall {
            sequence,
            interface: function.interface.into(),
            function: function.name.into(),
            at,
            bytes_in: bytes,
            bytes_out: 0,
            fuel,
        });
    }

    /// Whether the calls so far are within the run's quotas.
    fn within(&self) -> Result<(), QuotaExceeded> {
        let exceeded = |quota, limit| Err(QuotaExceeded { quota, limit });
        if self.calls > self.most_calls {
            return exceeded(Quota::HOST_CALLS, self.most_calls);
        }
        if self.bytes > self.most_bytes {
            return exceeded(Quota::HOST_BYTES, self.most_bytes);
        }
        Ok(())
    }

    /// Adds what the call that began last was given, of which so much was counted when it was asked for.
    fn end(&mut self, function: &'static Function, bytes: u64, asked: u64, fuel: u64) {
        self.bytes = self.bytes.saturating_add(bytes.saturating_sub(asked));
        self.fuel += fuel;
        let tally = self.tally(function);
        tally.bytes_out = tally.bytes_out.saturating_add(bytes);
        tally.fuel += fuel;
        let calls = self.calls;
        let last = self.trace.as_mut().and_then(|trace| trace.calls.last_mut());
        if let Some(call) = last.filter(|call| call.sequence == calls) {
            call.bytes_out = bytes;
            call.fuel += fuel;
        }
    }
}

/// Charges a call that is about to be made and hands over so many bytes, or asks for them.
pub(crate) fn charge(
    store: &mut StoreContextMut<'_, RunState>,
    function: &'static Function,
    bytes: u64,
) -> wasmtime::Result<()> {
    let left = store.get_fuel()?;
    let (fuel, paid) = take(store, left, function.price.of(bytes))?;
    let state = store.data_mut();
    state.meter.begin(function, left, bytes, fuel);
    if let Some(recorder) = &mut state.recorder {
        recorder.host_call(function, left, fuel, false)?;
    }
    paid?;
    // After it was paid and counted, so that the report has the call that was one too many.
    Ok(state.meter.within()?)
}

/// What says how many bytes a call moved.
pub(crate) const ANSWER_BYTES: u64 = 8;

/// How many bytes a call that was charged may move, so that these and the answer, how many it moved, can be paid: it
/// is not to move what the run then has no fuel for.
pub(crate) fn payable(
    store: &StoreContextMut<'_, RunState>,
    function: &'static Function,
) -> wasmtime::Result<u64> {
    let left = store.get_fuel()?.saturating_sub(1);
    Ok(function.price.bytes_for(left).saturating_sub(ANSWER_BYTES))
}

/// Charges for the answer of a call that was made, before the guest is given it.
pub(crate) fn charge_answer(
    store: &mut StoreContextMut<'_, RunState>,
    function: &'static Function,
    bytes: u64,
    asked: u64,
) -> wasmtime::Result<()> {
    let owed = store.data().meter.owed.take();
    let price = function
        .price
        .bytes(bytes.saturating_sub(asked))
        .saturating_add(owed);
    if price == 0 {
        let meter = &mut store.data_mut().meter;
        meter.end(function, bytes, asked, 0);
        return Ok(meter.within()?);
    }
    let left = store.get_fuel()?;
    let (fuel, paid) = take(store, left, price)?;
    let state = store.data_mut();
    state.meter.end(function, bytes, asked, fuel);
    if let Some(recorder) = &mut state.recorder {
        recorder.host_call(function, left, fuel, true)?;
    }
    paid?;
    Ok(state.meter.within()?)
}

/// Takes the price, or all that is left: then the run is out of fuel.
fn take(
    store: &mut StoreContextMut<'_, RunState>,
    left: u64,
    price: u64,
) -> wasmtime::Result<(u64, wasmtime::Result<()>)> {
    let fuel = price.min(left);
    store.set_fuel(left - fuel)?;
    let paid = if price < left {
        Ok(())
    } else {
        Err(wasmtime::Trap::OutOfFuel.into())
    };
    Ok((fuel, paid))
}
