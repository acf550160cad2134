//! Charges for a call: before the host does its work, and before the guest gets the answer.

use wasmtime::StoreContextMut;

use crate::cost::host_calls::Function;
use crate::offer::state::RunState;

/// Charges a call that is about to be made and hands over that many bytes, or asks for them.
pub(crate) fn charge(
    store: &mut StoreContextMut<'_, RunState>,
    function: &'static Function,
    bytes: u64,
) -> wasmtime::Result<()> {
    let left = store.get_fuel()?;
    let (fuel, paid) = take(store, left, function.price.of(bytes))?;
    let state = store.data_mut();
    state.account.begin_call(left - fuel);
    state.meter.begin(function, left, bytes, fuel);
    if let Some(recorder) = &mut state.recorder {
        recorder.host_call(function, left, fuel, false)?;
    }
    paid?;
    // Checked after the call was paid and counted, so that the report contains the call that exceeded the quota.
    Ok(state.meter.within()?)
}

/// The bytes of the answer that says how many bytes a call moved.
pub(crate) const ANSWER_BYTES: u64 = 8;

/// How many bytes a charged call may move so that the run can pay for them and for the answer. The call must not
/// move what the run then has no fuel for.
pub(crate) fn payable(
    store: &StoreContextMut<'_, RunState>,
    function: &'static Function,
) -> wasmtime::Result<u64> {
    let left = store.get_fuel()?.saturating_sub(1);
    Ok(function.price.bytes_for(left).saturating_sub(ANSWER_BYTES))
}

/// Charges for the answer of a call, before the guest gets it.
pub(crate) fn charge_answer(
    store: &mut StoreContextMut<'_, RunState>,
    function: &'static Function,
    bytes: u64,
    asked: u64,
) -> wasmtime::Result<()> {
    let owed = store.data().account.take_owed();
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

/// Takes the price. If less is left, takes all of it, and the run is out of fuel.
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
