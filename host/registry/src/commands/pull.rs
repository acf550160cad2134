//! `fractalaw pull`.

use std::fs;
use std::path::PathBuf;

use fractalaw_folders::make_folder;
use fractalaw_manifest::terminal::one_line;
use fractalaw_provenance::{
    LOCK_FILE, Lock, LockError, Locked, Signatures, Subject, Wanted, beside, check_name,
};

use super::files::{own_signatures, write};
use crate::artifact::{self, Found};
use crate::component::Component;
use crate::fault::Fault;
use crate::layout::Layout;
use crate::reference::{Pick, Place, Reference};
use crate::remote::Remote;
use crate::store::Store;
use crate::turn::Turn;

/// How to pull.
pub(super) struct Pulling {
    pub(super) folder: PathBuf,
    pub(super) update: bool,
    /// The keys of which one must have signed what is pulled.
    pub(super) wanted: Vec<Wanted>,
    pub(super) insecure: bool,
}

/// What was pulled and verified, before any of it is written.
struct Pulled {
    name: String,
    locked: Locked,
    component: Component,
    signatures: Signatures,
}

impl Pulling {
    /// Pulls what a reference names, and pins it.
    pub(super) fn one(&self, reference: &Reference, name: Option<&str>) -> Result<String, Fault> {
        let reference = &reference.clone().absolute();
        let name = name.or_else(|| reference.name()).unwrap_or_default();
        if !check_name(name) {
            return Err(Fault::usage(
                format!(
                    "`{name}` is no name of an app, expected lower-case letters, digits, `.`, `_` and `-`"
                ),
                "give the app a name with `--name`",
            ));
        }
        let lock = self.lock()?;
        let store = self.store(reference)?;
        let found = artifact::find(&*store, reference, reference.pick())?;
        // Checked at once, so that nothing is pulled in vain.
        self.pinned(&lock, name, reference, &found)?;
        let mut pulled = self.verified(&*store, reference, &found, name)?;
        make_folder(&self.folder).map_err(|error| {
            Fault::failed(
                format!("could not make `{}`: {error}", self.folder.display()),
                "name a folder that you can write to",
            )
        })?;
        // Another process may have pinned something meanwhile, so the lock is read again.
        let _turn = Turn::take(&self.folder)?;
        let mut lock = self.lock()?;
        if let Some(pinned) = self.pinned(&lock, name, reference, &found)? {
            // The same artifact may come from elsewhere, such as a folder that was carried here.
            pulled.locked = pinned;
        }
        let file = self.file(name);
        if !lock.apps.contains_key(name) && !self.update && file.exists() {
            let there = Component::read(&file)
                .ok()
                .map(|component| component.digest);
            if there.as_ref() != Some(&pulled.component.digest) {
                return Err(Fault::refused(
                    format!(
                        "`{}` exists, and `{LOCK_FILE}` does not pin it",
                        file.display()
                    ),
                    "move it away, give the app another name with `--name`, or replace the file with `--update`",
                ));
            }
        }
        lock.apps.insert(name.to_owned(), pulled.locked.clone());
        self.write(Some(&lock), pulled)
    }

    /// Pulls everything that is pinned, by digest.
    pub(super) fn all(&self) -> Result<String, Fault> {
        let lock = self.lock()?;
        if lock.apps.is_empty() {
            return Err(Fault::usage(
                format!(
                    "nothing is pinned: `{}` has no `{LOCK_FILE}`",
                    self.folder.display()
                ),
                "name what to pull: `fractalaw pull REFERENCE`",
            ));
        }
        let mut text = String::new();
        for (name, pinned) in &lock.apps {
            let reference: Reference = pinned.reference.parse()?;
            let store = self.store(&reference)?;
            let found = artifact::find(&*store, &reference, Pick::Digest(&pinned.manifest))?;
            let pulled = self.verified(&*store, &reference, &found, name)?;
            // The manifest names the component, so this differs only if somebody changed the lock.
            if pulled.locked != *pinned {
                return Err(Fault::refused(
                    format!(
                        "`{LOCK_FILE}` pins `{name}` to a component that is not that of its manifest"
                    ),
                    "take the file from where you keep its history",
                ));
            }
            let _turn = Turn::take(&self.folder)?;
            if self.lock()?.apps.get(name) != Some(pinned) {
                return Err(Fault::refused(
                    format!("another process has pinned `{name}` anew, or no longer"),
                    format!("pull again: `{LOCK_FILE}` says what is pinned now"),
                ));
            }
            text += &self.write(None, pulled)?;
        }
        Ok(text)
    }

