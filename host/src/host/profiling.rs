//! Runs that are measured: which function used which fuel, and which instructions ran.

use std::path::Path;

use fractalaw_report::{Coverage, Profile};

use super::Host;
use crate::error::LoadError;
use crate::load::papers::Papers;
use crate::load::reading::on_its_stack;
use crate::load::source::Source;
use crate::policy::asking::Asking;
use crate::profile::{self, Hooked, ProfileError, ProfiledApp};
use crate::run::Run;

impl Host {
    /// Loads a component as [`Host::load`] does, and its twin with hooks for profiling.
    ///
    /// # Errors
    ///
    /// If the component is refused, or its functions cannot be followed.
    pub fn load_profiled(&self, bytes: &[u8]) -> Result<ProfiledApp, ProfileError> {
        self.load_profiled_source(|| Ok(Source::Bytes(bytes, Papers::Nowhere)))
    }

    /// Loads a file as [`Host::load_profiled`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Host::load_profiled`], and if the file cannot be read.
    pub fn load_profiled_file(&self, path: impl AsRef<Path>) -> Result<ProfiledApp, ProfileError> {
        let path = path.as_ref();
        self.load_profiled_source(|| Source::open(path))
    }

    fn load_profiled_source<'a>(
        &self,
        source: impl FnOnce() -> Result<Source<'a>, LoadError> + Send,
    ) -> Result<ProfiledApp, ProfileError> {
        let (loader, hooked) = (&*self.0.loader, Hooked::Functions);
        on_its_stack(|| Ok::<_, LoadError>(ProfiledApp::load(loader, source()?, hooked)))?
    }

    /// Runs a micro-app and says which of its functions used how much fuel, to the unit. Grants are decided as for any
    /// run. The ledger does not record a measurement.
    ///
    /// The micro-app runs as with [`Host::run`]. Then its twin runs with the same limits except for the deadline: once,
    /// or up to three times if it runs out of fuel. The twin's run is compared with the micro-app's. They are the same if
    /// the run is deterministic and writes to no folder.
    ///
    /// # Errors
    ///
    /// Those of [`Host::run`], and if the outcome is one whose fuel does not repeat, or if the two runs differ.
    pub async fn profile(&self, app: &ProfiledApp, run: &Run) -> Result<Profile, ProfileError> {
        let decide = |asking: Asking<'_>, run: &Run| self.decide(asking, run);
        profile::profile(|| self.parts(), decide, app, run).await
    }

    /// Loads a component as [`Host::load_profiled`] does. Each block of instructions has a hook too.
    ///
    /// # Errors
    ///
    /// Those of [`Host::load_profiled`].
    pub fn load_covered(&self, bytes: &[u8]) -> Result<ProfiledApp, ProfileError> {
        let loader = &*self.0.loader;
        on_its_stack(|| {
            let source = Source::Bytes(bytes, Papers::Nowhere);
            Ok::<_, LoadError>(ProfiledApp::load(loader, source, Hooked::Blocks))
        })?
    }

    /// Runs a micro-app that was loaded with [`Host::load_covered`], and says which of its instructions ran. Its twin runs as
    /// `again` says, which is the same run with folders of its own, if the run writes to folders.
    ///
    /// # Errors
    ///
    /// Those of [`Host::profile`].
    pub async fn coverage(
        &self,
        app: &ProfiledApp,
        run: &Run,
        again: &Run,
    ) -> Result<Coverage, ProfileError> {
        let decide = |asking: Asking<'_>, run: &Run| self.decide(asking, run);
        profile::coverage(|| self.parts(), decide, app, [run, again]).await
    }
}
