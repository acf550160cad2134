//! Which function used how much fuel in a run.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value;

use crate::json::{self, ReportError};
use crate::report::Report;

/// What stands behind the component's own functions in the table of a profile: they come first in it.
pub const OUTSIDE: [&str; 3] = ["[instantiation]", "[run]", "[post-return]"];

/// Version of the serialised shape of a [`Profile`]: it goes up when a field changes its meaning or goes
/// away.
pub const PROFILE_VERSION: u32 = 1;

/// Fuel of one run by function and by call path.
///
/// Of a deterministic run, it repeats exactly. Serialised, `report` is the JSON report without its
/// `durations_us`, and `version` is [`PROFILE_VERSION`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What the run did, without hooks.
    pub report: Report,
    /// Every function that was entered, by the order in which it first was. The first three are none of the
    /// component's: `[instantiation]`, `[run]` and `[post-return]`.
    pub functions: Vec<FunctionFuel>,
    /// The call tree: a node stands behind its parent, and nodes in the order in which they were first
    /// entered. The first two are the roots, `[instantiation]` and `[run]`, whose own fuel is what was used
    /// there outside of all functions.
    ///
    /// A function that is called while it is being executed adds to the node that it has on that path, so
    /// that no function stands twice on one.
    pub nodes: Vec<ProfileNode>,
}

/// What one function used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionFuel {
    /// Its readable name. Where the component has none for it, the import `module#name` of another core
    /// module for which it is passed, such as those by which a guest reaches its host; else `function 7`. One
    /// of the host's own is `[host]`, its interface and its name, and its fuel is what it was charged.
    pub name: String,
    /// The core module that defines it, counted from 0; nothing for what is none of the component's.
    pub module: Option<u32>,
    /// That module's name.
    pub module_name: Option<String>,
    /// Its index in that module.
    pub index: Option<u32>,
    /// How often it was entered.
    pub calls: u64,
    /// Fuel used in it, and in what the host did for it: a `realloc` that the host calls to hand over a
    /// result counts as the caller's own.
    pub own_fuel: u64,
    /// Fuel used from its being entered to its being left, in whatever it called; where it calls itself,
    /// counted once.
    pub total_fuel: u64,
}

impl Profile {
    /// Whether a function, by its place in the table, is one of the host's.
    pub fn is_host(&self, function: u32) -> bool {
        let place = function as usize;
        place >= OUTSIDE.len() && self.functions[place].module.is_none()
    }

    /// That each node stands behind its parent and has a function: whoever follows them relies on it.
    fn check_places(&self) -> Result<(), String> {
        for (index, node) in self.nodes.iter().enumerate() {
            if node.parent.is_some_and(|parent| parent as usize >= index) {
                return Err(format!(
                    "node {index} of the profile stands before its parent"
                ));
            }
            if node.function as usize >= self.functions.len() {
                return Err(format!("node {index} of the profile has no function"));
            }
        }
        Ok(())
    }
}

impl Profile {
    /// Reads what a profile is serialised as. What does not come back as it was is said at [`Report::from_json`].
    ///
    /// # Errors
    ///
    /// When it is not a profile, or one of another version.
    pub fn from_json(json: &str) -> Result<Profile, ReportError> {
        json::read(json, "profile", PROFILE_VERSION)
    }
}

#[derive(Serialize, Deserialize)]
struct Shape<'a> {
    version: u32,
    report: Value,
    functions: Cow<'a, [FunctionFuel]>,
    nodes: Cow<'a, [ProfileNode]>,
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serde_json::to_value(&self.report).map_err(ser::Error::custom)?;
        if let Some(fields) = report.as_object_mut() {
            fields.remove("durations_us");
        }
        let shape = Shape {
            version: PROFILE_VERSION,
            report,
            functions: Cow::Borrowed(&self.functions),
            nodes: Cow::Borrowed(&self.nodes),
        };
        shape.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Profile, D::Error> {
        let shape = Shape::deserialize(deserializer)?;
        let profile = Profile {
            report: serde_json::from_value(shape.report).map_err(de::Error::custom)?,
            functions: shape.functions.into_owned(),
            nodes: shape.nodes.into_owned(),
        };
        profile.check_places().map_err(de::Error::custom)?;
        Ok(profile)
    }
}

/// A place in the call tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileNode {
    /// Index of the node that it was called from; nothing for the two roots.
    pub parent: Option<u32>,
    /// Index into [`Profile::functions`].
    pub function: u32,
    /// How often it was entered here.
    pub calls: u64,
    /// Fuel used in it here.
    pub own_fuel: u64,
}
