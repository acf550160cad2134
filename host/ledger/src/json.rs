//! Records as JSON, for the `detail` of the host's and the ledger's own entries.

use serde::Serialize;

/// One line. These are texts and numbers under fixed names, so serializing them cannot fail.
pub(crate) fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("records have text keys only")
}
