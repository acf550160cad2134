//! What a composed micro-app asks for: what the micro-app and its parts ask for.

use std::collections::BTreeMap;

use crate::Manifest;
use crate::asks::{DirAsk, MAX_NAMES, Quotas, TooManyNames, names};

impl Manifest {
    /// The manifest of a micro-app that has this part. The tier is the higher one, and everything else is asked for if one
    /// of the two asks for it.
    ///
    /// Lists of interfaces confirm what is imported. So the micro-app's list must name what the part imports as well, and
    /// the part's own list does not count.
    ///
    /// # Errors
    ///
    /// If a list would be longer than [`MAX_NAMES`].
    pub fn with_part(mut self, part: &Manifest) -> Result<Manifest, TooManyNames> {
        self.tier = self.tier.max(part.tier);
        self.args |= part.args;
        self.stdin |= part.stdin;
        for name in &part.env {
            if !self.env.contains(name) {
                self.env.push(name.clone());
            }
        }
        for dir in &part.dirs {
            self.ask_for(dir);
        }
        self.quotas = largest(&self.quotas, &part.quotas);
        for (key, value) in &part.asks {
            let own = self.asks.get(key);
            let own = own.unwrap_or(&serde_json::Value::Null);
            let mut all = names(own).unwrap_or_default();
            let more = names(value).unwrap_or_default();
            let more: Vec<_> = more
                .into_iter()
                .filter(|name| !all.contains(name))
                .collect();
            all.extend(more);
            if all.len() > MAX_NAMES {
                return Err(TooManyNames(key.clone()));
            }
            self.asks.insert(key.clone(), all.into());
        }
        match (self.env.len() > MAX_NAMES, self.dirs.len() > MAX_NAMES) {
            (true, _) => Err(TooManyNames("env".to_owned())),
            (_, true) => Err(TooManyNames("dirs".to_owned())),
            _ => Ok(self),
        }
    }

    fn ask_for(&mut self, dir: &DirAsk) {
        match self.dirs.iter_mut().find(|own| own.guest == dir.guest) {
            Some(own) => own.writable |= dir.writable,
            None => self.dirs.push(dir.clone()),
        }
    }
}

fn largest(one: &Quotas, other: &Quotas) -> Quotas {
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    for quotas in [one, other] {
        for name in quotas.names() {
            let value = quotas.of(name).unwrap_or_default();
            let largest = all.entry(name).or_default();
            *largest = value.max(*largest);
        }
    }
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use crate::Manifest;
    use crate::asks::{Known, TooManyNames};

    fn manifest(json: &str) -> Manifest {
        let known = Known {
            keys: vec!["data", "emits"],
            quotas: vec!["audit-entries", "host-calls"],
        };
        let section = format!(r#"{{"version":1,"manifest":{json}}}"#);
        Manifest::decode(section.as_bytes(), &known).unwrap()
    }

    #[test]
    fn a_composed_micro_app_asks_for_what_it_and_its_parts_ask_for() {
        for (own, part, both) in [
            (
                r#"{"tier":"lightweight"}"#,
                r#"{"tier":"heavy"}"#,
                r#"{"tier":"heavy"}"#,
            ),
            (
                r#"{"tier":"standard"}"#,
                r#"{"tier":"lightweight"}"#,
                r#"{"tier":"standard"}"#,
            ),
            (
                r#"{"args":true}"#,
                r#"{"stdin":true}"#,
                r#"{"args":true,"stdin":true}"#,
            ),
            (
                r#"{"env":["A"]}"#,
                r#"{"env":["B","A"]}"#,
                r#"{"env":["A","B"]}"#,
            ),
            (
                r#"{"dirs":[{"guest":"/a"},{"guest":"/b","writable":true}]}"#,
                r#"{"dirs":[{"guest":"/a","writable":true},{"guest":"/c"}]}"#,
                r#"{"dirs":[{"guest":"/a","writable":true},{"guest":"/b","writable":true},{"guest":"/c"}]}"#,
            ),
            (
                r#"{"quotas":{"audit-entries":9,"host-calls":2}}"#,
                r#"{"quotas":{"audit-entries":8,"host-calls":3}}"#,
                r#"{"quotas":{"audit-entries":9,"host-calls":3}}"#,
            ),
            (
                r#"{"data":"read"}"#,
                r#"{"data":["write","read"],"emits":"a"}"#,
                r#"{"data":["read","write"],"emits":["a"]}"#,
            ),
            // The author confirms what the whole imports.
            (
                r#"{"interfaces":["x"]}"#,
                r#"{"interfaces":["y"]}"#,
                r#"{"interfaces":["x"]}"#,
            ),
            ("{}", r#"{"interfaces":["y"]}"#, "{}"),
        ] {
            let composed = manifest(own).with_part(&manifest(part)).unwrap();
            assert_eq!(composed, manifest(both), "{own} {part}");
        }
        let many = |first: usize| {
            let names: Vec<String> = (first..first + 40).map(|at| format!("\"N{at}\"")).collect();
            manifest(&format!(r#"{{"env":[{}]}}"#, names.join(",")))
        };
        assert!(many(0).with_part(&many(20)).is_ok());
        let too_many = TooManyNames("env".to_owned());
        assert_eq!(many(0).with_part(&many(40)), Err(too_many));
    }
}
