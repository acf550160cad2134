//! The server: connections, requests, and its end.

// From the ground up.
mod place;
mod refusal;
mod stage;

mod chat;
mod question;
mod request;

mod completion;
mod vectors;

mod answer;

mod connection;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use fractalaw_catalogue::Catalogue;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub(crate) use answer::{Asked, Desk, Served};
pub(crate) use place::Place;

use crate::limits::{CONNECTIONS, STOP_TIME};
use crate::loaded::{self, Loaded};
use crate::worker::Worker;
use place::Listener;

/// How long the program waits if the system gives it no connection, such as without free descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves all models of a folder until SIGTERM or SIGINT.
pub(crate) fn run(folder: &Path, place: &Place) -> anyhow::Result<()> {
    let catalogue = Catalogue::read(folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let served = runtime.block_on(async {
        let wait = |kind| signal(kind).context("cannot wait for signals");
        let mut terminate = wait(SignalKind::terminate())?;
        let mut interrupt = wait(SignalKind::interrupt())?;
        // Only one program can have the socket, so it is opened before the models are loaded.
        let listener = Listener::open(place).await?;
        // It takes seconds to minutes. A program that is told to end meanwhile has nothing to finish.
        let loading = tokio::task::spawn_blocking(move || load(&catalogue));
        let (desk, names) = tokio::select! {
            loaded = loading => loaded.context("cannot load the models")??,
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        };
        let desk = Arc::new(desk);
        let mut output = std::io::stdout();
        writeln!(output, "serving {} at {listener}", names.join(", "))
            .and_then(|()| output.flush())
            .context("cannot write to standard output")?;
        serve(listener, desk, &mut terminate, &mut interrupt).await;
        Ok(())
    });
    // Nobody waits for what is still loaded.
    runtime.shutdown_background();
    served
}

/// All models that this program runs, and their names.
fn load(catalogue: &Catalogue) -> anyhow::Result<(Desk, Vec<String>)> {
    let (mut models, mut names) = (BTreeMap::new(), Vec::new());
    for (name, model) in &catalogue.models {
        if !loaded::is_ours(model) {
            continue;
        }
        let worker = match loaded::load(catalogue.folder(), name, model)? {
            Loaded::Embedder(embedder) => Asked::Embeddings(Worker::start(name, *embedder)?),
            Loaded::Generator(generator) => Asked::Generation(Worker::start(name, *generator)?),
        };
        let served = Served {
            worker,
            digest: model.digest(),
            dimensions: model.kind.dimensions(),
            max_tokens: model.max_tokens,
        };
        models.insert(name.clone(), served);
        names.push(name.clone());
    }
    ensure!(
        !names.is_empty(),
        "`{}` has no model that this program runs\nhint: `engine` of such a model is `rten` or `candle`",
        catalogue.path.display()
    );
    Ok((Desk::new(models), names))
}

/// Accepts connections until a signal. Then it answers the requests that have begun, and ends. A second signal ends it at
/// once.
async fn serve(
    listener: Listener,
    desk: Arc<Desk>,
    terminate: &mut Signal,
    interrupt: &mut Signal,
) {
    let (stop, stopped) = watch::channel(());
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let free = places.clone().acquire_owned().await;
            (free, listener.accept().await)
        };
        let (free, stream) = tokio::select! {
            next = next => next,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        };
        while connections.try_join_next().is_some() {}
        match stream {
            Ok(stream) => {
                let serving = connection::serve(stream, desk.clone(), stopped.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(free);
                });
            }
            Err(error) => {
                eprintln!("error: cannot accept a connection: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(stop);
    let ended = async { while connections.join_next().await.is_some() {} };
    tokio::select! {
        () = ended => {}
        () = tokio::time::sleep(STOP_TIME) => eprintln!("error: some requests did not end in time"),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
