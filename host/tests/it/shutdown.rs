//! A runtime that shuts down while a closing is written: what the closing says is done all the same.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fractalaw_host::capability::wasmtime;
use fractalaw_host::capability::{
    Capability, Granted, PricedLinker, Session, Starting, Table, Verdict,
};
use fractalaw_host::{Deeds, Durability, Host, HostError, Run};
use fractalaw_testing::Lab;

use crate::components::component;

static TABLE: Table = Table {
    name: "notes",
    wit: &[],
    interfaces: &[],
    keys: &[],
    quotas: &[],
    functions: &[],
};

/// No test waits longer for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first run waits before its guest starts. Settling it may wait, so that happens on a thread of the runtime. The
/// second is settled on the ledger's thread, and holds it up.
struct Two {
    begun: AtomicU32,
    first: Mutex<Option<First>>,
    second: Mutex<Option<Second>>,
}

struct First {
    go: Receiver<()>,
    is_begun: Arc<AtomicBool>,
    is_closed: Arc<AtomicBool>,
    settled: Sender<Verdict>,
}

struct Second {
    go: Receiver<()>,
    is_settled: Arc<AtomicBool>,
}

enum Of {
    First(First),
    Second(Second),
}

struct Note(Of);

impl Capability for Two {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn add_to_linker(&self, _: &mut PricedLinker<'_>) -> wasmtime::Result<()> {
        Ok(())
    }

    fn start(&self, _: &Starting<'_>) -> Result<(), HostError> {
        Ok(())
    }

    fn begin(&self, _: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        let of = match self.begun.fetch_add(1, Ordering::SeqCst) {
            0 => Of::First(self.first.lock().unwrap().take().unwrap()),
            _ => Of::Second(self.second.lock().unwrap().take().unwrap()),
        };
        Ok(Box::new(Note(of)))
    }
}

impl Session for Note {
    fn waits(&self) -> bool {
        matches!(self.0, Of::First(_))
    }

    fn start_waits(&self) -> bool {
        matches!(self.0, Of::First(_))
    }

    fn start(&mut self) -> Result<(), HostError> {
        if let Of::First(first) = &self.0 {
            first.is_begun.store(true, Ordering::SeqCst);
            first.go.recv_timeout(PATIENCE).unwrap();
        }
        Ok(())
    }

    /// Asked when the closing is about to be handed to the ledger.
    fn deeds(&self) -> Option<Deeds> {
        if let Of::First(first) = &self.0 {
            first.is_closed.store(true, Ordering::SeqCst);
        }
        None
    }

    fn settle(self: Box<Self>, verdict: Verdict) -> Result<(), HostError> {
        match self.0 {
            Of::First(first) => first.settled.send(verdict).unwrap(),
            Of::Second(second) => {
                second.is_settled.store(true, Ordering::SeqCst);
                second.go.recv_timeout(PATIENCE).unwrap();
            }
        }
        Ok(())
    }
}

async fn until(is: &AtomicBool) {
    while !is.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_run_that_completed_is_settled_although_its_runtime_is_gone() {
    let lab = Lab::new();
    let [is_begun, is_closed, is_settled] = std::array::from_fn(|_| Arc::<AtomicBool>::default());
    let (start, go) = channel();
    let (settled, verdict) = channel();
    let first = First {
        go,
        is_begun: Arc::clone(&is_begun),
        is_closed: Arc::clone(&is_closed),
        settled,
    };
    let (release, go) = channel();
    let second = Second {
        go,
        is_settled: Arc::clone(&is_settled),
    };
    let two = Two {
        begun: AtomicU32::new(0),
        first: Mutex::new(Some(first)),
        second: Mutex::new(Some(second)),
    };
    let host = Host::builder().slots(2).offer(two);
    let host = host.ledger(&lab.path, Durability::Run).build().unwrap();
    let app = host.load(&component("", "")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let run = Run::new();
    runtime.block_on(async {
        let mut first = std::pin::pin!(host.run(&app, &run));
        tokio::select! {
            biased;
            _ = &mut first => panic!("it ended before it began"),
            () = until(&is_begun) => {}
        }
        let mut second = std::pin::pin!(host.run(&app, &run));
        tokio::select! {
            biased;
            _ = &mut second => panic!("it ended before it was settled"),
            () = until(&is_settled) => {}
        }
        start.send(()).unwrap();
        tokio::select! {
            biased;
            _ = &mut first => panic!("the ledger closed a run while it was held up"),
            () = until(&is_closed) => {}
        }
    });
    drop(runtime);
    release.send(()).unwrap();
    assert_eq!(verdict.recv_timeout(PATIENCE).unwrap(), Verdict::Completed);
    let completed = Some("completed".to_owned());
    assert_eq!(lab.outcomes(), [completed.clone(), completed]);
}
