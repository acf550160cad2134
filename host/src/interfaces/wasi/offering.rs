//! How the functions of WASI are offered. Their implementations are methods of views of the state, and each is
//! charged before it does its work.

use wasmtime::component::ResourceTable;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode as FileError;
use wasmtime_wasi::p2::bindings::io::streams;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode as SocketErrorCode;
use wasmtime_wasi::p2::{FsError, SocketError, StreamError};

/// Lists the functions of some interfaces as `FUNCTIONS`, and makes `add_to_linker`, which offers them:
///
/// ```text
/// offer! {
///     "name of an interface", state => what implements it;
///         sync "function"(argument, …) -> answer = PRICE, path;
///         wait "function that may wait"(argument, …) asks argument -> answer = PRICE, path;
///         wait "function that moves bytes"(argument, …) moves argument -> answer = PRICE, path;
///         [sync "resource": its type, what drops it;]
///     …
/// }
/// ```
///
/// `asks` names the argument that says for how many bytes the guest asks, or contains an expression in
/// parentheses. These bytes are charged with the call. `moves` names the argument that says how many bytes the
/// call may move at most. The call moves no more than the run can pay for, and the answer, which says how many it
/// moved, is charged for them. The answer is one of the functions below. A function that is not listed is not
/// offered, so every function has a price.
macro_rules! offer {
    ($($interface:literal, $state:ident => $view:expr;
        $($kind:ident $name:literal ( $($arg:ident),* ) $(asks $asked:tt)? $(moves $moved:ident)? -> $answer:ident = $price:ident, $path:path;)*
        $([$($drops:ident $resource:literal : $type:ty, $drop:path;)*])?
    )*) => {
        const COUNT: usize = [$( $($name,)* $($($resource,)*)? )*].len();

        pub(super) static FUNCTIONS: [$crate::cost::host_calls::Function; COUNT] = [$(
            $($crate::cost::host_calls::Function {
                interface: $interface,
                name: $name,
                price: $crate::cost::host_calls::$price,
            },)*
            $($($crate::cost::host_calls::Function {
                interface: $interface,
                name: concat!("[drop]", $resource),
                price: $crate::cost::host_calls::HANDLE,
            },)*)?
        )*];

        pub(super) fn add_to_linker(
            linker: &mut $crate::offer::linker::PricedLinker<'_>,
        ) -> wasmtime::Result<()> {
            let mut functions = FUNCTIONS.iter();
            let mut next = || functions.next().expect("the list is made of these");
            $(
                $({
                    let (mut instance, function) = linker.take(next())?;
                    $crate::interfaces::wasi::offering::offer_function!(
                        $kind instance function $name ( $($arg),* ) ( $($asked)? ) ( $($moved)? ) $answer, $path, $state => $view
                    );
                })*
                $($({
                    let (mut instance, function) = linker.take(next())?;
                    $crate::interfaces::wasi::offering::offer_resource!(
                        $drops instance function $resource : $type, $drop, $state => $view
                    );
                })*)?
            )*
            Ok(())
        }
    };
}

/// The answer. A call that ends in a trap pays too for the work that it did.
macro_rules! or_charged {
    ($store:ident, $function:ident, $asked:ident, $answer:ident) => {
        let $answer = match $answer {
            Ok(answer) => answer,
            Err(trap) => {
                // If it cannot pay, all of its fuel is gone. The trap ended the run before.
                let _ = $crate::offer::charge::charge_answer(&mut $store, $function, 0, $asked);
                return Err(trap);
            }
        };
    };
}

