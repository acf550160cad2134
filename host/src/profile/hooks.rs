//! The interface that only a twin imports: `fractal:profile/hooks`. Only the linker of twins has it.

use fractalaw_instrument::{ENTER, EXIT, HOOKS};
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use crate::offer::state::RunState;
use crate::recorder::Event;

/// The linker of ordinary components, with the hooks added.
pub(super) fn linker(ordinary: &Linker<RunState>) -> wasmtime::Result<Linker<RunState>> {
    let mut linker = ordinary.clone();
    let mut hooks = linker.instance(HOOKS)?;
    for (name, event) in [(ENTER, Event::Enter), (EXIT, Event::Exit)] {
        hooks.func_wrap(name, move |store, (function,): (u32,)| {
            hook(store, event, function)
        })?;
    }
    Ok(linker)
}

/// Compiled code stores the counter before it calls and loads it again afterwards. So it goes on with the value
/// that is set here.
fn hook(
    mut store: StoreContextMut<'_, RunState>,
    event: Event,
    function: u32,
) -> wasmtime::Result<()> {
    let counted = store.get_fuel()?;
    let Some(recorder) = &mut store.data_mut().recorder else {
        return Ok(());
    };
    let fuel = recorder.hook(event, function, counted)?;
    store.set_fuel(fuel)
}
