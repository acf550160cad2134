//! How much fuel each function used in a run.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value;

use crate::json::{self, ReportError};
use crate::report::Report;

/// The entries after the component's own functions in the table of a recording. In a profile they come first.
pub const OUTSIDE: [&str; 3] = ["[instantiation]", "[run]", "[post-return]"];

/// The version of the serialised [`Profile`]. It changes when a field changes its meaning or goes away.
pub const PROFILE_VERSION: u32 = 1;

/// The fuel of one run by function and by call path.
///
/// For a deterministic run it repeats exactly. When serialised, `report` is the JSON report without its
/// `durations_us`, and `version` is [`PROFILE_VERSION`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The report of the run without hooks.
    pub report: Report,
    /// Every function that was entered, in the order in which it was first entered. The first three are not
    /// functions of the component: `[instantiation]`, `[run]` and `[post-return]`.
    pub functions: Vec<FunctionFuel>,
    /// The call tree. A node comes after its parent, and nodes are in the order in which they were first entered.
    /// The first two are the roots, `[instantiation]` and `[run]`. Their own fuel is what was used there outside
    /// of all functions.
    ///
    /// A recursive call adds to the node that the function already has on that path, so no function is twice on
    /// one path.
    pub nodes: Vec<ProfileNode>,
}

/// What one function used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionFuel {
    /// Its readable name. If the component has no name for it, this is the import `module#name` of another core
    /// module that it is passed for, such as the functions by which a guest reaches its host; otherwise `function
    /// 7`. A function of the host is `[host]` with its interface and name, and its fuel is what it was charged.
    pub name: String,
    /// The part of a composed component that it is in, after the names of the parts around it: `checker/table`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The core module that defines it, counted from 0; `None` if it is not a function of the component.
    pub module: Option<u32>,
    /// The name of that module.
    pub module_name: Option<String>,
    /// Its index in that module.
    pub index: Option<u32>,
    /// How often it was entered.
    pub calls: u64,
    /// Fuel used in the function itself, and in what the host did for it. A `realloc` that the host calls to hand
    /// over a result counts as the caller's own.
    pub own_fuel: u64,
    /// Fuel used from entering the function to leaving it, including everything that it called. If it calls
    /// itself, this is counted once.
    pub total_fuel: u64,
}

/// What one part of a composed component used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartFuel<'a> {
    /// Its name, after the names of the parts around it; `None` for what is in no part.
    pub part: Option<&'a str>,
    /// Fuel used by its own functions. What crosses into another part is paid for by the part that calls.
    pub own: u64,
    /// Fuel charged for its calls of the host.
    pub host_calls: u64,
}

impl PartFuel<'_> {
    /// All of it.
    pub fn fuel(&self) -> u64 {
        self.own + self.host_calls
    }
}

impl Profile {
    /// Whether the function with this index in the table is one of the host's.
    pub fn is_host(&self, function: u32) -> bool {
        let place = function as usize;
        place >= OUTSIDE.len() && self.functions[place].module.is_none()
    }

    /// What each part of a composed component used, in the order in which the parts were first entered. The first row is
    /// for what is in no part: instantiating the component, and the code that it has besides its parts. The rows sum to
    /// the run's fuel. A component that was not composed has only the first row.
    pub fn by_part(&self) -> Vec<PartFuel<'_>> {
        let mut rows = vec![PartFuel::default()];
        // The row of each node. A node comes after its parent.
        let mut places: Vec<usize> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let parent = node.parent.map_or(0, |parent| places[parent as usize]);
            let part = self.functions[node.function as usize].part.as_deref();
            let is_host = self.is_host(node.function);
            let place = match part {
                // What the host did for a part is the part's.
                _ if is_host => parent,
                None => 0,
                Some(name) => {
                    (rows.iter().position(|row| row.part == Some(name))).unwrap_or_else(|| {
                        rows.push(PartFuel {
                            part: Some(name),
                            ..PartFuel::default()
                        });
                        rows.len() - 1
                    })
                }
            };
            places.push(place);
            match is_host {
                true => rows[place].host_calls += node.own_fuel,
                false => rows[place].own += node.own_fuel,
            }
        }
        rows
    }

    /// Checks that each node comes after its parent and has a function, and that figures can be summed, because readers
    /// rely on it.
    fn check(&self) -> Result<(), String> {
        let functions = self.functions.iter();
        let nodes = self.nodes.iter();
        let figures: [Vec<u64>; 4] = [
            functions.clone().map(|function| function.calls).collect(),
            functions.map(|function| function.own_fuel).collect(),
            nodes.clone().map(|node| node.calls).collect(),
            nodes.map(|node| node.own_fuel).collect(),
        ];
        let sum = |figures: &Vec<u64>| figures.iter().copied().map(u128::from).sum::<u128>();
        if figures
            .iter()
            .map(sum)
            .any(|sum| sum > u128::from(u64::MAX))
        {
            return Err(format!(
                "the figures of the profile sum to more than {}",
                u64::MAX
            ));
        }
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
    /// Reads a serialised profile. [`Report::from_json`] says what is not read back as it was.
    ///
    /// # Errors
    ///
    /// If the text is not a profile, or has another version.
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
        profile.check().map_err(de::Error::custom)?;
        Ok(profile)
    }
}

/// A node of the call tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileNode {
    /// The index of the node that it was called from; `None` for the two roots.
    pub parent: Option<u32>,
    /// The index into [`Profile::functions`].
    pub function: u32,
    /// How often it was entered here.
    pub calls: u64,
    /// The fuel that was used in it here.
    pub own_fuel: u64,
}
