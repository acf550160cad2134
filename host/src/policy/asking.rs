//! What a micro-app asks of a host, item by item.

use std::collections::BTreeSet;

use fractalaw_manifest::Manifest;
use fractalaw_report::{App, Item};

use crate::offer::offered::Offer;
use crate::offer::table::{GrantKey, Table};

/// A micro-app and what it asks for.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) app: &'a App,
    pub(crate) manifest: &'a Manifest,
    /// The grants that its imports need.
    pub(crate) interfaces: &'a BTreeSet<String>,
}

/// Everything that is asked of a host with this offer. The tier comes first.
pub(crate) fn asked(asking: Asking<'_>, offer: &Offer) -> Vec<Item> {
    let manifest = asking.manifest;
    let mut items = vec![Item::Tier(manifest.tier)];
    items.extend(asking.interfaces.iter().cloned().map(Item::Interface));
    items.extend(manifest.args.then_some(Item::Args));
    items.extend(manifest.env.iter().cloned().map(Item::Env));
    items.extend(manifest.stdin.then_some(Item::Stdin));
    items.extend(manifest.dirs.iter().map(|dir| Item::Dir {
        guest: dir.guest.clone(),
        writable: dir.writable,
    }));
    for (table, key) in offer.keys() {
        let names = key.asked(manifest, asking.interfaces);
        items.extend(names.iter().map(|name| item(table, key, name)));
    }
    let quotas = offer.quotas().iter().filter_map(|quota| {
        let needed = manifest.quotas.of(&quota.quota.name)?;
        Some(Item::Quota(quota.quota.clone(), needed))
    });
    items.extend(quotas);
    items
}

/// A name under a capability's key, as an item that can be granted.
pub(super) fn item(table: &Table, key: &GrantKey, name: &str) -> Item {
    let interfaces = table.interfaces.iter();
    Item::Named {
        key: key.name.to_owned(),
        name: name.to_owned(),
        what: key.what(name).to_owned(),
        value: (key.pasted)(name).to_owned(),
        interfaces: interfaces
            .map(|interface| interface.path.to_owned())
            .collect(),
    }
}
