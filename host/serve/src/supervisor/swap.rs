//! Another version of an app takes the place of the one that runs, while runs go on.
//!
//! The new file is copied, compiled beside, judged by the policy and, where that is configured, run once. Whatever fails
//! there leaves the old version in its place. Runs that go on end on the version that they began with.

use std::convert::Infallible;
use std::sync::Arc;

use fractalaw_events::Events;
use fractalaw_host::MicroApp;

use super::not_taken::NotTaken;
use super::shared::{Inner, Supervisor};
use crate::apps::Loaded;
use crate::blocking::blocking;
use crate::components::{self, Looks};
use crate::config::Swap;
use crate::desk::no_app;
use crate::error::ServeError;
use crate::journal::chain;
use crate::notes;
use crate::state::{self, Known};
use crate::trial::Trial;

/// Why a version takes the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// Its file is new.
    New,
    /// The version before it is bad.
    Bad,
    /// A person asked for it.
    Asked,
}

impl Why {
    fn name(self) -> &'static str {
        match self {
            Why::New => "file",
            Why::Bad => "rolled-back",
            Why::Asked => "rolled-back-by-hand",
        }
    }
}

/// A version that may run.
struct Candidate {
    digest: String,
    app: MicroApp,
    known: Known,
}

impl Supervisor {
    /// Takes the version in the file of an app, also one that was bad, or if the app is pinned.
    ///
    /// # Errors
    ///
    /// If there is no such app, or if the version is not taken: then the old one runs on.
    pub async fn reload(&self, name: &str) -> Result<(), ServeError> {
        let source = self.source(name)?;
        self.take(name, components::look(&source), true).await;
        let apps = self.0.apps();
        match apps.by_name.get(name).and_then(|app| app.note.clone()) {
            Some(note) => Err(ServeError::asked(note)),
            None => Ok(()),
        }
    }

    fn source(&self, name: &str) -> Result<std::path::PathBuf, ServeError> {
        let apps = self.0.apps();
        match apps.by_name.get(name) {
            Some(app) => Ok(app.config.source.clone()),
            None => Err(no_app(name)),
        }
    }

    /// Puts the version before this one back. The version that runs is not taken again by itself.
    ///
    /// # Errors
    ///
    /// If there is no such app or no version before this one, or if that version may no longer run.
    pub async fn roll_back(&self, name: &str) -> Result<(), ServeError> {
        self.source(name)?;
        self.put_back(name, Why::Asked, None)
            .await
            .map_err(ServeError::asked)
    }

    /// Keeps the version that runs, or lets new versions be taken again.
    ///
    /// # Errors
    ///
    /// If there is no such app, or if it cannot be written.
    pub async fn pin(&self, name: &str, pinned: bool) -> Result<(), ServeError> {
        self.source(name)?;
        let _swapping = self.0.swapping.lock().await;
        let mut state = self.0.apps().state.clone();
        state.apps.entry(name.to_owned()).or_default().pinned = pinned;
        // What cannot be written does not count either.
        let (written, folder) = (state.clone(), self.0.folder.clone());
        blocking(move || written.write(&folder)).await?;
        let mut apps = self.0.apps();
        apps.state = state;
        if let Some(app) = apps.by_name.get_mut(name) {
            app.looks = None;
        }
        Ok(())
    }

    /// Writes down how many of the first runs there were, so that a start goes on counting.
    pub(super) async fn keep_trial(&self, name: &str) {
        let _swapping = self.0.swapping.lock().await;
        {
            let mut apps = self.0.apps();
            let trial = apps.by_name.get(name).and_then(|app| app.trial);
            match apps.state.apps.get_mut(name) {
                // Another run wrote it down as well, or another version runs.
                Some(standing) if standing.trial != trial => standing.trial = trial,
                _ => return,
            }
        }
        if let Err(error) = self.0.write_state().await {
            tracing::error!("cannot write down how `{name}` began: {}", chain(&error));
        }
    }

    /// Three of the first five runs ended badly.
    pub(super) async fn roll_back_bad(&self, name: &str, digest: &str) {
        if let Err(note) = self.put_back(name, Why::Bad, Some(digest)).await {
            // It may be tried each second.
            if self.0.note(name, Some(note.clone())) {
                tracing::warn!("`{name}` is bad, and is not rolled back: {note}");
            }
        }
    }

