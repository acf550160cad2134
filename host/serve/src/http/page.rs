//! The status page: everything that a person wants to see first, in one file that loads nothing else.

use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fractalaw_manifest::terminal::one_line;
use sha2::{Digest, Sha256};

use crate::error::ServeError;
use crate::journal::{Ran, Said};
use crate::limits::DEAD_SHOWN;
use crate::request::DeliveryRow;
use crate::status::AppStatus;
use crate::supervisor::Supervisor;

const STYLE: &str = include_str!("../../templates/status.css");
const SCRIPT: &str = include_str!("../../templates/status.js");

/// What the page allows its browser to do: its own style and script, and reading the page again.
pub(super) static SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[derive(Template)]
#[template(path = "status.html")]
struct Page {
    style: &'static str,
    script: &'static str,
    version: &'static str,
    process: u32,
    folder: String,
    set: Option<String>,
    state: &'static str,
    state_kind: &'static str,
    totals: Vec<(&'static str, String)>,
    apps: Vec<App>,
    dead_count: String,
    dead: Vec<Dead>,
    runs: Vec<Run>,
}

struct App {
    name: String,
    version: String,
    digest: Option<String>,
    short: String,
    pinned: bool,
    on: String,
    counts: Vec<String>,
    fuel: String,
    /// The share of all fuel, in percent.
    share: u64,
    notes: Option<String>,
}

struct Dead {
    delivery: u64,
    app: String,
    state: String,
    outcome: String,
    attempts: u32,
}

struct Run {
    key: String,
    kind: &'static str,
    outcome: String,
    app: String,
    trigger: String,
    began: String,
    took: String,
    fuel: String,
    delivery: String,
    attempt: u32,
    digest: String,
    message: String,
    trail: Vec<Said>,
    omitted: usize,
}

/// The page as it is now.
pub(super) fn page(supervisor: &Supervisor) -> Result<String, ServeError> {
    let overview = supervisor.overview()?;
    let (status, dead) = (&overview.status, overview.dead.iter().cloned());
    let sum = |of: fn(&AppStatus) -> u64| status.apps.iter().map(of).sum::<u64>();
    let fuel = sum(|app| app.totals.fuel);
    let held_or_dead = sum(|app| app.held + app.dead);
    let totals = [
        ("ready", sum(|app| app.ready)),
        ("waiting for the next attempt", sum(|app| app.waiting)),
        ("running", sum(|app| app.running)),
        ("dead or held", held_or_dead),
        (
            "runs since the start",
            sum(|app| app.totals.runs.values().sum()),
        ),
        ("fuel since the start", fuel),
    ];
    let (state, state_kind) = match status.stopping {
        false => ("running", "good"),
        true => ("stopping", "warn"),
    };
    let page = Page {
        style: STYLE,
        script: SCRIPT,
        version: env!("CARGO_PKG_VERSION"),
        process: std::process::id(),
        folder: one_line(&supervisor.folder().display().to_string()),
        set: status.set.map(|set| set.text()),
        state,
        state_kind,
        totals: totals.map(|(name, count)| (name, grouped(count))).into(),
        apps: status.apps.iter().map(|app| App::of(app, fuel)).collect(),
        dead_count: match held_or_dead > DEAD_SHOWN as u64 {
            true => format!("{} of {}", DEAD_SHOWN, grouped(held_or_dead)),
            false => grouped(held_or_dead),
        },
        dead: dead.take(DEAD_SHOWN).map(Dead::of).collect(),
        runs: supervisor.runs().into_iter().map(Run::of).collect(),
    };
    page.render()
        .map_err(|error| ServeError::asked(error.to_string()))
}

impl App {
    fn of(status: &AppStatus, fuel: u64) -> App {
        let app = &status.app;
        let runs = &status.totals.runs;
        let completed = runs.get("completed").copied().unwrap_or(0);
        let others = runs.values().sum::<u64>() - completed;
        let counts = [
            status.ready,
            status.waiting,
            status.running,
            status.held,
            status.dead,
            completed,
            others,
        ];
        App {
            name: one_line(&app.name),
            version: app.version.as_deref().map(one_line).unwrap_or_default(),
            digest: app.digest.clone(),
            short: app.digest.as_deref().map(short).unwrap_or_default(),
            pinned: app.pinned,
            on: app.on.join(", "),
            counts: counts.map(grouped).into(),
            fuel: grouped(status.totals.fuel),
            share: u64::try_from(u128::from(status.totals.fuel) * 100 / u128::from(fuel.max(1)))
                .unwrap_or(100),
            notes: app.note.as_deref().map(fractalaw_manifest::terminal::lines),
        }
    }
}

impl Dead {
    fn of(standing: fractalaw_events_engine::Standing) -> Dead {
        let row = DeliveryRow::from(standing);
        Dead {
            delivery: row.delivery,
            app: one_line(&row.app),
            state: row.state,
            outcome: row.outcome.unwrap_or_default(),
            attempts: row.attempts,
        }
    }
}

impl Run {
    fn of(ran: Ran) -> Run {
        let kind = match &*ran.outcome {
            "completed" => "good",
            "guest-error" | "refused" | "interrupted" => "warn",
            "trap" | "host-failed" | "stack-overflow" => "bad",
            _ => "limit",
        };
        let said = |said: Said| Said {
            event_type: one_line(&said.event_type),
            resource: one_line(&said.resource),
            detail: one_line(&said.detail),
        };
        Run {
            key: format!("{} {}", ran.delivery, ran.attempt),
            kind,
            outcome: ran.outcome,
            app: one_line(&ran.app),
            trigger: one_line(&ran.trigger),
            began: time(ran.began_unix_ms),
            took: format!("{} ms", grouped(ran.took_ms)),
            fuel: grouped(ran.fuel),
            delivery: one_line(&ran.delivery),
            attempt: ran.attempt,
            digest: short(&ran.digest),
            message: fractalaw_manifest::terminal::lines(&ran.message),
            trail: ran.trail.into_iter().map(said).collect(),
            omitted: ran.trail_omitted,
        }
    }
}

/// The first digits of a digest, for people.
fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

/// A time for people, in UTC.
fn time(unix_ms: i64) -> String {
    let after = Duration::from_millis(unix_ms.unsigned_abs());
    let time = match unix_ms >= 0 {
        true => UNIX_EPOCH.checked_add(after),
        false => UNIX_EPOCH.checked_sub(after),
    };
    match time {
        Some(time) if unix_ms >= 0 => humantime::format_rfc3339_seconds(time).to_string(),
        _ => format!("{} s before 1970", after.as_secs()),
    }
}

/// A number in groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(time(1_772_366_400_999), "2026-03-01T12:00:00Z");
        assert_eq!(time(-1_500), "1 s before 1970");
    }
}
