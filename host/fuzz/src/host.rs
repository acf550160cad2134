//! One host for all inputs, as in a server: if an input leaves something behind, later inputs meet it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fractalaw_data::Data;
use fractalaw_events::Events;
use fractalaw_host::capability::Offer;
use fractalaw_host::{Decision, Host, LoadError, MicroApp, Refusal, Report, Run, Section, Tier};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::check;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime starts")
});

static HOST: LazyLock<Host> = LazyLock::new(|| {
    let host = Host::builder().slots(2);
    let host = host.offer(Data::new()).offer(Events::new());
    host.build().expect("a host starts")
});

/// The database that components may use in part. Later inputs find what earlier ones left in it.
static DATA: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let connection = Connection::open(folder.path().join("data.db")).expect("a file can be made");
    connection
        .execute_batch(
            "CREATE TABLE permit (id INTEGER PRIMARY KEY, site TEXT, level REAL);
             CREATE TABLE secret (word TEXT);
             INSERT INTO permit VALUES (1, 'north', 2.5), (2, NULL, -1);
             INSERT INTO secret VALUES ('hush')",
        )
        .expect("the tables can be made");
    folder
});

/// After this many inputs a known component is run, to check that nothing was left behind.
const LOOK_EVERY: u64 = 64;

/// The grants of all interfaces. Only a policy can give them, and components that import the interfaces must run.
static GRANTS: LazyLock<Section> = LazyLock::new(|| {
    let grants = offer().grants().into_iter();
    let mut lines: String = grants
        .map(|grant| format!("interfaces.\"{grant}\" = true\n"))
        .collect();
    lines += &format!(
        "data.file = '{}'\ndata.read = [\"permit\"]\ndata.write = [\"permit\"]\n",
        DATA.path().join("data.db").display()
    );
    Section::parse(&lines).expect("the lines are those of policy")
});

/// What the host offers to all inputs: its own interfaces, data and events.
pub(crate) fn offer() -> &'static Offer {
    HOST.offer()
}

/// Limits that are low enough for an input to take milliseconds, and high enough to reach every limit except the
/// clock.
pub(crate) fn small() -> Run {
    Run::new()
        .tier(Tier::Lightweight)
        .fuel(2_000_000)
        .deadline(Duration::from_millis(100))
        .arg("site-7")
        .env("LANGUAGE", "en")
        .stdin("one\ntwo\n")
        .grant(GRANTS.clone())
        .trace()
}

pub(crate) fn load(bytes: &[u8]) -> Result<MicroApp, Refusal> {
    match HOST.load(bytes) {
        Ok(app) => Ok(app),
        Err(LoadError::Refused(refusal)) => {
            assert_ne!(refusal, Refusal::CompilerFailed, "the compiler panicked");
            Err(refusal)
        }
        Err(LoadError::Host(error)) => panic!("the host failed: {error}"),
    }
}

pub(crate) fn run(app: &MicroApp, run: &Run) -> Report {
    let report = RUNTIME.block_on(HOST.run(app, run));
    report.unwrap_or_else(|error| panic!("the host failed: {error}"))
}

/// Loads and runs the component, and checks the report.
pub(crate) fn load_and_run(bytes: &[u8], request: &Run) -> Report {
    let report = match load(bytes) {
        Ok(app) => run(&app, request),
        Err(refusal) => Report::refused(
            refusal,
            None,
            request.limits(Tier::default()),
            Decision::default(),
        ),
    };
    check::report(&report);
    look_around();
    report
}

/// The known component gets all the time that it needs, however busy the machine is.
fn known() -> Run {
    small().deterministic().deadline(Duration::from_secs(60))
}

/// Now and then checks that a known component still does what it always did.
fn look_around() {
    static INPUTS: AtomicU64 = AtomicU64::new(0);
    static KNOWN: LazyLock<(MicroApp, Report)> = LazyLock::new(|| {
        let bytes = fractalaw_testing::component("", "(call $record)");
        let app = load(&bytes).expect("the component is accepted");
        let report = run(&app, &known());
        assert_eq!(report.outcome.kind(), "completed");
        (app, report)
    });
    if INPUTS
        .fetch_add(1, Ordering::Relaxed)
        .is_multiple_of(LOOK_EVERY)
    {
        let (app, expected) = &*KNOWN;
        let mut found = run(app, &known());
        found.durations = expected.durations;
        assert_eq!(&found, expected, "something was left behind");
    }
}