    /// What is pinned at this moment.
    fn lock(&self) -> Result<Lock, Fault> {
        let lock = Lock::read(&self.folder).map_err(|error| unusable(&error))?;
        Ok(lock.unwrap_or_default())
    }

    /// The pin of an app, if there is one and it counts. Checks that the reference leads to it.
    fn pinned(
        &self,
        lock: &Lock,
        name: &str,
        reference: &Reference,
        found: &Found,
    ) -> Result<Option<Locked>, Fault> {
        let pinned = lock.apps.get(name).filter(|_| !self.update);
        if let Some(pinned) = pinned {
            is_pinned(name, reference, found, pinned)?;
        }
        Ok(pinned.cloned())
    }

    fn store(&self, reference: &Reference) -> Result<Box<dyn Store>, Fault> {
        Ok(match &reference.place {
            Place::Registry(repository) => Box::new(Remote::new(repository, self.insecure)?),
            Place::Layout(folder) => Box::new(Layout::open(folder)?),
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.wasm"))
    }

    fn verified(
        &self,
        store: &dyn Store,
        reference: &Reference,
        found: &Found,
        name: &str,
    ) -> Result<Pulled, Fault> {
        let component = artifact::pull(store, reference, found)?;
        let signatures = artifact::pull_signatures(store, found, &component.digest)?;
        if !self.wanted.is_empty() {
            let subject = Subject {
                name: component.name.clone(),
                digest: component.digest.clone(),
            };
            let checked = signatures.check(&subject, &self.wanted);
            checked.map_err(|missing| {
                Fault::refused(format!("`{name}`: {missing}"), missing.hint())
            })?;
        }
        Ok(Pulled {
            name: name.to_owned(),
            locked: Locked {
                reference: reference.to_string(),
                manifest: found.digest.clone(),
                component: component.digest.clone(),
                bytes: component.bytes.len() as u64,
            },
            component,
            signatures,
        })
    }

    /// Writes what was pulled, and the lock if it changed. The component comes last, so that a supervisor that sees it finds
    /// the rest.
    fn write(&self, lock: Option<&Lock>, pulled: Pulled) -> Result<String, Fault> {
        let Pulled {
            name,
            locked,
            component,
            signatures: pulled,
        } = pulled;
        let file = self.file(&name);
        // What somebody signed here stays. If there is no room for all, those that were required come first.
        let (own, aside) = own_signatures(&file)?;
        let mut signatures = pulled.clone().by(&self.wanted);
        signatures.add(own.about(&component.digest));
        signatures.add(pulled);
        let (signatures, left_out) = signatures.fitting();
        match signatures.is_empty() {
            true => {
                // Those of another component would only confuse. There may be none.
                let _ = fs::remove_file(beside(&file));
            }
            false => write(beside(&file), signatures.text().as_bytes())?,
        }
        if let Some(lock) = lock {
            lock.write(&self.folder).map_err(|error| unusable(&error))?;
        }
        write(file, &component.bytes)?;
        let Locked {
            reference, bytes, ..
        } = locked;
        let mut text = format!(
            "{name}: {}, {bytes} bytes, from {reference}",
            component.digest
        );
        for (signer, key) in signatures.claims() {
            text += &format!("; signed by {signer} with {key}");
        }
        if !signatures.is_empty() && self.wanted.is_empty() {
            text += ", not verified here";
        }
        if left_out > 0 {
            text += &format!("; {left_out} more signatures have no room in a file");
        }
        if let Some(aside) = aside {
            text += &format!(
                "; what was in the place of the signatures is in `{}` now",
                aside.display()
            );
        }
        Ok(format!("{}\n", one_line(&text)))
    }
}

/// Checks that a reference leads to what is pinned.
fn is_pinned(
    name: &str,
    reference: &Reference,
    found: &Found,
    pinned: &Locked,
) -> Result<(), Fault> {
    let (now, then) = (&found.digest, &pinned.manifest);
    if now == then {
        return Ok(());
    }
    match pinned.reference == reference.to_string() {
        true => Err(Fault::refused(
            format!("`{reference}` was moved: it is {now} now, and `{LOCK_FILE}` pins {then}"),
            "ask who moved it; `--update` pins what is there now, and `fractalaw pull` without a reference gets what is pinned",
        )),
        false => Err(Fault::refused(
            format!(
                "`{name}` is pinned to `{}`, and `{reference}` is another artifact",
                pinned.reference
            ),
            "pin this one with `--update`, or give it another name with `--name`",
        )),
    }
}

fn unusable(error: &LockError) -> Fault {
    Fault::usage(error.to_string(), error.hint())
}
