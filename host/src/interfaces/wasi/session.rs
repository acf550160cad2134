//! The state of WASI in one run.

use fractalaw_report::Captured;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::capture::Capture;
use super::preopen::Preopen;
use super::timer_list::Timers;
use crate::inputs::{Determinism, Grants};
use crate::limits::RANDOM_BYTES;
use crate::offer::account::Account;
use crate::offer::capability::Granted;
use crate::offer::determinism::{self, VirtualTime};
use crate::offer::file_threads::{FileLane, NoFileThread};
use crate::offer::session::Session;
use crate::offer::state::RunState;

/// Made when the run begins. Wasmtime's own context is made on first use, because many guests never use it.
pub(crate) struct WasiSession {
    given: Given,
    /// Boxed, because it is larger than everything else that a run holds together.
    context: Option<Box<Context>>,
    pub(super) timers: Timers,
    /// The granted folders.
    pub(super) preopens: Vec<Preopen>,
    /// The threads that read and write files; `None` if no folder is granted.
    files: Option<FileLane>,
}

/// Wasmtime's own context.
struct Context {
    wasi: WasiCtx,
    /// Standard output and standard error.
    captured: [Capture; 2],
}

/// What a run is granted of WASI, besides what its state has anyway.
struct Given {
    determinism: Determinism,
    time: Option<VirtualTime>,
}

impl WasiSession {
    pub(super) fn new(granted: &Granted<'_>) -> WasiSession {
        WasiSession {
            given: Given {
                determinism: granted.determinism,
                time: granted.virtual_time.cloned(),
            },
            context: None,
            timers: Timers::default(),
            preopens: granted.folders.iter().map(Preopen::new).collect(),
            files: granted.files.cloned(),
        }
    }

    /// The threads that read and write files.
    pub(super) fn files(&self) -> Result<&FileLane, NoFileThread> {
        // Without a folder there is no descriptor to work on.
        self.files.as_ref().ok_or(NoFileThread)
    }

    /// What the guest wrote to standard output and standard error.
    pub(crate) fn captured(&self) -> [Captured; 2] {
        match &self.context {
            Some(context) => context.captured.each_ref().map(Capture::take),
            None => Default::default(),
        }
    }

    fn context(&mut self, inputs: &Grants, account: &Account) -> &mut WasiCtx {
        let WasiSession { given, context, .. } = self;
        let context = context.get_or_insert_with(|| {
            let captured = [(); 2].map(|()| Capture::new(account.clone()));
            let wasi = given.context(inputs, &captured);
            Box::new(Context { wasi, captured })
        });
        &mut context.wasi
    }
}

impl Given {
    /// The context does not contain arguments and variables, which are returned without it.
    fn context(&self, inputs: &Grants, [stdout, stderr]: &[Capture; 2]) -> WasiCtx {
        let mut context = WasiCtx::builder();
        context
            .stdout(stdout.clone())
            .stderr(stderr.clone())
            .max_random_size(RANDOM_BYTES);
        if let Some(stdin) = &inputs.stdin {
            context.stdin(MemoryInputPipe::new(stdin.clone()));
        }
        determinism::apply(self.determinism, self.time.as_ref(), &mut context);
        context.build()
    }
}

impl Session for WasiSession {}

impl WasiView for RunState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let RunState {
            sessions,
            inputs,
            account,
            handles,
            ..
        } = self;
        WasiCtxView {
            ctx: sessions.of::<WasiSession>().context(inputs, account),
            table: handles,
        }
    }
}
