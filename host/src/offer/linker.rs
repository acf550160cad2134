//! The one way in which functions are offered to guests: each has its price, stands in its capability's table, and is
//! charged and counted before it does its work.

use wasmtime::StoreContextMut;
use wasmtime::component::{
    ComponentNamedList, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType,
};

use crate::cost::host_calls::Function;
use crate::offer::charge::{charge, charge_answer};
use crate::offer::payload::Payload;
use crate::offer::state::RunState;
use crate::offer::table::Table;

/// Takes the functions of one capability.
pub struct PricedLinker<'a> {
    linker: &'a mut Linker<RunState>,
    table: &'static Table,
    /// In the order in which they came.
    taken: Vec<&'static Function>,
}

/// An async function of a run's state and a guest's arguments: every `async fn(&mut RunState, A) -> wasmtime::Result<R>`
/// is one. What it works on is in the run's state: see [`RunState::session`].
pub trait AsyncFunction<'a, A, R>: Copy + Send + Sync + 'static {
    /// The work.
    type Future: Future<Output = wasmtime::Result<R>> + Send + 'a;

    /// Begins it.
    fn call(&self, state: &'a mut RunState, arguments: A) -> Self::Future;
}

impl<'a, A, R, F, Work> AsyncFunction<'a, A, R> for F
where
    F: Fn(&'a mut RunState, A) -> Work + Copy + Send + Sync + 'static,
    Work: Future<Output = wasmtime::Result<R>> + Send + 'a,
{
    type Future = Work;

    fn call(&self, state: &'a mut RunState, arguments: A) -> Work {
        self(state, arguments)
    }
}

impl<'a> PricedLinker<'a> {
    pub(crate) fn new(linker: &'a mut Linker<RunState>, table: &'static Table) -> Self {
        PricedLinker {
            linker,
            table,
            taken: Vec::with_capacity(table.functions.len()),
        }
    }

    /// Offers a function. Arguments and answer are tuples, as Wasmtime has them. Before it is called, the guest is
    /// charged its price and the bytes of the arguments; before the guest gets the answer, its bytes and whatever the
    /// work was charged beside ([`RunState::charge`]), also where it failed.
    ///
    /// # Errors
    ///
    /// When it is not in the capability's table, or was offered before.
    pub fn function<A, R>(
        &mut self,
        function: &'static Function,
        work: impl Fn(&mut RunState, A) -> wasmtime::Result<R> + Send + Sync + 'static,
    ) -> wasmtime::Result<()>
    where
        A: ComponentNamedList + Lift + Payload + 'static,
        R: ComponentNamedList + Lower + Payload + 'static,
    {
        let (mut instance, function) = self.take(function)?;
        instance.func_wrap(function.name, move |mut store, arguments: A| {
            charge(&mut store, function, arguments.bytes())?;
            let answer = work(store.data_mut(), arguments);
            paid(&mut store, function, answer)
        })
    }

    /// The same of a function that may wait, while other runs go on.
    ///
    /// # Errors
    ///
    /// As [`PricedLinker::function`].
    pub fn async_function<A, R, F>(
        &mut self,
        function: &'static Function,
        work: F,
    ) -> wasmtime::Result<()>
    where
        A: ComponentNamedList + Lift + Payload + Send + 'static,
        R: ComponentNamedList + Lower + Payload + Send + 'static,
        F: for<'s> AsyncFunction<'s, A, R>,
    {
        let (mut instance, function) = self.take(function)?;
        instance.func_wrap_async(function.name, move |mut store, arguments: A| {
            Box::new(async move {
                charge(&mut store, function, arguments.bytes())?;
                let answer = work.call(store.data_mut(), arguments).await;
                paid(&mut store, function, answer)
            })
        })
    }

    /// Offers a resource: what drops one is the function `[drop]` and its name. Guests have handles for what is in
    /// [`RunState::handles`].
    ///
    /// # Errors
    ///
    /// As [`PricedLinker::function`].
    pub fn resource<T: 'static>(
        &mut self,
        function: &'static Function,
        drop: impl Fn(&mut RunState, Resource<T>) -> wasmtime::Result<()> + Send + Sync + 'static,
    ) -> wasmtime::Result<()> {
        let name = function.name.strip_prefix("[drop]").ok_or_else(|| {
            wasmtime::Error::msg(format!("{function:?} drops nothing, expected `[drop]`"))
        })?;
        let (mut instance, function) = self.take(function)?;
        instance.resource(name, ResourceType::host::<T>(), move |mut store, handle| {
            charge(&mut store, function, 0)?;
            let dropped = drop(store.data_mut(), Resource::new_own(handle));
            paid(&mut store, function, dropped)
        })
    }

    /// Where a function goes, and how the table has it.
    pub(crate) fn take(
        &mut self,
        function: &'static Function,
    ) -> wasmtime::Result<(LinkerInstance<'_, RunState>, &'static Function)> {
        let Function {
            interface, name, ..
        } = function;
        let is_same = |known: &&&Function| known.interface == *interface && known.name == *name;
        let wrong = |what| {
            let table = self.table.name;
            wasmtime::Error::msg(format!("`{name}` of `{interface}` {what} `{table}`"))
        };
        // Mostly they come in the table's order.
        let next = self.table.functions.get(self.taken.len());
        let all = || self.table.functions.iter().find(is_same);
        let Some(known) = next.filter(is_same).or_else(all) else {
            return Err(wrong("is not in the table of"));
        };
        if self.taken.iter().any(|taken| is_same(&taken)) {
            return Err(wrong("is offered twice by"));
        }
        self.taken.push(known);
        Ok((self.linker.instance(interface)?, known))
    }

    /// That all functions of the table have come.
    pub(crate) fn finish(self) -> wasmtime::Result<()> {
        let PricedLinker { table, taken, .. } = self;
        if taken.len() == table.functions.len() {
            return Ok(());
        }
        let is_taken = |known: &Function| taken.iter().any(|taken| std::ptr::eq(*taken, known));
        let missing = table.functions.iter().find(|known| !is_taken(known));
        let missing = missing.map_or("a function", |missing| missing.name);
        Err(wasmtime::Error::msg(format!(
            "`{missing}` is in the table of `{}`, which does not offer it",
            table.name
        )))
    }
}

/// An answer that is paid for, as is what the work was charged that led to it.
fn paid<R: Payload>(
    store: &mut StoreContextMut<'_, RunState>,
    function: &'static Function,
    answer: wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    let bytes = answer.as_ref().map_or(0, Payload::bytes);
    charge_answer(store, function, bytes, 0)?;
    answer
}
