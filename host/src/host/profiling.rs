//! Runs that say which function used which fuel.

use std::path::Path;

use fractalaw_report::Profile;

use super::Host;
use crate::error::LoadError;
use crate::load::papers::Papers;
use crate::load::reading::on_its_stack;
use crate::load::source::Source;
use crate::profile::{self, ProfileError, ProfiledApp};
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
        let loader = &*self.0.loader;
        on_its_stack(|| Ok::<_, LoadError>(ProfiledApp::load(loader, source()?)))?
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
        profile::profile(|| self.parts(), |asking| self.decide(asking, run), app, run).await
    }
}