macro_rules! offer_function {
    (sync $instance:ident $function:ident $name:literal ( $($arg:ident),* ) ( $($asked:tt)? ) ( $($moved:ident)? ) $answer:ident, $path:path, $state:ident => $view:expr) => {
        $instance.func_wrap($name, move |mut store: wasmtime::StoreContextMut<'_, RunState>, arguments| {
            let ($($arg,)*) = arguments;
            let asked: u64 = 0 $(+ $asked)?;
            let bytes = asked.saturating_add(0 $(+ $crate::offer::payload::Payload::bytes(&$arg))*);
            $crate::offer::charge::charge(&mut store, $function, bytes)?;
            $(let $moved: u64 = u64::min($moved, $crate::offer::charge::payable(&store, $function)?);)?
            let $state = store.data_mut();
            let mut view = $view;
            let result = $path(&mut view, $($arg),*);
            let answer = $crate::interfaces::wasi::offering::$answer(&mut view, result);
            $crate::interfaces::wasi::offering::or_charged!(store, $function, asked, answer);
            let bytes = $crate::offer::payload::Payload::bytes(&answer)
                    $(+ $crate::interfaces::wasi::offering::moved(&answer, $moved))?;
            $crate::offer::charge::charge_answer(&mut store, $function, bytes, asked)?;
            Ok(answer)
        })?;
    };
    (wait $instance:ident $function:ident $name:literal ( $($arg:ident),* ) ( $($asked:tt)? ) ( $($moved:ident)? ) $answer:ident, $path:path, $state:ident => $view:expr) => {
        $instance.func_wrap_async($name, move |mut store: wasmtime::StoreContextMut<'_, RunState>, arguments| {
            Box::new(async move {
                let ($($arg,)*) = arguments;
                let asked: u64 = 0 $(+ $asked)?;
                let bytes = asked.saturating_add(0 $(+ $crate::offer::payload::Payload::bytes(&$arg))*);
                $crate::offer::charge::charge(&mut store, $function, bytes)?;
                $(let $moved: u64 = u64::min($moved, $crate::offer::charge::payable(&store, $function)?);)?
                let $state = store.data_mut();
                let mut view = $view;
                let result = $path(&mut view, $($arg),*).await;
                let answer = $crate::interfaces::wasi::offering::$answer(&mut view, result);
            $crate::interfaces::wasi::offering::or_charged!(store, $function, asked, answer);
                let bytes = $crate::offer::payload::Payload::bytes(&answer)
                    $(+ $crate::interfaces::wasi::offering::moved(&answer, $moved))?;
                $crate::offer::charge::charge_answer(&mut store, $function, bytes, asked)?;
                Ok(answer)
            })
        })?;
    };
}

macro_rules! offer_resource {
    (sync $instance:ident $function:ident $name:literal : $type:ty, $drop:path, $state:ident => $view:expr) => {
        $instance.resource(
            $name,
            wasmtime::component::ResourceType::host::<$type>(),
            move |mut store: wasmtime::StoreContextMut<'_, RunState>, handle| {
                $crate::offer::charge::charge(&mut store, $function, 0)?;
                let $state = store.data_mut();
                let mut view = $view;
                $drop(
                    &mut view,
                    wasmtime::component::Resource::<$type>::new_own(handle),
                )
            },
        )?;
    };
    (wait $instance:ident $function:ident $name:literal : $type:ty, $drop:path, $state:ident => $view:expr) => {
        $instance.resource_async(
            $name,
            wasmtime::component::ResourceType::host::<$type>(),
            move |mut store: wasmtime::StoreContextMut<'_, RunState>, handle| {
                Box::new(async move {
                    $crate::offer::charge::charge(&mut store, $function, 0)?;
                    let $state = store.data_mut();
                    let mut view = $view;
                    $drop(
                        &mut view,
                        wasmtime::component::Resource::<$type>::new_own(handle),
                    )
                    .await
                })
            },
        )?;
    };
}

pub(super) use {offer, offer_function, offer_resource, or_charged};

/// The bytes that a call moved, where `most` was the most that it could move.
pub(super) fn moved<E>((answer,): &(Result<u64, E>,), most: u64) -> u64 {
    answer.as_ref().map_or(0, |moved| *moved.min(&most))
}

/// No value.
pub(super) fn nothing<V>(_: &mut V, result: wasmtime::Result<()>) -> wasmtime::Result<()> {
    result
}

/// A value.
pub(super) fn value<V, T>(_: &mut V, result: wasmtime::Result<T>) -> wasmtime::Result<(T,)> {
    result.map(|value| (value,))
}

/// What a stream returns, or an error that the guest may see.
pub(super) fn stream<T>(
    handles: &mut &mut ResourceTable,
    result: Result<T, StreamError>,
) -> wasmtime::Result<(Result<T, streams::StreamError>,)> {
    Ok((match result {
        Ok(value) => Ok(value),
        Err(error) => Err(streams::Host::convert_stream_error(*handles, error)?),
    },))
}

/// What a file returns, or an error that the guest may see.
pub(super) fn file<V, T>(
    _: &mut V,
    result: Result<T, FsError>,
) -> wasmtime::Result<(Result<T, FileError>,)> {
    Ok((match result {
        Ok(value) => Ok(value),
        Err(error) => Err(error.downcast()?),
    },))
}

/// What a socket returns, or an error that the guest may see.
pub(super) fn socket<V, T>(
    _: &mut V,
    result: Result<T, SocketError>,
) -> wasmtime::Result<(Result<T, SocketErrorCode>,)> {
    Ok((match result {
        Ok(value) => Ok(value),
        Err(error) => Err(error.downcast()?),
    },))
}