    /// Puts the version before back, if this one still runs.
    async fn put_back(&self, name: &str, why: Why, bad: Option<&str>) -> Result<(), String> {
        let _swapping = self.0.swapping.lock().await;
        let (current, previous) = {
            let apps = self.0.apps();
            let standing = apps.standing(name).cloned().unwrap_or_default();
            let current = standing.current.map(|current| current.digest);
            (current, standing.previous)
        };
        let current = current.ok_or("nothing runs")?;
        if bad.is_some_and(|bad| bad != current) {
            return Ok(());
        }
        let previous = previous.ok_or("there is no version before it")?;
        let candidate = self.0.judge(previous).await?;
        let switched = self.switch(name, candidate, why).await;
        if switched.is_err()
            && let Some(app) = self.0.apps().by_name.get_mut(name)
        {
            // The disk may work again, and then the bad version must not stay.
            app.bad = bad.map(str::to_owned);
        }
        switched
    }

    /// Takes the version in a file, if it is another and may run. What comes of it is in the note.
    pub(super) async fn take(&self, name: &str, looks: Option<Looks>, asked: bool) {
        let _swapping = self.0.swapping.lock().await;
        let Ok(source) = self.source(name) else {
            return;
        };
        if let Some(app) = self.0.apps().by_name.get_mut(name) {
            app.looks = looks;
        }
        let taken = match looks {
            Some(_) => self.take_from(name, &source, asked).await,
            None => Err(NotTaken::Standing(format!(
                "`{}` does not exist",
                source.display()
            ))),
        };
        let passes = matches!(taken, Err(NotTaken::Passing(_)));
        let note = taken.err().map(NotTaken::told);
        if passes && let Some(app) = self.0.apps().by_name.get_mut(name) {
            // It may go well the next time, although the file is the same.
            app.looks = None;
        }
        if note.is_some() && looks.is_some() {
            // The copy of what is not taken is of no use. It is copied again if it is asked for.
            let inner = Arc::clone(&self.0);
            let forgotten = blocking(move || {
                inner.forget_components();
                Ok::<_, Infallible>(())
            });
            let Ok(()) = forgotten.await;
        }
        // A file that is missing is looked at each second, and is told of once.
        if self.0.note(name, note.clone())
            && let Some(note) = note
        {
            tracing::warn!("`{name}` is not swapped: {note}");
        }
    }

    async fn take_from(
        &self,
        name: &str,
        source: &std::path::Path,
        asked: bool,
    ) -> Result<(), NotTaken> {
        let (folder, file) = (self.0.folder.clone(), source.to_owned());
        let digest = blocking(move || components::keep(&folder, &file)).await;
        // The disk may be full, or `apps.lock` may be written after the file.
        let digest = digest.map_err(|error| NotTaken::Passing(chain(&error)))?;
        {
            let apps = self.0.apps();
            let standing = apps.standing(name).cloned().unwrap_or_default();
            let is_current = standing
                .current
                .is_some_and(|current| current.digest == digest);
            let loaded = apps.by_name.get(name).and_then(|app| app.loaded.as_ref());
            if let Some(loaded) = loaded.filter(|_| is_current) {
                // It runs on, also if the policy grants it less by now.
                let judged = self.0.standing(&loaded.app);
                let (_, missing) = judged.map_err(|error| chain(&error))?;
                return missing.map_or(Ok(()), |missing| Err(NotTaken::Standing(missing)));
            }
            if !asked && standing.bad.contains(&digest) {
                let why = format!("{digest} is bad; `fractalaw apps reload {name}` takes it");
                return Err(NotTaken::Standing(why));
            }
            // The version that ran is loaded again if its copy was damaged.
            if !asked && standing.pinned && !is_current {
                let why =
                    format!("the app is pinned; `fractalaw apps reload {name}` takes {digest}");
                return Err(NotTaken::Standing(why));
            }
        }
        let candidate = self.0.judge(digest).await?;
        let check = self
            .0
            .config
            .apps
            .get(name)
            .and_then(|app| app.check.clone());
        if let Some(check) = check {
            self.0
                .check(&candidate.digest, &candidate.app, &check)
                .await?;
        }
        let switched = self.switch(name, candidate, Why::New).await;
        switched.map_err(NotTaken::Passing)
    }

    /// From here on, new runs get this version. If it fails, the old one goes on.
    async fn switch(&self, name: &str, candidate: Candidate, why: Why) -> Result<(), String> {
        let switched = self.switch_to(name, candidate, why).await;
        if switched.is_err() {
            if let Some(app) = self.0.apps().by_name.get_mut(name) {
                app.drains = false;
            }
            let inner = Arc::clone(&self.0);
            // If even this fails, the engine's thread has ended, and nothing runs any more.
            let _ = blocking(move || inner.tell_engine()).await;
        }
        switched
    }

