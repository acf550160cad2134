//! Checks whether a host knows everything in a policy: interfaces, quotas, and the keys of its capabilities.

use fractalaw_manifest::check_name;

use super::rules::Policy;
use super::section::{KEYS, Section};
use crate::error::PolicyError;
use crate::offer::offered::Offer;
use fractalaw_manifest::terminal::one_line;

impl Policy {
    /// Checks the policy by what a host offers. A host does this when it is built.
    ///
    /// # Errors
    ///
    /// The first thing that such a host does not know, with its line.
    pub fn check(&self, offer: &Offer) -> Result<(), PolicyError> {
        let all = self.all.iter().map(|section| (section, false));
        let groups = self.groups.iter().map(|group| (&group.section, true));
        let apps = self.apps.iter().map(|(_, section)| (section, false));
        for (section, is_group) in all.chain(groups).chain(apps) {
            let checked = check(section, offer, is_group);
            checked.map_err(|error| error.in_file(&self.id.path))?;
        }
        Ok(())
    }
}

impl Section {
    /// Checks lines of policy by what a host offers. A host does this for each run that brings lines.
    ///
    /// # Errors
    ///
    /// The first thing that such a host does not know.
    pub fn check(&self, offer: &Offer) -> Result<(), PolicyError> {
        // As in most runs.
        if self.is_empty() {
            return Ok(());
        }
        check(self, offer, false)
    }
}

fn check(section: &Section, offer: &Offer, is_group: bool) -> Result<(), PolicyError> {
    keys(section, offer, is_group)?;
    interfaces(section, offer)?;
    quotas(section, offer)
}

fn keys(section: &Section, offer: &Offer, is_group: bool) -> Result<(), PolicyError> {
    for (name, said) in &section.keys {
        let Some((_, key)) = offer.keys().find(|(_, key)| key.name == name) else {
            let group = is_group.then_some("apps");
            let own = group.into_iter().chain(KEYS);
            let known: Vec<_> = own.chain(offer.keys().map(|(_, key)| key.name)).collect();
            return Err(unknown(name, &known).on_line(said.line));
        };
        for (name, said) in said.names(name)? {
            check_name(name)
                .map_err(|error| PolicyError::new(error.to_string()).on_line(said.line))?;
            if said.value == false {
                return Err(said.is_false(name));
            }
            if !key.known.is_empty() && !key.known.contains(&name.as_str()) {
                let place = format!("{}.", key.name);
                return Err(unknown_under(&place, name, key.known).on_line(said.line));
            }
            let checked = (key.value)(name, &said.value);
            checked.map_err(|expected| said.expected(name, &expected))?;
        }
    }
    Ok(())
}

/// Grants are by interface, or by package if its interfaces are granted together. They apply to every version.
fn interfaces(section: &Section, offer: &Offer) -> Result<(), PolicyError> {
    let grants = offer.grants();
    for (name, said) in &section.interfaces {
        if !grants.contains(&name.as_str()) {
            let message = format!("`{}` is no interface that needs a grant", one_line(name));
            let hint = match offer.needs_grant(name) {
                Some(grant) => format!("grant `{grant}`, without a version"),
                None => format!("those that do: {}", grants.join(", ")),
            };
            return Err(PolicyError::new(message).on_line(said.line).hint(hint));
        }
        said.only_true(name)?;
    }
    Ok(())
}

fn quotas(section: &Section, offer: &Offer) -> Result<(), PolicyError> {
    for (name, said) in &section.quotas {
        let Some(quota) = offer.quotas().named(name) else {
            let known: Vec<_> = offer.quotas().iter().map(|of| &*of.quota.name).collect();
            return Err(unknown(name, &known).on_line(said.line));
        };
        let hint = match quota.quota.is_core() {
            true => {
                "a policy lowers the host's own bounds, which stand in `host/report/src/limits.rs`"
            }
            false => "a policy lowers the host's own bounds",
        };
        said.at_most(name, quota.most, hint)?;
    }
    Ok(())
}

/// How similar a known key must be to be what was meant, from 0 to 1.
const SIMILAR: f64 = 0.8;

/// The error for an unknown key, without its line.
pub(super) fn unknown(key: &str, known: &[&str]) -> PolicyError {
    unknown_under("", key, known)
}

/// The error for a key that is not known under a table, which `place` ends with a dot.
fn unknown_under(place: &str, key: &str, known: &[&str]) -> PolicyError {
    let listed: Vec<_> = known
        .iter()
        .map(|known| format!("`{place}{known}`"))
        .collect();
    let (shown, listed) = (one_line(key), listed.join(", "));
    let error = PolicyError::new(format!("unknown key `{place}{shown}`, expected {listed}"));
    match nearest(key, known) {
        Some(near) => error.hint(format!("did you mean `{place}{near}`?")),
        None => error,
    }
}

/// The key that was meant, if one is similar.
fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    let known = known.iter().copied();
    let shares = known.map(|known| (strsim::jaro_winkler(key, known), known));
    let nearest = shares.max_by(|(one, _), (other, _)| one.total_cmp(other));
    nearest.and_then(|(share, known)| (share > SIMILAR).then_some(known))
}
