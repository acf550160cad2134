//! The only way to offer functions to guests. Each has a price, is in its capability's table, and is charged and
//! counted before it does its work.

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
    /// Which functions of the table were added.
    are_taken: Vec<bool>,
    /// The place in the table of the function that is probably added next.
    next: usize,
}

/// An async function of a run's state and a guest's arguments. Every `async fn(&mut RunState, A) ->
/// wasmtime::Result<R>` is one. It finds its own state through [`RunState::session`].
pub trait AsyncFunction<'a, A, R>: Copy + Send + Sync + 'static {
    /// The work.
    type Future: Future<Output = wasmtime::Result<R>> + Send + 'a;

    /// Begins the work.
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
            are_taken: vec![false; table.functions.len()],
            next: 0,
        }
    }

    /// Offers a function. Arguments and answer are tuples, as in Wasmtime. Before the function is called, the
    /// guest is charged its price and the bytes of the arguments. Before the guest gets the answer, it is charged
    /// the answer's bytes and everything that the function charged ([`RunState::charge`]), also if the function
    /// failed.
    ///
    /// # Errors
    ///
    /// If the function is not in the capability's table, or was offered before.
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

    /// Offers a function that may wait while other runs go on.
    ///
    /// # Errors
    ///
    /// Those of [`PricedLinker::function`].
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

    /// Offers a resource. The function that drops it has the resource's name after `[drop]`. Guests have handles
    /// of what is in [`RunState::handles`].
    ///
    /// # Errors
    ///
    /// Those of [`PricedLinker::function`].
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

    /// The linker's instance for a function, and the function as the table has it.
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
        // Mostly they are added in the order of the table.
        let functions = self.table.functions;
        let is_next = functions.get(self.next).is_some_and(|next| is_same(&next));
        let place = match is_next {
            true => Some(self.next),
            false => functions.iter().position(|known| is_same(&known)),
        };
        let Some(place) = place else {
            return Err(wrong("is not in the table of"));
        };
        if std::mem::replace(&mut self.are_taken[place], true) {
            return Err(wrong("is offered twice by"));
        }
        self.next = place + 1;
        let known = functions[place];
        Ok((self.linker.instance(interface)?, known))
    }

    /// Checks that all functions of the table were added.
    pub(crate) fn finish(self) -> wasmtime::Result<()> {
        let table = self.table;
        let mut functions = table.functions.iter().zip(&self.are_taken);
        let Some((missing, _)) = functions.find(|(_, is_taken)| !**is_taken) else {
            return Ok(());
        };
        Err(wasmtime::Error::msg(format!(
            "`{}` is in the table of `{}`, which does not offer it",
            missing.name, table.name
        )))
    }
}

/// Pays for an answer, and for the work that was charged for it.
fn paid<R: Payload>(
    store: &mut StoreContextMut<'_, RunState>,
    function: &'static Function,
    answer: wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    let bytes = answer.as_ref().map_or(0, Payload::bytes);
    charge_answer(store, function, bytes, 0)?;
    answer
}
