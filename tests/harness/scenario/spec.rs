//! The file of a scenario.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, ensure};
use fractalaw_events_engine::Time;
use serde::Deserialize;

use crate::data::Seeds;
use crate::regular;

/// A scenario as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Spec {
    pub(crate) about: String,
    /// When it begins: a time in RFC 3339, or seconds since 1970, which may be negative.
    clock: toml::Value,
    /// Whether it is played again with a crash at each point.
    #[serde(default = "yes")]
    pub(crate) crashes: bool,
    pub(crate) apps: BTreeMap<String, AppSpec>,
    /// What fills the database that the micro-apps share.
    pub(crate) seed: Option<Seeds>,
    pub(crate) steps: Vec<Step>,
}

fn yes() -> bool {
    true
}

/// A micro-app.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AppSpec {
    /// The guest; if it is left out, the one of this name.
    pub(crate) guest: Option<String>,
    #[serde(default = "one")]
    pub(crate) concurrency: u32,
    pub(crate) attempts: Option<u32>,
    #[serde(default)]
    pub(crate) args: Vec<String>,
    pub(crate) fuel: Option<u64>,
    /// The tables that it may read.
    #[serde(default)]
    pub(crate) read: Vec<String>,
    /// The tables that it may change.
    #[serde(default)]
    pub(crate) write: Vec<String>,
}

fn one() -> u32 {
    1
}

/// What happens next. After each step, everything that can run does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Step {
    /// An event comes from outside.
    Emit {
        #[serde(rename = "type")]
        event_type: String,
        source: String,
        #[serde(default)]
        payload: String,
    },
    /// A person starts a micro-app.
    Run(String),
    /// Time passes, and the host is awake.
    Advance(String),
    /// Time passes, and the host is not there.
    Sleep(String),
    /// Somebody sets the clock, forward or with `-` back.
    SetClock(String),
    /// A micro-app gets another guest, or other grants.
    Swap { app: String, with: AppSpec },
    /// The process of the host ends: now, or at the next point of this name.
    Crash(Crash),
}

/// When the process of the host ends.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Crash {
    Now,
    Started,
    Prepared,
    Closed,
    Settled,
}

impl Spec {
    pub(crate) fn read(path: &Path) -> Result<Spec> {
        let shown = path.display();
        let text = String::from_utf8(regular::read(path)?).with_context(|| format!("`{shown}`"))?;
        let spec: Spec = toml::from_str(&text).map_err(|error| {
            let error = error.to_string();
            let error = error.trim_end();
            anyhow!("`{shown}`: {error}\nhint: `tests/README.md` has every key of a scenario")
        })?;
        ensure!(!spec.steps.is_empty(), "`{shown}` has no step");
        Ok(spec)
    }

    /// When it begins.
    pub(crate) fn begins(&self) -> Result<Time> {
        let text = match &self.clock {
            toml::Value::Integer(seconds) => return Ok(Time::from_unix_s(*seconds)),
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let time = humantime::parse_rfc3339(&text).with_context(|| {
            format!("`clock` is `{text}`, expected a time such as `2026-02-28T23:59:00Z`")
        })?;
        let since_1970 = time.duration_since(UNIX_EPOCH)?;
        Ok(Time::from_unix_ms(i64::try_from(since_1970.as_millis())?))
    }
}

/// A duration in a step, in milliseconds.
pub(crate) fn milliseconds(text: &str) -> Result<i64> {
    let (sign, length) = match text.strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, text),
    };
    let length: Duration = humantime::parse_duration(length)
        .with_context(|| format!("`{text}` is no duration, such as `14days` or `1h 30m`"))?;
    Ok(sign * i64::try_from(length.as_millis())?)
}
