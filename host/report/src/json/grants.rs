//! The JSON of what can be granted and of what was granted: each item in words, and the line of policy that
//! grants it.

use std::borrow::Cow;

use fractalaw_manifest::Tier;
use fractalaw_manifest::terminal::one_line;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::grant::{Item, Missing};
use crate::quota::Quota;

#[derive(Serialize, Deserialize)]
struct ItemShape<'a> {
    what: Cow<'a, str>,
    line: Cow<'a, str>,
    /// Of a name under a capability's key: the interfaces that a run calls if it uses the grant.
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    interfaces: Cow<'a, [String]>,
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shape = ItemShape {
            what: self.to_string().into(),
            line: self.line().into(),
            interfaces: interfaces(self).into(),
        };
        shape.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Item, D::Error> {
        let ItemShape {
            what,
            line,
            interfaces,
        } = ItemShape::deserialize(deserializer)?;
        item(&what, &line, &interfaces)
            .ok_or_else(|| de::Error::custom(format!("`{line}` grants nothing")))
    }
}

#[derive(Serialize, Deserialize)]
struct MissingShape<'a> {
    what: Cow<'a, str>,
    /// `None` if no policy grants it.
    line: Option<Cow<'a, str>>,
    instead: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    interfaces: Cow<'a, [String]>,
}

impl Serialize for Missing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shape = MissingShape {
            what: self.item.to_string().into(),
            line: self.line().map(Cow::Owned),
            instead: self.instead.as_deref().map(Cow::Borrowed),
            interfaces: interfaces(&self.item).into(),
        };
        shape.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Missing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Missing, D::Error> {
        let shape = MissingShape::deserialize(deserializer)?;
        let found = match &shape.line {
            Some(line) => item(&shape.what, line, &shape.interfaces),
            // Only a quota can ask for too much.
            None => quota(&shape.what, None),
        };
        let what = &shape.what;
        Ok(Missing {
            item: found
                .ok_or_else(|| de::Error::custom(format!("nothing is granted as {what}")))?,
            grantable: shape.line.is_some(),
            instead: shape.instead.map(Cow::into_owned),
        })
    }
}

fn interfaces(item: &Item) -> &[String] {
    match item {
        Item::Named { interfaces, .. } => interfaces,
        _ => &[],
    }
}

/// The item with this line of policy and these words.
fn item(what: &str, line: &str, interfaces: &[String]) -> Option<Item> {
    let between = |before: &str, after: &str| {
        let rest = line.strip_prefix(before)?.strip_suffix(after)?;
        Some(rest.to_owned())
    };
    let dir = |guest, writable| Item::Dir { guest, writable };
    let tier = |name: String| Some(Item::Tier(name.parse::<Tier>().ok()?));
    let found = match line {
        "args = true" => Some(Item::Args),
        "stdin = true" => Some(Item::Stdin),
        _ if line.starts_with("quotas.") => quota(what, Some(line)),
        _ => None,
    };
    found
        .or_else(|| tier(between("tier = \"", "\"")?))
        .or_else(|| between("interfaces.\"", "\" = true").map(Item::Interface))
        .or_else(|| Some(dir(between("dirs.\"", "\" = { writable = true }")?, true)))
        .or_else(|| Some(dir(between("dirs.\"", "\" = true")?, false)))
        .or_else(|| between("env.", " = true").map(Item::Env))
        .or_else(|| named(what, line, interfaces))
}

/// A name under a capability's key, from `key."name" = value` and words that end with the name.
fn named(what: &str, line: &str, interfaces: &[String]) -> Option<Item> {
    let (key, rest) = line.split_once(".\"")?;
    let (name, value) = rest.split_once("\" = ")?;
    let what = what.strip_suffix(&format!(" `{}`", one_line(name)))?;
    Some(Item::Named {
        key: key.to_owned(),
        name: name.to_owned(),
        what: what.to_owned(),
        value: value.to_owned(),
        interfaces: interfaces.to_vec(),
    })
}

/// A quota from `9 audit entries`. Its name is in the line. Without a line, the unit is used as the name of a
/// quota that not every host has.
fn quota(what: &str, line: Option<&str>) -> Option<Item> {
    let (value, unit) = what.split_once(' ')?;
    let of_line = line.map(|line| Some(line.strip_prefix("quotas.")?.split_once(" = ")?.0));
    let quota = match of_line {
        Some(name) => Quota {
            name: name?.to_owned().into(),
            unit: unit.to_owned().into(),
        },
        None => {
            let known = Quota::CORE.into_iter().find(|known| known.unit == unit);
            known.unwrap_or_else(|| Quota {
                name: unit.to_owned().into(),
                unit: unit.to_owned().into(),
            })
        }
    };
    Some(Item::Quota(quota, value.parse().ok()?))
}
