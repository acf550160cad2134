//! The micro-apps that can be run, and which events they are subscribed to.

use std::collections::{BTreeMap, BTreeSet};

/// What an app does with deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct App {
    /// The event types that it is subscribed to, and for each the sources, or `None` for any source.
    pub on: BTreeMap<String, Option<BTreeSet<String>>>,
    /// The most runs at a time. With 1 it gets its deliveries in the order in which they came. With 0 it gets none.
    pub concurrency: u32,
    /// How often a delivery is tried, if it is not [`ATTEMPTS`](crate::limits::ATTEMPTS).
    pub attempts: Option<u32>,
}

impl App {
    /// An app with this many runs at a time and no subscriptions.
    pub fn new(concurrency: u32) -> App {
        App {
            concurrency,
            ..App::default()
        }
    }

    /// Subscribes it to all events of a type.
    #[must_use]
    pub fn on(mut self, event_type: &str) -> App {
        self.on.insert(event_type.to_owned(), None);
        self
    }

    /// Subscribes it to the events of a type that come from these sources.
    #[must_use]
    pub fn on_from(mut self, event_type: &str, sources: &[&str]) -> App {
        let sources = sources.iter().map(|&source| source.to_owned()).collect();
        self.on.insert(event_type.to_owned(), Some(sources));
        self
    }

    fn wants(&self, event_type: &str, source: &str) -> bool {
        match self.on.get(event_type) {
            Some(Some(sources)) => sources.contains(source),
            Some(None) => true,
            None => false,
        }
    }
}

/// All apps by name. What is waiting for an app that is not among them waits until it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apps(pub BTreeMap<String, App>);

impl Apps {
    /// Adds an app.
    #[must_use]
    pub fn with(mut self, name: &str, app: App) -> Apps {
        self.0.insert(name.to_owned(), app);
        self
    }

    /// The apps that get an event, in the order of their names.
    pub fn subscribers(&self, event_type: &str, source: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(_, app)| app.wants(event_type, source))
            .map(|(name, _)| &**name)
    }
}
