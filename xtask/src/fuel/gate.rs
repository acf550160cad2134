//! How far a cost may move: `tests/fuel.toml`. Without a rule it may not move at all.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::cases::names::Cases;
use crate::fault::{Fault, USAGE};

/// The file with the rules.
const FILE: &str = "tests/fuel.toml";

/// The verdict about a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    #[default]
    Fine,
    Warn,
    Fail,
}

/// The rules. The last rule that names a case decides.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gate {
    #[serde(default, rename = "rule")]
    rules: Vec<Rule>,
}

/// How far a cost may move without a warning, and without failing. A bound that is not given is zero.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rule {
    /// A case, `GUEST/*`, or `*`.
    cases: String,
    #[serde(default)]
    increase: Bounds,
    #[serde(default)]
    decrease: Bounds,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bounds {
    #[serde(default)]
    warn_above: Bound,
    #[serde(default)]
    fail_above: Bound,
}

/// Exceeded by more units or by more percent. One that is not given does not bound. If neither is given, the
/// bound is zero.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    units: Option<u64>,
    percent: Option<f64>,
}

impl Bound {
    fn is_passed(self, before: u64, difference: u64) -> bool {
        if let (None, None) = (self.units, self.percent) {
            return difference > 0;
        }
        // Any change from zero exceeds every percentage.
        #[expect(
            clippy::cast_precision_loss,
            reason = "a percentage of a figure in the report"
        )]
        let percent = difference as f64 * 100.0 / before as f64;
        self.units.is_some_and(|units| difference > units)
            || self.percent.is_some_and(|most| percent > most)
    }
}

impl Gate {
    /// Reads the rules of a workspace. Without the file there are none.
    pub(crate) fn read(root: &Path, cases: &Cases) -> Result<Gate> {
        let path = root.join(FILE);
        if !path.exists() {
            return Ok(Gate::default());
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{FILE}`"))?;
        let gate: Gate = toml::from_str(&text).map_err(|error| {
            Fault::new(USAGE, format!("`{FILE}`: {}", error.to_string().trim_end())).hint(format!(
                "the head of `{FILE}` in the repository explains the keys"
            ))
        })?;
        gate.check(cases)?;
        Ok(gate)
    }

    /// Reports a rule that names no case or has an invalid percentage.
    fn check(&self, cases: &Cases) -> Result<(), Fault> {
        for (number, rule) in self.rules.iter().enumerate() {
            let rule_of = |said: String| {
                let number = number + 1;
                Fault::new(
                    USAGE,
                    format!("`{FILE}`: rule {number}, about `{}`: {said}", rule.cases),
                )
            };
            for (name, bound) in rule.bounds() {
                let percent = bound.percent.unwrap_or_default();
                if !percent.is_finite() || percent < 0.0 {
                    return Err(rule_of(format!("`{name}` is {percent} percent"))
                        .hint("expected a number from 0 on"));
                }
            }
            if !cases.names().any(|case| rule.is_about(case)) {
                return Err(rule_of("there is no such case".to_owned())
                    .hint("name a case, or `GUEST/*` for a guest's, or `*` for all"));
            }
        }
        Ok(())
    }

    /// Compares a cost with what it was.
    pub(crate) fn judge(&self, case: &str, before: u64, after: u64) -> Verdict {
        let difference = after.abs_diff(before);
        if difference == 0 {
            return Verdict::Fine;
        }
        let rule = self.rules.iter().rev().find(|rule| rule.is_about(case));
        let bounds = rule.map_or_else(Bounds::default, |rule| {
            if after > before {
                rule.increase
            } else {
                rule.decrease
            }
        });
        if bounds.fail_above.is_passed(before, difference) {
            Verdict::Fail
        } else if bounds.warn_above.is_passed(before, difference) {
            Verdict::Warn
        } else {
            Verdict::Fine
        }
    }
}

impl Rule {
    fn is_about(&self, case: &str) -> bool {
        match self.cases.strip_suffix('*') {
            Some("") => true,
            Some(subject) => subject.ends_with('/') && case.starts_with(subject),
            None => case == self.cases,
        }
    }

    fn bounds(&self) -> [(&'static str, Bound); 4] {
        [
            ("increase.warn-above", self.increase.warn_above),
            ("increase.fail-above", self.increase.fail_above),
            ("decrease.warn-above", self.decrease.warn_above),
            ("decrease.fail-above", self.decrease.fail_above),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_rules_any_change_fails_also_from_and_to_zero() {
        let gate = Gate::default();
        for (before, after, verdict) in [
            (5, 5, Verdict::Fine),
            (0, 0, Verdict::Fine),
            (5, 6, Verdict::Fail),
            (5, 4, Verdict::Fail),
            (0, 1, Verdict::Fail),
            (1, 0, Verdict::Fail),
        ] {
            assert_eq!(
                gate.judge("a/b", before, after),
                verdict,
                "{before} {after}"
            );
        }
    }

    #[test]
    fn bounds_are_passed_by_more_in_either_direction_apart() {
        let gate: Gate = toml::from_str(
            r#"
            [[rule]]
            cases = "*"
            increase = { warn-above = { units = 10 }, fail-above = { percent = 5.0 } }
            decrease = { warn-above = { units = 0 }, fail-above = { units = 1000 } }

            [[rule]]
            cases = "exact/*"
            "#,
        )
        .unwrap();
        for (case, before, after, verdict) in [
            ("a/b", 1000, 1010, Verdict::Fine),
            ("a/b", 1000, 1011, Verdict::Warn),
            ("a/b", 1000, 1050, Verdict::Warn),
            ("a/b", 1000, 1051, Verdict::Fail),
            ("a/b", 0, 1, Verdict::Fail),
            ("a/b", 1000, 999, Verdict::Warn),
            ("a/b", 5000, 3999, Verdict::Fail),
            ("exact/b", 1000, 1001, Verdict::Fail),
        ] {
            assert_eq!(gate.judge(case, before, after), verdict, "{case} {after}");
        }
    }
}
