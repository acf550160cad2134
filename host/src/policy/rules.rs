//! A policy as it was read: its sections, and which of them apply to a micro-app.

use std::cmp::Reverse;

use fractalaw_provenance::Wanted;
use fractalaw_report::{App, PolicyId};

use super::section::Section;
use super::selector::Selector;
use crate::error::HostError;
use crate::offer::folder::{Held, Overlap, overlap};
use crate::offer::offered::Offer;
use crate::offer::starting::GrantedName;

/// What a host grants to which micro-apps. Everything that it does not name is denied.
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

    fn all_sections(&self) -> impl Iterator<Item = &Section> {
        let groups = self.groups.iter().map(|group| &group.section);
        let apps = self.apps.iter().map(|(_, section)| section);
        self.all.iter().chain(groups).chain(apps)
    }

    /// All folders in the policy, open.
    pub(crate) fn folders(&self) -> Vec<&Held> {
        self.all_sections().flat_map(Section::folders).collect()
    }

    /// All names of the section under the keys of capabilities.
    pub(crate) fn granted_names(&self, offer: &Offer) -> Vec<GrantedName> {
        let sections = self.all_sections();
        sections
            .flat_map(|section| section.granted_names(offer))
            .collect()
    }

    /// Opens the folders that are not open yet, and checks that no folder that is granted for writing overlaps
    /// with another. A folder that cannot be opened fails only the runs that it is granted to.
    pub(crate) fn check_folders(&mut self) -> Result<(), HostError> {
        self.open_folders();
        let folders = self.folders();
        match overlap(&folders, &[]) {
            Some(Overlap { writable, other }) => Err(HostError::GrantsOverlap { writable, other }),
            None => Ok(()),
        }
    }

    /// The identity of the policy.
    pub fn id(&self) -> &PolicyId {
        &self.id
    }

    /// The other builds of a micro-app that the policy names, as `NAME@DIGEST`, if it does not name this build.
    /// Their grants do not apply to this build, which somebody who has rebuilt the component may want to know.
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

    /// Whether it requires signatures of any micro-app.
    pub(crate) fn requires_signatures(&self) -> bool {
        self.all_sections()
            .any(|section| section.signed_by.is_some())
    }

    /// The keys of which one must have signed this micro-app. The most specific section that names any decides.
    pub(crate) fn signed_by(&self, app: &App) -> Option<&[Wanted]> {
        let mut sections = self.sections(app).into_iter();
        sections.find_map(|(_, section)| section.signed_by.as_deref())
    }

    /// The sections that apply to a micro-app, with their names. The most specific comes first: by digest, by
    /// name, by groups in the order of their names, and then the section for all.
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
