//! The work of a node that is connected: all its duties at once, each repeated when it fails.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use fractalaw_events_engine::{App, Apps};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::config::Config;
use crate::file::File;
use crate::limits::REPEAT;
use crate::set::{Set, say, say_once};
use crate::{components, keeping, nodes, pulling, reporting, sending, vouching};

/// Repeats a duty for ever. It says what is wrong when that changes.
macro_rules! duty {
    ($what:expr, $run:expr) => {{
        let what = $what;
        let mut said = String::new();
        loop {
            if let Err(error) = $run.await {
                say_once(&mut said, &format!("{what}: {error:#}"));
            }
            sleep(REPEAT).await;
        }
    }};
}

/// Runs until SIGTERM or SIGINT, or until it may not send any more. Nothing needs to be finished then: the next start goes
/// on.
pub(crate) async fn run(config: Config, send_again: bool) -> Result<()> {
    let mut terminated = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupted = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let stopped = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    tokio::pin!(stopped);
    let (set, file) = tokio::select! {
        entered = enter(&config, send_again) => entered?,
        () = &mut stopped => return Ok(()),
    };
    let ended = tokio::select! {
        () = work(&config, &set, &file) => Ok(()),
        fault = nodes::watch(&set) => Err(fault.into()),
        () = &mut stopped => Ok(()),
    };
    // So that its deliveries can be taken at once. If it fails, that takes some seconds.
    let _ = timeout(REPEAT, set.alive.purge(&*set.node)).await;
    ended
}

async fn enter(config: &Config, send_again: bool) -> Result<(Set, File)> {
    let set = Set::join(config).await?;
    let file = File::open(&config.events)?;
    let mut said = String::new();
    while let Err(error) = set.enter(&file, send_again).await {
        if error.is::<crate::fault::Fault>() {
            return Err(error);
        }
        say_once(&mut said, &format!("{error:#}"));
        sleep(REPEAT).await;
    }
    Ok((set, file))
}

async fn work(config: &Config, set: &Set, file: &File) {
    say(&format!("node `{}` is connected", set.node));
    tokio::join!(
        async { duty!("alive", nodes::run(set, file)) },
        async { duty!("cannot vouch for the engine", vouching::run(set, file)) },
        async { duty!("cannot send", sending::run(set, file)) },
        async { duty!("cannot report what is done", reporting::run(set, file)) },
        async { duty!("cannot follow the apps", pull(set, file)) },
        async {
            if let Some(folder) = &config.components {
                duty!("components", components::run(set, folder));
            }
        },
        async {
            if let Some(checkpoints) = &config.checkpoints {
                let mut signed = keeping::Signed::default();
                duty!(
                    "cannot sign the ledger",
                    keeping::sign(set, checkpoints, &mut signed)
                );
            }
        },
        async {
            if let Some(checkpoints) = &config.checkpoints {
                let folder = &checkpoints.folder;
                duty!("cannot keep checkpoints", keeping::keep(set, folder));
            }
        },
    );
}

/// Stops pulling for an app when it is dropped.
struct Pulling(App, JoinHandle<()>);

impl Drop for Pulling {
    fn drop(&mut self) {
        self.1.abort();
    }
}

/// Pulls for each app of the node, and follows when its apps change.
async fn pull(set: &Set, file: &File) -> Result<()> {
    let mut pulling: BTreeMap<String, Pulling> = BTreeMap::new();
    let mut seen = 0;
    loop {
        let Apps(apps) = file.with(|exchange| exchange.apps()).await?;
        pulling.retain(|name, Pulling(app, _)| apps.get(name) == Some(app));
        for (name, app) in apps {
            pulling.entry(name.clone()).or_insert_with(|| {
                let (set, file, of) = (set.clone(), file.clone(), app.clone());
                let task = tokio::spawn(async move {
                    let what = format!("cannot pull for `{name}`");
                    duty!(what, pulling::run(&set, &file, &name, &of))
                });
                Pulling(app, task)
            });
        }
        seen = file.changed(seen).await?;
    }
}
