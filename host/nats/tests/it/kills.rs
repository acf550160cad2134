//! Three nodes whose servers, programs and engines are killed at random moments: each delivery completes once in the
//! whole set, and none is lost.
//!
//! `FRACTALAW_TEST_KILLS` sets how often. A kill ends processes and not machines: the page of this crate says what a loss
//! of power does. The nodes' ledgers are text files, as in the engine's own test.

#[path = "../../../events/engine/tests/it/kills/book.rs"]
mod book;
mod verdict;
mod worker;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::lab::{Place, Running, is_within_patience, until};
use crate::servers::Servers;

const KILLS: u64 = 12;
const NODES: usize = 3;

struct Field {
    servers: Servers,
    count: usize,
    places: Vec<Place>,
    programs: Vec<Running>,
    workers: Vec<Running>,
    killed: [u64; 3],
}

#[test]
fn each_delivery_completes_once_with_one_server() {
    check(1, 24, kills());
}

#[test]
fn each_delivery_completes_once_with_a_cluster_of_three() {
    check(3, 25, kills() / 2);
}

fn kills() -> u64 {
    let set = std::env::var("FRACTALAW_TEST_KILLS");
    set.map_or(KILLS, |text| text.parse().unwrap())
}

fn check(servers: usize, seed: u64, kills: u64) {
    let Some(mut field) = Field::new(servers) else {
        return;
    };
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..kills {
        std::thread::sleep(Duration::from_micros(random.next_u64() % 400_000));
        field.kill(&mut random);
    }
    until("enough work", || {
        verdict::has_enough(&field.folders(), kills)
    });
    field.cut_off();
    field.drain();
    let seen = verdict::check(&field.folders());
    let [of_servers, of_programs, of_engines] = field.killed;
    eprintln!(
        "killed: {of_servers} servers of {servers}, {of_programs} programs, {of_engines} engines: {seen:?}"
    );
    assert!(seen.completed > kills && seen.accepted > 0 && seen.ticks > 0);
    assert!(seen.cut_off > 0 && seen.failed > 0);
}

impl Field {
    fn new(count: usize) -> Option<Field> {
        let servers = Servers::start(count, "")?;
        let names = (0..NODES).map(|at| format!("n{at}"));
        let places = names.map(|name| Place::new(&name, &servers, count, "", ""));
        let mut field = Field {
            places: places.collect(),
            servers,
            count,
            programs: Vec::new(),
            workers: Vec::new(),
            killed: [0; 3],
        };
        for at in 0..NODES {
            let worker = field.work(at, worker::DRAIN);
            field.workers.push(worker);
        }
        for place in &field.places {
            until("the file of a node", || {
                fractalaw_events_engine::Exchange::open(&place.path("events.db")).is_ok()
            });
            field.programs.push(place.connect());
        }
        // A subscription counts from when it is made.
        until("the apps", || {
            let status = field.places[0].ask(&["status"]).unwrap();
            status.matches("\napp ").count() == worker::apps().0.len()
        });
        for at in 0..NODES {
            field.restart_worker(at, "");
        }
        Some(field)
    }

    fn folders(&self) -> Vec<&Path> {
        let folders = self.places.iter().map(|place| place.folder.path());
        folders.collect()
    }

    fn work(&self, at: usize, task: &str) -> Running {
        let worker = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "kills::worker::works_until_it_is_killed",
                "--nocapture",
            ])
            .env(worker::FOLDER, self.places[at].folder.path())
            .env(worker::NAME, &self.places[at].name)
            .env(worker::TASK, task)
            .stdout(Stdio::null())
            .spawn();
        Running(worker.unwrap())
    }

    fn restart_worker(&mut self, at: usize, task: &str) {
        self.workers[at].kill();
        self.workers[at] = self.work(at, task);
    }

    /// Kills one process, and starts it again, sometimes after a while.
    fn kill(&mut self, random: &mut ChaCha8Rng) {
        let pause = Duration::from_micros(match random.next_u64() % 3 {
            0 => random.next_u64() % 300_000,
            _ => 0,
        });
        let at = (random.next_u64() % NODES as u64) as usize;
        match random.next_u64() % 5 {
            0 => {
                let server = at % self.count;
                self.killed[0] += 1;
                self.servers.kill(server);
                std::thread::sleep(pause);
                self.servers.restart(server);
            }
            1 | 2 => {
                self.killed[1] += 1;
                self.programs[at].kill();
                std::thread::sleep(pause);
                self.programs[at] = self.places[at].connect();
            }
            _ => {
                self.killed[2] += 1;
                self.workers[at].kill();
                std::thread::sleep(pause);
                self.restart_worker(at, "");
            }
        }
    }

    /// Kills an engine in the middle of a run. The others are killed at any moment, which may be between runs.
    fn cut_off(&mut self) {
        self.restart_worker(0, worker::HOLD);
        let book = self.places[0].folder.path().join("book");
        until("a run that does not end", || {
            std::fs::read_to_string(&book).is_ok_and(|text| text.contains(worker::HELD))
        });
        self.workers[0].kill();
        self.killed[2] += 1;
    }

    /// Nothing comes from outside any more, and everything that is there is worked off.
    fn drain(&mut self) {
        for at in 0..NODES {
            self.restart_worker(at, worker::DRAIN);
        }
        let is_done = is_within_patience(|| {
            let is_empty = |place: &Place| worker::left(place.folder.path()) == [0; 5];
            self.places.iter().all(is_empty)
                && self.places[0]
                    .ask(&["status"])
                    .is_ok_and(|status| status.contains("\n0 messages are stored"))
        });
        if !is_done {
            for place in &self.places {
                let left = worker::left(place.folder.path());
                eprintln!("{}: {left:?}\n{}", place.name, place.log());
            }
            panic!(
                "the end did not come: {:?}",
                self.places[0].ask(&["status"])
            );
        }
        self.workers.clear();
        self.programs.clear();
    }
}
