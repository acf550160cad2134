//! Records as JSON, which is what the `detail` of the host's and the ledger's own entries holds.

use serde::Serialize;

/// One line. Texts and numbers under fixed names: nothing in them cannot be written.
pub(crate) fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("records have text keys only")
}
