//! The targets, one in each file.

pub(crate) mod ai;
pub(crate) mod component;
pub(crate) mod events;
pub(crate) mod ledger;
pub(crate) mod manifest;
pub(crate) mod policy;
pub(crate) mod smith;
pub(crate) mod sql;
pub(crate) mod streams;
pub(crate) mod text;
pub(crate) mod values;
