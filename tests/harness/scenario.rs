//! A scenario: several micro-apps, a clock that the scenario moves, and steps. The whole story is one snapshot.
//!
//! The scenario is then run again, with a crash at each point at which something has just become durable. Each of these
//! must end with the same completed runs in the ledger, and with the same rows in the database.
//!
//! - `spec`: the file; `probe`: the points at which a crash can be; `world`: the host, its files and its clock;
//! - `play`: the steps; `story`: the text; `completed`: what the ledger has, without numbers and times; `rows`: what the database has.

mod completed;
mod play;
mod probe;
mod rows;
mod spec;
mod story;
mod world;

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use fractalaw_host::capability::Offers;

use crate::freshness::Guests;
use crate::listing::Rendered;
use crate::name::Name;
use play::Play;
use spec::Spec;
use world::Place;

/// How many crashes are played at a time. Each mostly waits for the disk.
const WORKERS: usize = 4;

/// A scenario.
pub(crate) struct Scenario {
    pub(crate) name: Name,
    folder: PathBuf,
    spec: Spec,
}

impl Scenario {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Scenario> {
        Ok(Scenario {
            name: Name::of(path),
            folder: path
                .parent()
                .context("a scenario stands in a folder")?
                .to_owned(),
            spec: Spec::read(path)?,
        })
    }

    /// What it shows, in a sentence.
    pub(crate) fn about(&self) -> &str {
        &self.spec.about
    }

    /// Plays it, once without a crash and then with one at each point. Returns the story without a crash.
    pub(crate) fn play(
        &self,
        guests: &Guests,
        policy: &Path,
        cache: &Path,
        offers: Offers,
    ) -> Result<Rendered> {
        let place = Arc::new(Place {
            seeds: self.folder.clone(),
            policy: policy.to_owned(),
            cache: cache.to_owned(),
            offers,
        });
        let whole = Play::of(&self.spec, guests, &place, None)?;
        let points = if self.spec.crashes { whole.points } else { 0 };
        let next = AtomicU64::new(1);
        let work = || {
            loop {
                let point = next.fetch_add(1, Ordering::Relaxed);
                if point > points {
                    return Ok(());
                }
                self.crash(point, &whole, guests, &place)?;
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
            let ended = workers.into_iter().map(|worker| worker.join());
            let ended = ended.map(|worker| worker.unwrap_or_else(|panic| resume_unwind(panic)));
            ended
                .collect::<Vec<_>>()
                .into_iter()
                .collect::<Result<()>>()
        })?;
        Ok(whole.story.end(points))
    }

    /// Plays it with a crash at a point, and compares.
    fn crash(&self, point: u64, whole: &Play, guests: &Guests, place: &Arc<Place>) -> Result<()> {
        let crashed = Play::of(&self.spec, guests, place, Some(point))
            .with_context(|| format!("with a crash at point {point}"))?;
        ensure!(
            !crashed.crashed_at.is_empty(),
            "point {point} was not reached again"
        );
        ensure!(
            crashed.ended() == whole.ended(),
            "with a crash at point {point}, `{}`, it ended otherwise\n{}",
            crashed.crashed_at,
            crate::whole::diff(
                ("without a crash", &whole.ended()),
                ("with it", &crashed.ended())
            )
        );
        Ok(())
    }
}
