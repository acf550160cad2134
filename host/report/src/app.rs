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

impl App {
    /// The same texts in memory of their own, so that threads that clone the one do not wait for those that clone the other.
    pub fn deep_clone(&self) -> App {
        let copy = |text: &Arc<str>| Arc::from(&**text);
        App {
            name: self.name.as_ref().map(copy),
            version: self.version.as_ref().map(copy),
            digest: copy(&self.digest),
        }
    }
}
