//! Which function used how much fuel: exactly, not by sampling.
//!
//! `fractalaw_instrument` makes a twin of the component. The twin calls a hook where a function is entered and where it
//! is left. The hook reads the fuel counter, gives back what the call of the hook cost, and passes the reading to the
//! recorder, which records the difference from the last reading. So the counter shows the same in the twin as in the
//! component, and the parts sum to the whole. Both are checked: the sum, and that the twin did the same as the component.

mod error;
mod hooks;
mod table;

pub use error::{Difference, ProfileError};

use std::collections::BTreeMap;
use std::sync::Arc;

use fractalaw_instrument::{Block, Function};
use fractalaw_report::{Certainty, Coverage, ModuleCoverage, Outcome, Profile, Report};
use wasmtime::component::Component;

use crate::cost::crossing::PRICE;
use crate::digest::sha256;
use crate::error::{HostError, LoadError, PolicyError};
use crate::load::content;
use crate::load::crossing;
use crate::load::facts::Facts;
use crate::load::loader::Loader;
use crate::load::micro_app::MicroApp;
use crate::load::reading::on_its_stack;
use crate::load::source::Source;
use crate::policy::asking::Asking;
use crate::policy::decision::Decided;
use crate::recorder::{Counter, Recorder};
use crate::run::{self, Beside, HostParts, NotRun, Run};

/// A micro-app and its twin. They can be profiled any number of times, and are cheap to clone.
#[derive(Clone, Debug)]
pub struct ProfiledApp {
    app: MicroApp,
    twin: MicroApp,
    functions: Arc<[Function]>,
    /// Empty if only functions have hooks.
    blocks: Arc<[Block]>,
    /// The SHA-256 of the code of each core module as it was built, if blocks have hooks.
    code: Arc<[String]>,
}

/// What of a component has hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hooked {
    /// Each function, where it is entered and left.
    Functions,
    /// Each block of instructions too.
    Blocks,
}

impl ProfiledApp {
    /// Loads a component and its twin with hooks.
    pub(crate) fn load(
        loader: &Loader,
        source: Source<'_>,
        hooked: Hooked,
    ) -> Result<ProfiledApp, ProfileError> {
        let papers = source.papers();
        let bytes = source.bytes()?;
        let app = loader.load(loader.read(Source::Bytes(&bytes, papers))?)?;
        ProfiledApp::with_twin(app, &bytes, loader, hooked)
    }

    fn with_twin(
        app: MicroApp,
        bytes: &[u8],
        loader: &Loader,
        hooked: Hooked,
    ) -> Result<ProfiledApp, ProfileError> {
        let twin = match hooked {
            Hooked::Functions if app.is_composed() => {
                let metered = crossing::metered(bytes).map_err(LoadError::from)?;
                fractalaw_instrument::instrument(&metered)?
            }
            Hooked::Functions => fractalaw_instrument::instrument(bytes)?,
            Hooked::Blocks => {
                let price = app.is_composed().then_some(&PRICE);
                fractalaw_instrument::instrument_blocks(bytes, price)?
            }
        };
        let linker = hooks::linker(&loader.linker).map_err(HostError::Linker)?;
        let refused = |message: String| ProfileError::TwinRefused { message };
        let component = match compiled(loader, twin.bytes) {
            Ok(component) => component,
            Err(LoadError::Refused(refusal)) => return Err(refused(refusal.to_string())),
            Err(LoadError::Host(error)) => return Err(error.into()),
        };
        Ok(ProfiledApp {
            twin: app
                .with_code(&linker, &component)
                .map_err(|error| refused(error.to_string()))?,
            app,
            functions: twin.functions.into(),
            blocks: twin.blocks.into(),
            code: twin
                .code
                .into_iter()
                .map(|code| sha256(bytes.get(code).unwrap_or_default()))
                .collect(),
        })
    }

    /// The micro-app itself.
    pub fn app(&self) -> &MicroApp {
        &self.app
    }
}

/// The twin's code, from the cache if it is there. The entry's content is not the twin's bytes alone, because the host
/// would take such an entry for a component that it has examined.
fn compiled(loader: &Loader, twin: Vec<u8>) -> Result<Component, LoadError> {
    let (engine, cache) = (loader.engine(), loader.cache.as_ref());
    let content = content::of_bytes(&[b"profiled twin\0", &twin[..]].concat());
    if let Some((component, _)) = cache.and_then(|cache| cache.load(engine, &content)) {
        return Ok(component);
    }
    let component = loader.compiler.compile(engine, twin)?;
    if let Some(cache) = cache {
        cache.store(engine, &content, &component, &Facts::default());
    }
    Ok(component)
}

