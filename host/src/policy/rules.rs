//! A policy as it was read: its sections, and which of them are about a micro-app.

use std::cmp::Reverse;

use fractalaw_report::{App, PolicyId};

use super::section::Section;
use super::selector::Selector;
use crate::error::HostError;
use crate::offer::folder::{Held, Overlap, overlap};

/// What a host grants to which micro-apps. Whatever it does not name is denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub(super) id: PolicyId,
    pub(super) all: Option<Section>,
    pub(super) groups: Vec<Group>,
    pub(super) apps: Vec<(Selector, Section)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) apps: Vec<Selector>,
    pub(super) section: Section,
}

impl Policy {
    pub(super) fn open_folders(&mut self) {
        let groups = self.groups.iter_mut().map(|group| &mut group.section);
        let apps = self.apps.iter_mut().map(|(_, section)| section);
        for section in self.all.iter_mut().chain(groups).chain(apps) {
            section.open_folders();
        }
    }

    /// All folders that it names, open.
    pub(crate) fn folders(&self) -> Vec<&Held> {
        let groups = self.groups.iter().map(|group| &group.section);
        let apps = self.apps.iter().map(|(_, section)| section);
        let sections = self.all.iter().chain(groups).chain(apps);
        sections.flat_map(Section::folders).collect()
    }

    /// Opens the folders that are not open yet, and holds those that are granted for writing apart from all others.
    /// One that cannot be opened fails the runs that it is granted to, and no others.
    pub(crate) fn check_folders(&mut self) -> Result<(), HostError> {
        self.open_folders();
        let folders = self.folders();
        match overlap(&folders, &[]) {
            Some(Overlap { writable, other }) => Err(HostError::GrantsOverlap { writable, other }),
            None => Ok(()),
        }
    }

    /// Which one it is.
    pub fn id(&self) -> &PolicyId {
        &self.id
    }

    /// Other builds of a micro-app that the policy names, as `NAME@DIGEST`, if it does not name this build. What it
    /// grants to them holds for this build no longer, which whoever has rebuilt the component may want to know.
    pub fn other_builds(&self, app: &App) -> Vec<String> {
        let apps = self.apps.iter().map(|(selector, _)| selector);
        let groups = self.groups.iter().flat_map(|group| &group.apps);
        let builds = apps.chain(groups).filter(|named| named.digest.is_some());
        let mut others = Vec::new();
        for build in builds {
            if build.is_of(app) {
                return Vec::new();
            }
            if build.name.is_some() && build.name.as_deref() == app.name.as_deref() {
                others.push(build.to_string());
            }
        }
        others
    }

    /// The sections that are about a micro-app, with their names, the most particular first: that of its
    /// digest, that of its name, its groups by their names, and the one for all.
    pub(crate) fn sections(&self, app: &App) -> Vec<(String, &Section)> {
        let mut apps: Vec<_> = self
            .apps
            .iter()
            .filter(|(selector, _)| selector.is_of(app))
            .collect();
        apps.sort_by_key(|(selector, _)| {
            Reverse((selector.digest.is_some(), selector.name.is_some()))
        });
        let apps = apps
            .into_iter()
            .map(|(selector, section)| (format!("apps.{selector}"), section));
        let groups = self
            .groups
            .iter()
            .filter(|group| group.apps.iter().any(|selector| selector.is_of(app)))
            .map(|group| (format!("groups.{}", group.name), &group.section));
        let all = self.all.iter().map(|section| ("all".to_owned(), section));
        apps.chain(groups).chain(all).collect()
    }
}
