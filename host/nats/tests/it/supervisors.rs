//! Three nodes as an operator has them: each a supervisor with a real ledger, and this program beside it. What the
//! programs do is read from the ledgers.
//!
//! `FRACTALAW_TEST_KILLS` sets how many processes are killed.

mod forging;

#[path = "../../../events/tests/it/guests.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod guests;

use std::fs;
use std::path::PathBuf;

use fractalaw_ledger::{Reader, Trust, verify};
use fractalaw_testing::{guest_bytes, with_manifest, with_section};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::lab::{Place, Running, stop, until};
use crate::servers::Servers;
use crate::supervisor::{Site, program, verify_set};
use guests::{Does, guest, manifest};

/// `watch` emits two events for each `go`, and `analyse`, a guest in Rust, runs for each of them.
const APPS: &str = "[apps.watch]\nsource = \"watch.wasm\"\nretry = 100\n\
                    [apps.analyse]\nsource = \"apps/analyse.wasm\"\nretry = 100\n";

const POLICY: &str = "[all]\ninterfaces.\"fractal:app/events-emit\" = true\n\
                      interfaces.\"fractal:app/events-schedule\" = true\n\
                      on.go = true\non.next = true\nemits.next = true\n";

/// The deliveries of one `go`: its own, and those of the two that it leads to.
const DELIVERIES: u64 = 3;

/// The nodes' names. The last one is lost.
const NAMES: [&str; 3] = ["a", "b", "c"];
const LOST: usize = 2;

struct Nodes {
    servers: Servers,
    sites: Vec<Site>,
    supervisors: Vec<Running>,
    programs: Vec<Running>,
    /// How many events were sent.
    sent: u64,
}

#[test]
fn each_event_runs_once_in_a_set_of_supervisors_and_the_ledgers_vouch_for_each_other() {
    let Some((serve, auditor)) = program("fractalaw-serve", "fractalaw-serve")
        .zip(program("fractalaw-ledger", "fractalaw-auditor"))
    else {
        return;
    };
    let Some(mut nodes) = Nodes::start(&serve) else {
        return;
    };
    nodes.work_while_processes_are_killed();
    nodes.swap_everywhere();
    nodes.lose_a_node();
    let ledgers = nodes.end();

    let deliveries = DELIVERIES * ledgers.sent;
    let (code, said) = verify_set(&auditor, &ledgers.paths);
    let last = format!("\nevents      {deliveries}\ndeliveries  {deliveries} completed\n");
    assert!(said.starts_with("the ledgers verify together\n"), "{said}");
    assert!(said.ends_with(&last), "{said}");
    assert_eq!(code, Some(0));

    // Somebody changes what an event was, and makes the rest of that ledger anew. By itself, it verifies.
    let forged = forging::other_event(&ledgers.paths);
    verify(&Reader::open(&forged.path).unwrap(), &Trust::default()).unwrap();
    let (code, said) = verify_set(&auditor, &ledgers.paths);
    let expected = format!(
        " was started by event {} of ledger {} with the digest ",
        forged.event, forged.ledger
    );
    assert!(said.contains(&expected), "{said}");
    assert_eq!(code, Some(1), "{said}");
}

impl Nodes {
    fn start(serve: &std::path::Path) -> Option<Nodes> {
        let servers = Servers::start(1, "")?;
        let sites = NAMES.map(|name| {
            let place = Place::new(name, &servers, 1, "", "");
            Site::new(place, serve, APPS, POLICY)
        });
        let emits = [Does::Emit("next", "duty 7"), Does::Emit("next", "duty 8")];
        let watch = guest("watch", [&["go"], &["next"], &[]], &emits);
        for site in &sites {
            fs::write(site.place.path("watch.wasm"), &watch).unwrap();
        }
        let supervisors = sites.iter().map(Site::serve).collect();
        let programs = sites.iter().map(|site| site.place.connect()).collect();
        let nodes = Nodes {
            servers,
            sites: sites.into(),
            supervisors,
            programs,
            sent: 0,
        };
        nodes.publish("1.0.0");
        // A subscription counts from when it is made.
        until("the apps", || {
            let status = nodes.status();
            ["watch", "analyse"]
                .iter()
                .all(|app| status.contains(&format!("\napp {app}: ")))
                && nodes
                    .sites
                    .iter()
                    .all(|site| site.digest("analyse").is_some())
        });
        Some(nodes)
    }