/// Runs the component and then its twin, and compares the two runs.
pub(crate) async fn profile<'a>(
    host: impl Fn() -> HostParts<'a>,
    decide: impl Fn(Asking<'_>, &Run) -> Result<Decided, PolicyError>,
    app: &ProfiledApp,
    run: &Run,
) -> Result<Profile, ProfileError> {
    let (report, recorder) = recorded(host, decide, app, [run, run]).await?;
    // Names are read by recursion.
    let profile =
        on_its_stack(|| Ok::<_, LoadError>(table::profile(recorder, report, &app.functions)))??;
    error::check_sums(&profile)?;
    Ok(profile)
}

/// Runs the component, and its twin as the second run says. Returns which instructions ran.
pub(crate) async fn coverage<'a>(
    host: impl Fn() -> HostParts<'a>,
    decide: impl Fn(Asking<'_>, &Run) -> Result<Decided, PolicyError>,
    app: &ProfiledApp,
    runs: [&Run; 2],
) -> Result<Coverage, ProfileError> {
    let (_, recorder) = recorded(host, decide, app, runs).await?;
    let mut modules: Vec<_> = app
        .code
        .iter()
        .map(|code_sha256| ModuleCoverage {
            code_sha256: code_sha256.clone(),
            ..ModuleCoverage::default()
        })
        .collect();
    // The blocks are in the order of the code.
    for (block, ran) in app.blocks.iter().zip(recorder.into_ran()) {
        modules[block.module as usize].push((block.start, block.end), ran);
    }
    modules.retain(|module| !module.ran.is_empty() || !module.not_ran.is_empty());
    Ok(Coverage { modules })
}

/// Runs the component, and its twin as `again` says. Returns what the component did, and what the twin recorded.
async fn recorded<'a>(
    host: impl Fn() -> HostParts<'a>,
    decide: impl Fn(Asking<'_>, &Run) -> Result<Decided, PolicyError>,
    app: &ProfiledApp,
    [run, again]: [&Run; 2],
) -> Result<(Report, Recorder), ProfileError> {
    let not_run = |not_run| match not_run {
        NotRun::Refused(refused) => ProfileError::Load(refused.refusal.into()),
        NotRun::Failed(failed) => ProfileError::Host(failed.error),
    };
    let decided = decide(app.app.asking(), run).map_err(HostError::from)?;
    let measured = || Beside {
        is_measured: true,
        ..Beside::default()
    };
    // The sessions are dropped without being settled, because a measurement changes nothing.
    let ran = run::execute(host(), &app.app, run, decided, measured());
    let report = *ran.await.map_err(not_run)?.report;
    if report.fuel.certainty == Certainty::Unrepeatable {
        return Err(ProfileError::Unrepeatable {
            outcome: report.outcome.kind(),
        });
    }
    let twin = async |counter: Counter| {
        let recorder = Box::new(Recorder::new(
            app.functions.len(),
            app.blocks.len(),
            counter,
        ));
        let beside = Beside {
            recorder: Some(recorder),
            ..measured()
        };
        let decided = decide(app.twin.asking(), again).map_err(HostError::from)?;
        let twin = run::execute(host(), &app.twin, again, decided, beside).await?;
        let recorder = twin.recorder;
        let recorder = recorder.expect("the run gives back the recorder that it was given");
        Ok::<(Report, Recorder), NotRun>((*twin.report, *recorder))
    };
    let (mut twin, recorder) = if report.outcome == Outcome::OutOfFuel {
        let level = twin(Counter::level(BTreeMap::new()))
            .await
            .map_err(not_run)?;
        if level.1.counter().guessed() {
            let (_, scout) = twin(Counter::scout()).await.map_err(not_run)?;
            let known = scout.into_counter().into_low();
            twin(Counter::level(known)).await.map_err(not_run)?
        } else {
            level
        }
    } else {
        twin(Counter::ahead(report.fuel.budget))
            .await
            .map_err(not_run)?
    };
    if let Some(failure) = recorder.failure() {
        return Err(failure.into());
    }
    if !app.blocks.is_empty() && report.fuel.certainty == Certainty::LowerBound {
        // A hook stores the counter, so the twin knows more of what its last function used.
        twin.fuel = report.fuel;
    }
    error::compare(&report, &twin, run.determinism().fixed().is_some())?;
    Ok((report, recorder))
}
