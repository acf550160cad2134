//! Which function used how much fuel in a run.

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::Value;

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Json<'a> {
            version: u32,
            report: Value,
            functions: &'a [FunctionFuel],
            nodes: &'a [ProfileNode],
        }
        let mut report: Value =
            serde_json::from_str(&self.report.json()).map_err(S::Error::custom)?;
        if let Some(fields) = report.as_object_mut() {
            fields.remove("durations_us");
        }
        let json = Json {
            version: PROFILE_VERSION,
            report,
            functions: &self.functions,
            nodes: &self.nodes,
        };
        json.serialize(serializer)
    }
}

/// A place in the call tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
