//! The micro-app that a report is about.

use std::sync::Arc;

/// Identifies a micro-app. All its reports share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The name that the component gives itself.
    pub name: Option<Arc<str>>,
    /// The version that the component gives itself.
    pub version: Option<Arc<str>>,
    /// The SHA-256 of the component, in lower-case hexadecimal.
    pub digest: Arc<str>,
}
