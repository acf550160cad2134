//! Which micro-app a report is about.

use std::sync::Arc;

/// Which micro-app ran. Shared by all its reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The component's own name.
    pub name: Option<Arc<str>>,
    /// The component's own version.
    pub version: Option<Arc<str>>,
    /// SHA-256 of the component, in lower-case hexadecimal.
    pub digest: Arc<str>,
}
