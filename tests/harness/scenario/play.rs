//! Plays the steps of a scenario. After each step everything runs that can, one delivery after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use fractalaw_events_engine::{Delivery, EventId, Next, Outside, RunId, Time};
use fractalaw_host::{Accepted, Hash, Note, Swapped};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::completed::completed;
use super::probe::{Probe, When};
use super::rows::rows;
use super::spec::{AppSpec, Crash, Spec, Step, milliseconds};
use super::story::{self, Story};
use super::world::{Clock, Place, World, new_files};
use crate::freshness::Guests;

/// More deliveries than any scenario has: a storm that nothing ends.
const DELIVERIES: usize = 1_000;

/// After the last step, so that a run that a crash cut off is tried again.
const LAST_WAIT_MS: i64 = 10_000;

/// What came of a scenario.
pub(crate) struct Play {
    pub(crate) story: Story,
    /// The completed runs of the ledger, without numbers and times.
    completed: Vec<String>,
    /// What is left: deliveries and tasks, without numbers and times.
    left: Vec<String>,
    /// The rows of the database.
    rows: Vec<String>,
    /// The points at which something became durable.
    pub(crate) points: u64,
    pub(crate) crashed_at: &'static str,
}

impl Play {
    pub(crate) fn of(
        spec: &Spec,
        guests: &Guests,
        place: &Arc<Place>,
        crash_at: Option<u64>,
    ) -> Result<Play> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let clock = Clock::at(spec.begins()?);
        let files = new_files(spec, place)?;
        let when = crash_at.map_or(When::Never, When::At);
        let probe = Probe::new(files.path(), 0, when);
        let apps = spec.apps.clone();
        let world = World::start(files, &apps, guests, place, clock, probe)?;
        let mut player = Player {
            runtime,
            guests,
            place,
            apps,
            world: Some(world),
            story: Story::default(),
            crashed_at: "",
        };
        player.run_all()?;
        for step in &spec.steps {
            player.step(step)?;
        }
        player.advance(LAST_WAIT_MS)?;
        player.ended()
    }

    /// What must be the same with and without a crash, as text.
    pub(crate) fn ended(&self) -> String {
        format!(
            "{}\nleft:\n{}\nrows:\n{}\n",
            self.completed.join("\n"),
            self.left.join("\n"),
            self.rows.join("\n")
        )
    }
}

struct Player<'a> {
    runtime: Runtime,
    guests: &'a Guests,
    place: &'a Arc<Place>,
    apps: BTreeMap<String, AppSpec>,
    /// `None` only while another host takes its place.
    world: Option<World>,
    story: Story,
    crashed_at: &'static str,
}

