//! Starts programs and waits for them. If this process is told to end, they are told too, and none of them stays
//! behind.
//!
//! Each leads a process group of its own, so the programs that it starts, such as the test binaries of `cargo
//! test`, are told as well. A terminal tells only the group in its foreground, which is ours. So we pass on what
//! we are told.

use std::io;
use std::process::{Child, Command, ExitStatus};

/// A program that was started.
pub(crate) struct Running {
    pub(crate) child: Child,
}

impl Running {
    /// Waits for its end. If we were told to end meanwhile, we end with the exit code that shells use for that.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait()?;
        told::forget(self.child.id());
        Ok(status)
    }
}

/// From now on a signal to end has its exit code, also while no program runs.
pub(crate) fn listen() -> io::Result<()> {
    told::listen()
}

/// Does `begin`, and `undo` if a signal ends this process before the result is dropped. A signal waits until `begin` is done.
pub(crate) fn undone_if_told<T>(
    undo: impl FnOnce() + Send + 'static,
    begin: impl FnOnce() -> T,
) -> io::Result<(T, Undo)> {
    told::listen()?;
    Ok((told::with_undo(Box::new(undo), begin), Undo(())))
}

/// While it lives, a signal that ends this process undoes what was begun.
pub(crate) struct Undo(());

impl Drop for Undo {
    fn drop(&mut self) {
        told::keep();
    }
}

/// Starts a program.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Running> {
    Ok(Running {
        child: told::spawn(command)?,
    })
}

#[cfg(unix)]
mod told {
    use std::io;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, exit};
    use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
    use std::thread;

    use rustix::process::{Pid, Signal, kill_process_group};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    /// The running groups, the last signal that came, and what is undone before it ends this process.
    struct State {
        groups: Vec<u32>,
        told: Option<i32>,
        undo: Option<Box<dyn FnOnce() + Send>>,
    }

    static STATE: Mutex<State> = Mutex::new(State {
        groups: Vec::new(),
        told: None,
        undo: None,
    });

    impl State {
        fn end(&mut self, signal: i32) -> ! {
            if let Some(undo) = self.undo.take() {
                undo();
            }
            exit(128 + signal)
        }
    }

    fn state() -> MutexGuard<'static, State> {
        STATE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn spawn(command: &mut Command) -> io::Result<Child> {
        listen()?;
        // Locked, so that no signal comes between starting the program and recording it.
        let mut state = state();
        let child = command.process_group(0).spawn()?;
        state.groups.push(child.id());
        Ok(child)
    }

    pub(super) fn forget(group: u32) {
        let mut state = state();
        state.groups.retain(|other| *other != group);
        if let (Some(signal), true) = (state.told, state.groups.is_empty()) {
            state.end(signal);
        }
    }

    pub(super) fn with_undo<T>(undo: Box<dyn FnOnce() + Send>, begin: impl FnOnce() -> T) -> T {
        let mut state = state();
        state.undo = Some(undo);
        begin()
    }

    pub(super) fn keep() {
        state().undo = None;
    }

    pub(super) fn listen() -> io::Result<()> {
        static STARTED: OnceLock<Result<(), io::ErrorKind>> = OnceLock::new();
        let started = STARTED.get_or_init(|| {
            let mut signals =
                Signals::new([SIGHUP, SIGINT, SIGTERM]).map_err(|error| error.kind())?;
            thread::spawn(move || signals.forever().for_each(pass_on));
            Ok(())
        });
        started.map_err(io::Error::from)
    }

    fn pass_on(signal: i32) {
        let mut state = state();
        if state.groups.is_empty() {
            state.end(signal);
        }
        state.told = Some(signal);
        let named = match signal {
            SIGHUP => Signal::HUP,
            SIGINT => Signal::INT,
            _ => Signal::TERM,
        };
        for group in &state.groups {
            let group = i32::try_from(*group).ok().and_then(Pid::from_raw);
            if let Some(group) = group {
                // A group that has just ended needs no signal.
                let _ = kill_process_group(group, named);
            }
        }
    }
}

#[cfg(not(unix))]
mod told {
    use std::io;
    use std::process::{Child, Command};

    pub(super) fn spawn(command: &mut Command) -> io::Result<Child> {
        command.spawn()
    }

    pub(super) fn listen() -> io::Result<()> {
        Ok(())
    }

    pub(super) fn forget(_: u32) {}

    pub(super) fn with_undo<T>(_: Box<dyn FnOnce() + Send>, begin: impl FnOnce() -> T) -> T {
        begin()
    }

    pub(super) fn keep() {}
}
