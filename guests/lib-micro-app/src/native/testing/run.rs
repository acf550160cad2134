//! The run that goes on in this thread. Tests run in threads of their own, so each has its own host.

use std::cell::RefCell;
use std::env;

use super::{Models, State, Tables};

thread_local! {
    static CURRENT: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// Takes the state back when the run ends, also by a panic.
struct Run<'a> {
    home: &'a mut State,
    completed: bool,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let state = CURRENT.with_borrow_mut(Option::take);
        *self.home = state.unwrap_or_default();
        self.home.settle(self.completed);
    }
}

pub(super) fn run<T, E>(state: &mut State, run: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    CURRENT.with_borrow_mut(|current| {
        assert!(
            current.is_none(),
            "a run goes on in this thread already: `Host::run` was called inside of `Host::run`"
        );
        *current = Some(std::mem::take(state));
    });
    let mut going = Run {
        home: state,
        completed: false,
    };
    let result = run();
    going.completed = result.is_ok();
    result
}

/// The host of the run that goes on.
pub(crate) fn host<T>(call: impl FnOnce(&mut State) -> T) -> T {
    CURRENT.with_borrow_mut(|current| {
        let Some(state) = current else {
            panic!(
                "a function of the contract was called, and there is no host on this target\n\
                 hint: call it in a test, inside of `micro_app::testing::Host::run`"
            );
        };
        call(state)
    })
}

/// The tables of the run that goes on.
pub(crate) fn tables<T>(function: &str, call: impl FnOnce(&mut dyn Tables) -> T) -> T {
    host(|host| {
        let Some(tables) = &mut host.tables else {
            panic!(
                "`{function}` was called, and this test's host has no tables\n\
                 hint: give it some with `Host::tables`"
            );
        };
        call(&mut **tables)
    })
}

/// The models of the run that goes on.
pub(crate) fn models<T>(function: &str, call: impl FnOnce(&mut dyn Models) -> T) -> T {
    host(|host| {
        let Some(models) = &mut host.models else {
            panic!(
                "`{function}` was called, and this test's host has no models\n\
                 hint: give it some with `Host::models`"
            );
        };
        call(&mut **models)
    })
}

impl State {
    /// What a variable of the run's trigger says.
    pub(crate) fn trigger_of(&self, name: &str) -> Option<String> {
        self.trigger.get(name).cloned()
    }

    /// The micro-app's name. Cargo sets the variable when it starts tests.
    pub(crate) fn name(&self) -> String {
        let package = || env::var("CARGO_PKG_NAME").unwrap_or_default();
        self.name.clone().unwrap_or_else(package)
    }
}
