//! The report as JSON for programs, written and read. The shape is decided here and in `json/`, so it does not
//! change when the types of the report do. `host/REPORT.md` describes every field.

mod grants;
mod limits;
mod outcome;
mod parts;

use std::borrow::Cow;

use fractalaw_manifest::terminal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::app::App;
use crate::audit::AuditEntry;
use crate::captured::Captured;
use crate::effect::Effect;
use crate::fuel::Fuel;
use crate::grant::Decision;
use crate::host_calls::{HostCalls, Trace};
use crate::limits::AppliedLimits;
use crate::outcome::Outcome;
use crate::report::{Durations, Memory, Report};
use crate::unmetered::Unmetered;

/// The version of the report's shape. It changes when a field changes its meaning or goes away. Fields may be
/// added without a new version.
pub const JSON_VERSION: u32 = 2;

/// Why a text is not a report or a profile.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It is not JSON, or has another shape.
    #[error("not a {what}: {source}")]
    Malformed {
        /// `report` or `profile`.
        what: &'static str,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// Another version of the host wrote it.
    #[error("a {what} of version {found}, expected {expected}")]
    Version {
        /// `report` or `profile`.
        what: &'static str,
        /// The version that it has.
        found: u32,
        /// The version that this crate reads.
        expected: u32,
    },
}

impl Report {
    /// The report as one JSON object for programs. `host/REPORT.md` describes it.
    pub fn json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("a report is plain data");
        terminal::json(json)
    }

    /// Reads what [`Report::json`] wrote. The report that was read gives the same text and the same JSON.
    ///
    /// JSON does not contain everything. A refusal is read back as text (see
    /// [`Refusal::Recorded`](crate::Refusal::Recorded)), output that was not UTF-8 has replacement characters
    /// (see [`Captured`]), and durations are whole microseconds. Durations that are left out are read as zero.
    ///
    /// # Errors
    ///
    /// If the text is not a report, or has another version.
    pub fn from_json(json: &str) -> Result<Report, ReportError> {
        read(json, "report", JSON_VERSION)
    }
}

/// Reads a document that has a version. If the version differs, that is the error, whatever else the document
/// contains.
pub(crate) fn read<'de, T: Deserialize<'de>>(
    json: &'de str,
    what: &'static str,
    expected: u32,
) -> Result<T, ReportError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let malformed = |source| ReportError::Malformed { what, source };
    let Versioned { version: found } = serde_json::from_str(json).map_err(malformed)?;
    if found != expected {
        return Err(ReportError::Version {
            what,
            found,
            expected,
        });
    }
    serde_json::from_str(json).map_err(malformed)
}

/// The fields of a report in the order in which they are written. The fields of its parts are in the order of
/// their names.
#[derive(Serialize, Deserialize)]
struct Shape<'a> {
    version: u32,
    #[serde(serialize_with = "sorted")]
    app: Option<Cow<'a, App>>,
    #[serde(serialize_with = "sorted")]
    outcome: Cow<'a, Outcome>,
    backtrace: Cow<'a, [String]>,
    #[serde(serialize_with = "sorted")]
    audit: Cow<'a, [AuditEntry]>,
    #[serde(
        default,
        serialize_with = "sorted",
        skip_serializing_if = "<[Effect]>::is_empty"
    )]
    effects: Cow<'a, [Effect]>,
    #[serde(serialize_with = "sorted")]
    fuel: Fuel,
    #[serde(
        default,
        serialize_with = "sorted",
        skip_serializing_if = "<[Unmetered]>::is_empty"
    )]
    unmetered: Cow<'a, [Unmetered]>,
    #[serde(serialize_with = "sorted")]
    host_calls: Cow<'a, [HostCalls]>,
    #[serde(
        default,
        serialize_with = "sorted",
        skip_serializing_if = "Option::is_none"
    )]
    trace: Option<Cow<'a, Trace>>,
    #[serde(serialize_with = "sorted")]
    memory: Memory,
    #[serde(serialize_with = "sorted")]
    stdout: Cow<'a, Captured>,
    #[serde(serialize_with = "sorted")]
    stderr: Cow<'a, Captured>,
    #[serde(serialize_with = "sorted")]
    limits: Cow<'a, AppliedLimits>,
    #[serde(serialize_with = "sorted")]
    grants: Cow<'a, Decision>,
    #[serde(default, serialize_with = "sorted")]
    durations_us: Durations,
}

/// Writes the value with its fields, and those of its parts, in the order of their names.
fn sorted<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let value = serde_json::to_value(value).map_err(ser::Error::custom)?;
    value.serialize(serializer)
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shape = Shape {
            version: JSON_VERSION,
            app: self.app.as_ref().map(Cow::Borrowed),
            outcome: Cow::Borrowed(&self.outcome),
            backtrace: Cow::Borrowed(&self.backtrace),
            audit: Cow::Borrowed(&self.audit),
            effects: Cow::Borrowed(&self.effects),
            fuel: self.fuel,
            unmetered: Cow::Borrowed(&self.unmetered),
            host_calls: Cow::Borrowed(&self.host_calls),
            trace: self.trace.as_ref().map(Cow::Borrowed),
            memory: self.memory,
            stdout: Cow::Borrowed(&self.stdout),
            stderr: Cow::Borrowed(&self.stderr),
            limits: Cow::Borrowed(&self.limits),
            grants: Cow::Borrowed(&self.grants),
            durations_us: self.durations,
        };
        shape.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Report {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Report, D::Error> {
        let shape = Shape::deserialize(deserializer)?;
        if shape.version != JSON_VERSION {
            let found = shape.version;
            let message = format!("a report of version {found}, expected {JSON_VERSION}");
            return Err(de::Error::custom(message));
        }
        Ok(Report {
            app: shape.app.map(Cow::into_owned),
            outcome: shape.outcome.into_owned(),
            backtrace: shape.backtrace.into_owned(),
            audit: shape.audit.into_owned(),
            effects: shape.effects.into_owned(),
            fuel: shape.fuel,
            unmetered: shape.unmetered.into_owned(),
            host_calls: shape.host_calls.into_owned(),
            trace: shape.trace.map(Cow::into_owned),
            memory: shape.memory,
            stdout: shape.stdout.into_owned(),
            stderr: shape.stderr.into_owned(),
            limits: shape.limits.into_owned(),
            grants: shape.grants.into_owned(),
            durations: shape.durations_us,
        })
    }
}
