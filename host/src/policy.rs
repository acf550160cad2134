//! The policy: what a host grants to which micro-apps. `POLICY.md` describes the file; reading it is in
//! `policy/`, holding it against what a micro-app asks for in `decision`.

pub(crate) mod asking;
pub(crate) mod own_files;
mod said;
mod section;

mod check;
mod read;

pub(crate) mod decision;

pub use crate::error::PolicyError;
pub(crate) use section::Args;
pub use section::Section;

use std::io::Read;
use std::path::Path;

use fractalaw_report::{App, PolicyId};

use crate::digest::sha256;
use crate::error::HostError;
use crate::limits::POLICY_BYTES;
use crate::offer::folder::{Held, Overlap, overlap};
use crate::regular_file;

/// What a host grants to which micro-apps. Whatever it does not name is denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    id: PolicyId,
    all: Option<Section>,
    groups: Vec<Group>,
    apps: Vec<(Selector, Section)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: String,
    apps: Vec<Selector>,
    section: Section,
}

/// Which micro-apps a section is about: `name`, `name@digest` or `@digest`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selector {
    name: Option<String>,
    /// SHA-256 of the component, all of it: another component with the same first digits is soon made.
    digest: Option<String>,
}

/// Hexadecimal digits of a SHA-256.
const DIGITS: usize = 64;

impl Selector {
    fn parse(text: &str) -> Option<Selector> {
        let (name, digest) = match text.rsplit_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let whole = |digest: &str| digest.len() == DIGITS && are_digits(digest);
        if digest.is_some_and(|digest| !whole(digest)) || (name.is_empty() && digest.is_none()) {
            return None;
        }
        Some(Selector {
            name: (!name.is_empty()).then(|| name.to_owned()),
            digest: digest.map(str::to_owned),
        })
    }

    /// How many digits of a digest a text has that has too few.
    fn digits_given(text: &str) -> Option<usize> {
        let (_, digits) = text.rsplit_once('@')?;
        let is_part =
            (1..DIGITS).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_hexdigit());
        is_part.then_some(digits.len())
    }

    fn is_of(&self, app: &App) -> bool {
        let (name, digest) = (self.name.as_deref(), self.digest.as_deref());
        name.is_none_or(|name| app.name.as_deref() == Some(name))
            && digest.is_none_or(|digest| *app.digest == *digest)
    }
}

fn are_digits(text: &str) -> bool {
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    text.bytes().all(hex)
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or_default())?;
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl Policy {
    /// Reads a policy file. Folders in it that are not absolute are meant from where it stands, and are opened now:
    /// what their names lead to later is not what was granted.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or says what a policy cannot say: with the line, and what to do. A folder that cannot be
    /// opened is an error of the runs that it is granted to.
    pub fn load(path: impl AsRef<Path>) -> Result<Policy, PolicyError> {
        let path = path.as_ref();
        let failed = |error| PolicyError::unreadable(path, &error);
        let mut text = String::new();
        let file = regular_file::open(path).map_err(failed)?;
        let file = file.ok_or_else(|| PolicyError::not_a_file(path))?;
        file.take(POLICY_BYTES as u64 + 1)
            .read_to_string(&mut text)
            .map_err(failed)?;
        if text.len() > POLICY_BYTES {
            return Err(PolicyError::too_large(path));
        }
        let mut policy = Policy::parse(path, &text)?;
        policy.open_folders();
        Ok(policy)
    }

    /// Reads the text of a policy that stands, or could stand, at this path. Its folders are opened when a host is
    /// built with it.
    ///
    /// # Errors
    ///
    /// As [`Policy::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Policy, PolicyError> {
        let mut policy = read::policy(path, text)?;
        policy.id = PolicyId {
            path: path.to_owned(),
            sha256: sha256(text.as_bytes()),
        };
        Ok(policy)
    }

    fn open_folders(&mut self) {
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
            std::cmp::Reverse((selector.digest.is_some(), selector.name.is_some()))
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
