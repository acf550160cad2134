//! What a policy grants of events, and what a manifest asks for.
//!
//! Each name must be in both. A policy for all micro-apps then says which events exist, and a manifest says which of them
//! its micro-app has to do with.

use std::collections::{BTreeMap, BTreeSet};

use fractalaw_events_engine::{Allowed, Granted as Names};
use fractalaw_host::capability::{GrantKey, Granted, GrantedName};
use serde_json::Value;

use crate::quotas;

/// The types of events that start the micro-app.
const ON: &str = "on";

/// The types of events that it emits.
const EMITS: &str = "emits";

/// The micro-apps that it schedules.
const SCHEDULES: &str = "schedules";

/// Under `on`, the micro-apps whose events count.
const FROM: &str = "from";

pub(crate) static KEYS: [GrantKey; 3] = [
    GrantKey {
        value: check_on,
        ..GrantKey::names(ON, "to be started by events of the type")
    },
    GrantKey::names(EMITS, "to emit events of the type"),
    GrantKey::names(SCHEDULES, "to schedule the micro-app"),
];

/// What a run may do. `known` gives the name of a micro-app by which the engine knows it.
pub(crate) fn allowed<'a>(granted: &Granted<'a>, known: impl Fn(&'a str) -> String) -> Allowed {
    let names = |key: &'static str| {
        let names = granted.names(key).map(GrantedName::name);
        names.filter(move |name| granted.asks_for_name(key, name))
    };
    let emits = names(EMITS).map(str::to_owned);
    Allowed {
        emits: Names::Names(emits.collect()),
        schedules: Names::Names(names(SCHEDULES).map(known).collect()),
        quotas: quotas::of(granted),
    }
}

/// The types of events that start a micro-app, and for each the sources, or `None` for any source. These are the names
/// under `on` that its manifest has and that it is granted.
pub(crate) fn subscriptions<'a>(
    asked: &[String],
    granted: impl Iterator<Item = &'a GrantedName>,
) -> BTreeMap<String, Option<BTreeSet<String>>> {
    let granted = granted
        .filter(|granted| granted.key() == ON && asked.iter().any(|asked| asked == granted.name()));
    let granted = granted.map(|granted| (granted.name().to_owned(), sources(granted.value())));
    granted.collect()
}

/// The names that a manifest has under `on`.
pub(crate) fn asked(manifest: &fractalaw_host::Manifest) -> Vec<String> {
    manifest.names(ON)
}

/// The sources in a value that was checked when the policy was read.
fn sources(value: &Value) -> Option<BTreeSet<String>> {
    let from = value.get(FROM)?.as_array()?;
    let names = from.iter().filter_map(Value::as_str);
    Some(names.map(str::to_owned).collect())
}

fn check_on(_: &str, value: &Value) -> Result<(), String> {
    let is_source = |source: &Value| source.as_str().is_some_and(|source| !source.is_empty());
    let is_table = |table: &serde_json::Map<String, Value>| {
        let from = table.get(FROM).and_then(Value::as_array);
        table.len() == 1 && from.is_some_and(|from| !from.is_empty() && from.iter().all(is_source))
    };
    match value {
        Value::Bool(true) => Ok(()),
        Value::Object(table) if is_table(table) => Ok(()),
        _ => Err(
            "`true`, or `{ from = [\"APP\", …] }` for the events of these micro-apps".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_policy_may_say_of_an_event_is_checked() {
        for (value, sources_of) in [
            (json!(true), None),
            (
                json!({ "from": ["a"] }),
                Some(BTreeSet::from(["a".to_owned()])),
            ),
            (
                json!({ "from": ["b", "a"] }),
                Some(BTreeSet::from(["a".to_owned(), "b".to_owned()])),
            ),
        ] {
            assert_eq!(check_on("t", &value), Ok(()), "{value}");
            assert_eq!(sources(&value), sources_of, "{value}");
        }
        for value in [
            json!(false),
            json!("a"),
            json!(["a"]),
            json!({}),
            json!({ "from": "a" }),
            json!({ "from": [] }),
            json!({ "from": [""] }),
            json!({ "from": [1] }),
            json!({ "from": ["a"], "to": [] }),
        ] {
            assert!(check_on("t", &value).is_err(), "{value}");
        }
    }
}