impl Player<'_> {
    fn world(&self) -> Result<&World> {
        self.world.as_ref().context("a host runs")
    }

    fn now(&self) -> Result<Time> {
        Ok(self.world()?.clock.now())
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        let now = self.now()?;
        match step {
            Step::Emit {
                event_type,
                source,
                payload,
            } => self.emit(event_type, source, payload)?,
            Step::Run(app) => self.by_hand(app)?,
            Step::Advance(length) => {
                self.story.step(now, &format!("{length} pass"));
                self.advance(milliseconds(length)?)?;
            }
            Step::Sleep(length) => {
                self.story
                    .step(now, &format!("the host is not there for {length}"));
                self.restart(None, milliseconds(length)?)?;
            }
            Step::SetClock(length) => {
                let time = Time::from_unix_ms(now.unix_ms() + milliseconds(length)?);
                self.story.step(now, &format!("the clock is set to {time}"));
                self.world()?.clock.set(time);
            }
            Step::Swap { app, with } => self.swap(app, with)?,
            Step::Crash(Crash::Now) => {
                self.story.step(now, "the host crashes");
                let files = self.world()?.copy()?;
                self.restart(Some(files), 0)?;
            }
            Step::Crash(crash) => self.world()?.probe.crash_at(When::Next(*crash)),
        }
        self.run_all()
    }

    /// The ledger numbers the event. The point comes after it was acknowledged: whoever emits an event that is not
    /// acknowledged emits it again.
    fn emit(&mut self, event_type: &str, source: &str, payload: &str) -> Result<()> {
        let world = self.world()?;
        let accepted = Accepted {
            event_type: event_type.to_owned(),
            source: source.to_owned(),
            bytes: payload.len() as u64,
            sha256: Hash(Sha256::digest(payload).into()),
        };
        let entry = (self.runtime).block_on(world.host.note(Note::EventAccepted(accepted)))?;
        let id = EventId(RunId(entry).made(1));
        let accepted = world.engine.accept(Outside {
            id,
            event_type: event_type.to_owned(),
            source: source.to_owned(),
            payload: payload.as_bytes().to_vec(),
        })?;
        let now = world.clock.now();
        let said = match accepted {
            Ok(_) => format!("{source} emits {event_type} {}: {payload:?}", id.0),
            Err(refused) => format!("{source} emits {event_type}, refused: {refused}"),
        };
        world.probe.reached("accepted")?;
        self.story.step(now, &said);
        self.after_a_point()?;
        Ok(())
    }

    /// What a crash cut off, a person starts again.
    fn by_hand(&mut self, name: &str) -> Result<()> {
        loop {
            let world = self.world()?;
            let (app, run) = world.run(name)?;
            let report = self.runtime.block_on(world.host.run(app, &run))?;
            let (now, why) = (world.clock.now(), format!("{name}: by hand"));
            match self.after_a_point()? {
                None => {
                    self.story.run(now, &why, &report);
                    return Ok(());
                }
                Some("closed" | "settled") => return Ok(()),
                Some(_) => {}
            }
        }
    }

    /// Another guest or other grants under the same name. What was dead or held is offered again.
    fn swap(&mut self, name: &str, with: &AppSpec) -> Result<()> {
        let guest = with.guest.as_deref().unwrap_or(name);
        let component = self.guests.component(guest)?;
        let spec = (self.apps.get_mut(name))
            .with_context(|| format!("the scenario has no micro-app `{name}`"))?;
        spec.clone_from(with);
        let apps = self.apps.clone();
        let world = self.world.as_mut().context("a host runs")?;
        let [from, to] = world.swap(&apps, name, &component)?;
        let swapped = Swapped {
            app: name.to_owned(),
            from: Some(from),
            to,
            why: "scenario".to_owned(),
        };
        (self.runtime).block_on(world.host.note(Note::AppSwapped(swapped)))?;
        let again = world.engine.offer_again(name)?;
        let now = world.clock.now();
        let said = format!("{name} is `{guest}` from now on, {again} offered again");
        self.story.step(now, &said);
        Ok(())
    }

    /// Runs everything that can run now.
    fn run_all(&mut self) -> Result<()> {
        for _ in 0..DELIVERIES {
            let world = self.world()?;
            let Some(delivery) = world.events.claim(world.clock.now(), 1)?.pop() else {
                return Ok(());
            };
            self.deliver(&delivery)?;
        }
        bail!("more than {DELIVERIES} deliveries in one step, expected it to end")
    }

    fn deliver(&mut self, delivery: &Delivery) -> Result<()> {
        let world = self.world()?;
        let now = world.clock.now();
        let (app, run) = world.run(&delivery.app)?;
        let delivered = world.events.deliver(&world.host, app, run, delivery);
        let report = self.runtime.block_on(delivered)?;
        let why = story::why(delivery);
        if self.after_a_point()?.is_none() {
            self.story.run(now, &why, &report);
        } else {
            self.story.step(now, &format!("{why}: cut off"));
        }
        Ok(())
    }

    /// Lets time pass, from one thing that is due to the next.
    fn advance(&mut self, milliseconds: i64) -> Result<()> {
        let end = Time::from_unix_ms(self.now()?.unix_ms() + milliseconds);
        loop {
            self.run_all()?;
            let world = self.world()?;
            let now = world.clock.now();
            match world.engine.next(now)? {
                Next::At(time) if time > now && time <= end => world.clock.set(time),
                _ => {
                    world.clock.set(end);
                    return self.run_all();
                }
            }
        }
    }

    /// If the host was to crash at a point that was reached, another takes its place. Returns the name of the point.
    fn after_a_point(&mut self) -> Result<Option<&'static str>> {
        let world = self.world()?;
        let now = world.clock.now();
        let Some((files, point)) = world.probe.take_crash() else {
            return Ok(None);
        };
        self.crashed_at = point;
        self.story.step(now, &format!("the host crashes: {point}"));
        self.restart(Some(files), 0)?;
        Ok(Some(point))
    }

    /// Another host takes the place of this one: over a copy of its files that a crash left, or over the files that it
    /// closed.
    fn restart(&mut self, crashed: Option<TempDir>, milliseconds: i64) -> Result<()> {
        let world = self.world.take().context("a host runs")?;
        let (clock, probe) = (world.clock.clone(), world.probe.clone());
        let closed = world.end();
        let files = crashed.unwrap_or(closed);
        clock.set(Time::from_unix_ms(clock.now().unix_ms() + milliseconds));
        let probe = probe.over(files.path());
        let started = World::start(files, &self.apps, self.guests, self.place, clock, probe)?;
        self.world = Some(started);
        Ok(())
    }

    fn ended(mut self) -> Result<Play> {
        let world = self.world.take().context("a host runs")?;
        let left = story::left(&world.engine)?;
        self.story.left(&left);
        let points = world.probe.points();
        let (ledger, database) = (world.ledger(), world.database());
        // The next host takes its place.
        let _files = world.end();
        let completed = completed(&ledger)?;
        let rows = rows(&ledger, &database)?;
        Ok(Play {
            story: self.story,
            completed,
            left: left.without_numbers(),
            rows,
            points,
            crashed_at: self.crashed_at,
        })
    }
}