    /// The version is on disk before it counts.
    async fn switch_to(&self, name: &str, candidate: Candidate, why: Why) -> Result<(), String> {
        let inner = &*self.0;
        let told = |error: ServeError| chain(&error);
        if inner
            .config
            .apps
            .get(name)
            .is_some_and(|app| app.swap == Swap::Drain)
        {
            self.drain(name, &candidate.digest).await.map_err(told)?;
        }
        let Candidate { digest, app, known } = candidate;
        let ledger = inner.desk.ledger.clone();
        let entries = blocking(move || Ok::<_, ServeError>(notes::entries(&ledger)?)).await;
        let entries = entries.map_err(told)?;
        let mut state = inner.apps().state.clone();
        let standing = state.apps.entry(name.to_owned()).or_default();
        let before = standing.current.replace(known).map(|known| known.digest);
        let before = before.filter(|before| *before != digest);
        standing.bad.remove(&digest);
        standing.trial = (why == Why::New && before.is_some()).then(Trial::default);
        let trial = standing.trial;
        match (why, &before) {
            (Why::New, None) => {}
            (Why::New, Some(_)) => standing.previous.clone_from(&before),
            (Why::Bad | Why::Asked, _) => {
                standing.previous = None;
                standing.bad.extend(before.clone());
            }
        }
        // From its writing on, the swap counts, and what is still to be done for it is not forgotten.
        standing.swaps.push(state::Swap {
            from: before,
            to: digest.clone(),
            why: why.name().to_owned(),
            entries,
        });
        let (written, folder) = (state.clone(), inner.folder.clone());
        let written = blocking(move || written.write(&folder)).await;
        written.map_err(told)?;
        {
            let mut apps = inner.apps();
            apps.state = state;
            if let Some(of) = apps.by_name.get_mut(name) {
                of.loaded = Some(Loaded {
                    digest: digest.as_str().into(),
                    app,
                });
                of.trial = trial;
                of.bad = None;
                of.drains = false;
                of.note = None;
            }
        }
        inner.metrics.swapped(name);
        tracing::info!("`{name}` runs {digest}: {}", why.name());
        self.finish_swaps().await;
        Ok(())
    }

    /// Lets no run begin, and waits until those of other versions have ended.
    async fn drain(&self, name: &str, digest: &str) -> Result<(), ServeError> {
        let inner = &*self.0;
        let mut ended = self.ended();
        if let Some(app) = inner.apps().by_name.get_mut(name) {
            app.drains = true;
        }
        let told = Arc::clone(&self.0);
        blocking(move || told.tell_engine()).await?;
        loop {
            ended.borrow_and_update();
            let others = {
                let apps = inner.apps();
                let app = apps.by_name.get(name);
                app.map_or(0, |app| app.others_running(digest))
            };
            if others == 0 || ended.changed().await.is_err() {
                return Ok(());
            }
        }
    }
}

impl Inner {
    /// Removes the copies of components that do not run and did not run before.
    pub(super) fn forget_components(&self) {
        let state = self.apps().state.clone();
        components::forget_others(&self.folder, |digest| state.has(digest));
    }

    /// Returns whether the note was another one before.
    fn note(&self, name: &str, note: Option<String>) -> bool {
        match self.apps().by_name.get_mut(name) {
            Some(app) if app.note != note => {
                app.note = note;
                true
            }
            _ => false,
        }
    }

    async fn write_state(&self) -> Result<(), ServeError> {
        let (state, folder) = (self.apps().state.clone(), self.folder.clone());
        blocking(move || state.write(&folder)).await
    }

    /// Loads a version and judges it by the policy.
    async fn judge(&self, digest: String) -> Result<Candidate, String> {
        let (host, folder, of) = (self.host.clone(), self.folder.clone(), digest.clone());
        let app = blocking(move || components::load(&host, &folder, &of)).await?;
        let bad_policy = |error: fractalaw_host::PolicyError| error.to_string();
        let judged = self.host.judge(&app, &self.run).map_err(bad_policy)?;
        if let Some(missing) = judged.missing {
            return Err(format!(
                "{digest} asks for more than it is granted: {missing}"
            ));
        }
        let on = Events::subscriptions(&self.host, &app, &self.run).map_err(bad_policy)?;
        let version = app.version().map(str::to_owned);
        let known = Known {
            digest: digest.clone(),
            version,
            on,
        };
        Ok(Candidate { digest, app, known })
    }
}
