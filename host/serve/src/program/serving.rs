//! `serve`: starts the supervisor with everything that this program offers, and ends it when it is told.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use fractalaw_ai::Ai;
use fractalaw_data::Data;
use fractalaw_host::capability::Offers;
use fractalaw_host::{raise_open_files, survive_file_limit};
use fractalaw_manifest::terminal::one_line;
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::flags;
use super::printing::{note, print};
use crate::clock::SystemClock;
use crate::config::{Config, Models};
use crate::control::Control;
use crate::error::ServeError;
use crate::http::Http;
use crate::supervisor::{Setup, Supervisor};

pub(crate) fn run(flags: flags::Serve, offers: Offers) -> Result<()> {
    survive_file_limit().context("could not handle signals")?;
    raise_open_files();
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,fractalaw_serve=info"));
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_env_filter(filter)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the async runtime")?;
    let config = Config::load(&flags.folder).map_err(ServeError::from)?;
    let data = match &config.data.adbc_program {
        Some(program) => Data::new().adbc_program(program),
        None => Data::new(),
    };
    let data = data.on_warning(|warning| {
        let (message, hint) = (one_line(&warning.message), one_line(&warning.hint));
        tracing::warn!("{message}; hint: {hint}");
    });
    let served = runtime.block_on(serve(
        flags.folder,
        config,
        offers,
        data.clone(),
        flags.json,
    ));
    // A guest that was cut off may have left a thread that waits for a file for ever.
    runtime.shutdown_background();
    // So that whoever opens the same database next does not find it locked.
    data.close();
    served
}

async fn serve(
    folder: PathBuf,
    config: Config,
    offers: Offers,
    data: Data,
    as_json: bool,
) -> Result<()> {
    // From here on a signal ends the supervisor and not the process.
    let mut told = Told::new().context("could not listen for signals")?;
    let listen = config.serve.listen;
    let setup = Setup {
        folder,
        lines: recording(&config.models),
        config,
        clock: Arc::new(SystemClock),
        offer: Box::new(move |builder| builder.offer(data).offer(Ai::new()).offer_all(offers())),
    };
    let started = tokio::task::spawn_blocking(move || Supervisor::start(setup));
    let supervisor = started.await.context("could not start")??;
    tokio::select! {
        () = supervisor.load_new() => {}
        () = told.tell(&supervisor) => {}
    }
    let control = Control::open(supervisor.own_folder())?;
    let http = match listen {
        Some(address) => {
            let variable = |name: &str| std::env::var(name).ok();
            Some(Http::open(address, &supervisor, variable).await?)
        }
        None => None,
    };
    let page = http.as_ref().and_then(Http::address);
    let page = page.map(|address| format!("http://{address}/"));
    say_ready(&supervisor, page.as_deref(), as_json)?;
    let answering = async {
        let http = async {
            match &http {
                Some(http) => http.serve().await,
                None => std::future::pending().await,
            }
        };
        tokio::join!(control.serve(&supervisor), http);
    };
    tokio::select! {
        served = supervisor.run() => served?,
        () = answering => {}
        () = told.tell(&supervisor) => {}
    }
    Ok(())
}

/// The lines of policy for recorded answers of models.
fn recording(models: &Models) -> String {
    let files = [("record", &models.record), ("replay", &models.replay)];
    let lines = files.into_iter().filter_map(|(name, file)| {
        let file = file.as_ref()?.display().to_string();
        // Text in JSON is text in TOML.
        Some(format!("ai.{name} = {}\n", Value::from(file)))
    });
    lines.collect()
}

fn say_ready(supervisor: &Supervisor, page: Option<&str>, as_json: bool) -> Result<()> {
    let apps = supervisor.apps().len();
    if as_json {
        let process = std::process::id();
        let ready = json!({ "process": process, "apps": apps, "page": page });
        return print(&format!("{ready}\n"));
    }
    let plural = if apps == 1 { "" } else { "s" };
    let page = page.map_or_else(String::new, |page| format!(", {page}"));
    print(&format!("serving {apps} app{plural}{page}\n"))
}

/// The signals that the supervisor listens to.
struct Told {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Told {
    fn new() -> std::io::Result<Told> {
        Ok(Told {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Passes signals on, for ever.
    async fn tell(&mut self, supervisor: &Supervisor) {
        let grace = humantime::format_duration(supervisor.config().serve.grace);
        let mut is_first = true;
        loop {
            tokio::select! {
                _ = self.hang_up.recv() => {
                    supervisor.look();
                    continue;
                }
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
            if is_first {
                note(&format!(
                    "told to stop: runs have {grace}, and a second signal cuts them off at once"
                ));
            }
            is_first = false;
            supervisor.stop();
        }
    }
}
