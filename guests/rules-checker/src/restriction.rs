//! The table of restrictions.

use micro_app::{query_as, sql};
use serde::Deserialize;

/// A row: what is restricted, and what follows.
#[derive(Deserialize)]
pub(crate) struct Restriction {
    pub(crate) rule: String,
    /// It does not apply to shipments below it.
    from_kilograms: u32,
    pub(crate) demand: String,
    pub(crate) reason: String,
}

impl Restriction {
    pub(crate) fn applies_to(&self, kilograms: u32) -> bool {
        kilograms >= self.from_kilograms
    }
}

/// The restrictions on goods with this code to this country, or to every country.
pub(crate) fn on(goods: &str, destination: &str) -> Result<Vec<Restriction>, String> {
    let restrictions = query_as::<Restriction>(sql!(
        "SELECT rule, from_kilograms, demand, reason FROM restriction
         WHERE substr(?, 1, length(goods)) = goods AND destination IN (?, '*')
         ORDER BY rule",
        goods,
        destination
    ));
    restrictions.map_err(|error| error.to_string())
}
