//! The host calls of one run: counted, charged, and on request listed one by one.

use fractalaw_report::{HostCall, HostCalls, Quota, QuotaLimit, QuotaLimits, Trace};
use serde_json::Value;

use crate::cost::host_calls::Function;
use crate::limits::TRACE_CALLS;
use crate::offer::quota::QuotaExceeded;

/// Counts and charges during the run.
pub(crate) struct Meter {
    budget: u64,
    tallies: Vec<(&'static Function, Tally)>,
    calls: u64,
    /// The bytes that crossed so far, in both directions.
    bytes: u64,
    most_calls: u64,
    most_bytes: u64,
    quotas: QuotaLimits,
    counts: Vec<Count>,
    fuel: u64,
    trace: Option<Trace>,
    position: u64,
}

/// What a run has used of a capability's quota.
struct Count {
    quota: &'static QuotaLimit,
    used: u64,
    limit: u64,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    calls: u64,
    bytes_in: u64,
    bytes_out: u64,
    fuel: u64,
}

/// The result of a run's host calls.
pub(crate) struct Totals {
    /// The fuel that all of them were charged.
    pub(crate) fuel: u64,
    /// The calls by function, in the order of names.
    pub(crate) calls: Vec<HostCalls>,
    pub(crate) trace: Option<Trace>,
    /// The quotas, as the meter was given them.
    pub(crate) quotas: QuotaLimits,
}

impl Meter {
    pub(crate) fn new(budget: u64, quotas: QuotaLimits, trace: bool) -> Meter {
        Meter {
            budget,
            tallies: Vec::new(),
            calls: 0,
            bytes: 0,
            most_calls: quotas.host_calls(),
            most_bytes: quotas.host_bytes(),
            quotas,
            counts: Vec::new(),
            fuel: 0,
            trace: trace.then(Trace::default),
            position: 0,
        }
    }

    /// The fuel that was consumed when the current host call was made.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The fuel that all host calls so far were charged.
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
            quotas: self.quotas,
        }
    }

    /// Counts more of what a quota limits. If it does not fit, nothing is counted.
    pub(crate) fn count(
        &mut self,
        quota: &'static QuotaLimit,
        more: u64,
    ) -> Result<(), QuotaExceeded> {
        let mut counts = self.counts.iter();
        let place = counts
            .position(|count| std::ptr::eq(count.quota, quota) || count.quota.quota == quota.quota);
        let place = place.unwrap_or_else(|| {
            let known = self.quotas.named(&quota.quota.name);
            self.counts.push(Count {
                quota,
                used: 0,
                limit: known.map_or(quota.most, |known| known.limit),
            });
            self.counts.len() - 1
        });
        let Count { used, limit, .. } = &mut self.counts[place];
        let wanted = used.saturating_add(more);
        if wanted > *limit {
            return Err(QuotaExceeded {
                quota: quota.quota.clone(),
                limit: *limit,
            });
        }
        *used = wanted;
        Ok(())
    }

    fn tally(&mut self, function: &'static Function) -> &mut Tally {
        // A run calls few functions, and mostly the same one again.
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

    pub(super) fn begin(&mut self, function: &'static Function, left: u64, bytes: u64, fuel: u64) {
        self.position = self.budget - left;
        self.calls += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.fuel += fuel;
        let tally = self.tally(function);
        tally.calls += 1;
        // A guest may ask for any number of bytes.
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
            facts: Vec::new(),
        });
    }

    /// Adds facts to the last call, if it is listed.
    pub(crate) fn note(&mut self, facts: impl FnOnce() -> Vec<(String, Value)>) {
        let calls = self.calls;
        let last = self.trace.as_mut().and_then(|trace| trace.calls.last_mut());
        if let Some(call) = last.filter(|call| call.sequence == calls) {
            call.facts.extend(facts());
        }
    }

    /// Whether the calls so far are within the run's quotas.
    pub(super) fn within(&self) -> Result<(), QuotaExceeded> {
        let exceeded = |quota, limit| Err(QuotaExceeded { quota, limit });
        if self.calls > self.most_calls {
            return exceeded(Quota::HOST_CALLS, self.most_calls);
        }
        if self.bytes > self.most_bytes {
            return exceeded(Quota::HOST_BYTES, self.most_bytes);
        }
        Ok(())
    }

    /// Adds what the last call was given. `asked` of these bytes were counted when they were asked for.
    pub(super) fn end(&mut self, function: &'static Function, bytes: u64, asked: u64, fuel: u64) {
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