    fn status(&self) -> String {
        self.sites[0].place.ask(&["status"]).unwrap_or_default()
    }

    /// A version of `analyse`, for all nodes.
    fn publish(&self, version: &str) {
        let component = with_manifest(
            &guest_bytes("hello-world"),
            &manifest([&["next"], &[], &[]]),
        );
        let component = with_section(&component, "the test's version", version.as_bytes());
        let file = self.sites[0].place.path("analyse.wasm");
        fs::write(&file, component).unwrap();
        let file = file.display().to_string();
        self.sites[0]
            .place
            .ask(&["publish", "analyse", &file])
            .unwrap();
    }

    fn emit(&mut self, at: usize) {
        self.sites[at].emit("go");
        self.sent += 1;
    }

    /// Everything that was sent has completed, and the servers know it.
    fn wait(&self, without: Option<usize>) {
        let deliveries = DELIVERIES * self.sent;
        let end =
            format!("\n0 messages are stored, {deliveries} deliveries are remembered as done\n");
        until("the end", || self.status().ends_with(&end));
        let others = (0..NAMES.len()).filter(|&at| Some(at) != without);
        for at in others {
            until("an idle node", || self.sites[at].is_idle());
        }
    }

    fn work_while_processes_are_killed(&mut self) {
        let set = std::env::var("FRACTALAW_TEST_KILLS");
        let kills = set.map_or(6, |text| text.parse().unwrap());
        let mut random = ChaCha8Rng::seed_from_u64(26);
        for kill in 0..kills {
            for at in 0..NAMES.len() {
                self.emit(at);
            }
            let at = (random.next_u64() % NAMES.len() as u64) as usize;
            match kill % 3 {
                0 => {
                    self.supervisors[at].kill();
                    self.supervisors[at] = self.sites[at].serve();
                }
                1 => {
                    self.programs[at].kill();
                    self.programs[at] = self.sites[at].place.connect();
                }
                _ => self.servers.restart(0),
            }
        }
        self.wait(None);
    }

    /// A version that is published runs on all nodes.
    fn swap_everywhere(&mut self) {
        let before = self.sites[LOST].digest("analyse");
        self.publish("2.0.0");
        for site in &self.sites {
            until("the new version", || site.digest("analyse") != before);
        }
        self.emit(0);
        self.wait(None);
    }

    /// A node is lost with what it owns, another one takes that, and the node comes back.
    fn lose_a_node(&mut self) {
        // This program goes on to pull what the supervisor beside it does not run.
        self.supervisors[LOST].kill();
        let owned = |nodes: &Nodes| -> u64 {
            let status = nodes.status();
            let line = status.lines().find(|line| line.starts_with("node c: "));
            let owned = line.and_then(|line| line.split(", owns ").nth(1)?.split(',').next());
            owned.map_or(0, |owned| owned.parse().unwrap())
        };
        until("what the node owns", || {
            self.emit(0);
            owned(self) > 0
        });
        self.programs[LOST].kill();
        let takes_over = &self.sites[0].place;
        // That it is gone is known some seconds later.
        let mut said = String::new();
        until("the end of its entry", || {
            match takes_over.ask(&["take", "c"]) {
                Ok(taken) => {
                    said = taken;
                    true
                }
                Err(error) => {
                    assert!(error.contains("node `c` is running"), "{error}");
                    false
                }
            }
        });
        let (taken, rest) = said.split_once(' ').unwrap();
        assert!(taken.parse::<u64>().is_ok_and(|taken| taken > 0), "{said}");
        assert_eq!(
            rest,
            "deliveries were taken, 0 are of apps that this node does not have\n"
        );
        self.wait(Some(LOST));
        self.supervisors[LOST] = self.sites[LOST].serve();
        self.programs[LOST] = self.sites[LOST].place.connect();
        self.emit(LOST);
        self.wait(None);
    }

    /// Stops everything, and leaves the folders.
    fn end(self) -> Ledgers {
        self.supervisors.into_iter().for_each(stop);
        self.programs.into_iter().for_each(stop);
        let paths = self
            .sites
            .iter()
            .map(|site| site.place.path("audit.ledger"));
        Ledgers {
            paths: paths.collect(),
            sent: self.sent,
            _sites: self.sites,
        }
    }
}

struct Ledgers {
    paths: Vec<PathBuf>,
    sent: u64,
    /// The folders go with them.
    _sites: Vec<Site>,
}
