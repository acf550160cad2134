//! Looks at the files of the apps: at the start for those that have no version yet, and then again and again.

use tokio::time::sleep;

use super::shared::{Stopping, Supervisor};
use crate::apps::App;
use crate::components;
use crate::limits::LOOK_AT_FILES;

impl Supervisor {
    /// Takes the version in the file of each app that has none yet. An event that comes before an app has a version does
    /// not start it, so nobody may send one before this. It ends early if the supervisor is told to stop.
    pub async fn load_new(&self) {
        let mut stop = self.stopping();
        tokio::select! {
            _ = stop.wait_for(|stopping| *stopping != Stopping::No) => {}
            () = self.look_at(|app| app.loaded.is_none()) => {}
        }
    }

    /// Looks at the files of these apps, and takes what is new.
    async fn look_at(&self, which: impl Fn(&App) -> bool) {
        let looked_at: Vec<_> = {
            let apps = self.0.apps();
            let apps = apps.by_name.iter().filter(|(_, app)| which(app));
            apps.map(|(name, app)| (name.clone(), app.config.source.clone()))
                .collect()
        };
        for (name, source) in looked_at {
            let looks = components::look(&source);
            let is_known = {
                let apps = self.0.apps();
                let app = apps.by_name.get(&name);
                app.is_none_or(|app| app.looks == looks && looks.is_some())
            };
            if !is_known {
                self.take(&name, looks, false).await;
            }
        }
    }

    /// The apps that run a bad version, with its digest.
    fn bad(&self) -> Vec<(String, String)> {
        let apps = self.0.apps();
        let bad = apps.by_name.iter();
        bad.filter_map(|(name, app)| Some((name.clone(), app.bad.clone()?)))
            .collect()
    }

    /// Looks at the files of the apps now and then, and when it is told to.
    pub(super) async fn look_at_files(self) {
        let mut stop = self.stopping();
        while *stop.borrow_and_update() == Stopping::No {
            self.finish_old_swaps().await;
            for (name, digest) in self.bad() {
                self.roll_back_bad(&name, &digest).await;
            }
            self.look_at(|_| true).await;
            tokio::select! {
                () = self.0.look.notified() => {}
                () = sleep(LOOK_AT_FILES) => {}
                _ = stop.changed() => {}
            }
        }
    }
}
