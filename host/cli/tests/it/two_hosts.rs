//! Two hosts use one database, each with a ledger of its own, and both are killed at random moments. The database then has the
//! changes of the runs that completed in one of the ledgers, as a whole, and no others. No host settles what a host that is alive has open. What a
//! dead one left is settled by whoever starts or writes next, as the dead one's ledger says.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use fractalaw_data::Data;
use fractalaw_host::{Durability, Host, HostError, Policy, Run};
use fractalaw_testing::{DURABILITIES, Lab, RUNTIME, cache};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::data_kills::{SET_UP, agrees, ended, guest};
use crate::killing::{self, Task, kills, random};

/// The records of a dead host that another one settles.
const SETTLED: usize = 5;

/// The runs of the second host have numbers from here on.
const SECOND: u64 = 500_000_000;

fn host(ledger: &Path, durability: Durability) -> Result<Host, HostError> {
    host_with(ledger, durability, Data::new())
}

fn host_with(ledger: &Path, durability: Durability, data: Data) -> Result<Host, HostError> {
    let policy = Policy::load(ledger.with_file_name("policy.toml")).unwrap();
    let host = Host::builder().slots(4).cache(cache()).policy(policy);
    host.ledger(ledger, durability).offer(data).build()
}

/// Kills a host again and again until it leaves a run that is not settled.
fn unsettled_by(left: &Lab, file: &Path, kill: &mut u64) {
    loop {
        *kill += 1;
        killing::killed(
            left,
            "two_hosts::a_host_that_shares_its_data_without_end",
            *kill,
            1 + *kill * 1_000_000,
            random(*kill) % 12,
            Duration::from_micros(random(*kill + 7_000) / 4),
        );
        if fractalaw_sqlite::is_unsettled(file) {
            return;
        }
    }
}

/// The host. While the other one is alive and has a run open, it may not start.
fn started(ledger: &Path, durability: Durability) -> Host {
    loop {
        match host(ledger, durability) {
            Ok(host) => return host,
            Err(error) => waits(&error),
        }
    }
}

/// Checks that nothing else is wrong than that a run of the other host is not settled yet.
fn waits(error: &HostError) {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains("waits to be settled"), "{error}: {cause}");
}

/// The process that is killed. If it runs as an ordinary test, it does nothing. A run that finds what the other host has left
/// does not complete.
#[test]
fn a_host_that_shares_its_data_without_end() {
    let Some(task) = Task::given() else {
        return;
    };
    let host = started(&task.ledger, task.durability);
    let completes = host.load(&guest("")).unwrap();
    let traps = host.load(&guest("unreachable")).unwrap();
    task.without_end_if(|number, run| {
        let app = if number % 4 == 3 { &traps } else { &completes };
        match RUNTIME.block_on(host.run(app, run)) {
            Ok(report) => report.outcome.kind() == "completed",
            Err(error) => {
                waits(&error);
                false
            }
        }
    });
}

/// A database, and the ledgers of two hosts that may use it.
fn shared() -> (TempDir, PathBuf, [Lab; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db");
    Connection::open(&file)
        .unwrap()
        .execute_batch(SET_UP)
        .unwrap();
    let labs = [Lab::new(), Lab::new()];
    for lab in &labs {
        let policy = format!(
            "[all]\ndata.file = \"{}\"\ndata.read = true\ndata.write = true\ninterfaces.\"fractal:app/data-mutate\" = true",
            file.display()
        );
        fs::write(lab.path.with_file_name("policy.toml"), policy).unwrap();
    }
    (folder, file, labs)
}

/// A host that is killed leaves the record of a run. Another host starts: it asks the ledger of the dead one, and not its own.
#[test]
fn a_host_settles_what_another_left_that_is_dead() {
    let (_folder, file, labs) = shared();
    let [left, other] = &labs;
    let mut kill = 0;
    for _ in 0..SETTLED {
        unsettled_by(left, &file, &mut kill);
        drop(host(&other.path, DURABILITIES[0].0).unwrap());
        assert!(!fractalaw_sqlite::is_unsettled(&file));
    }
    agrees(&file, &completed(left));
}

/// A host that is killed leaves the record of a run. The other host has the database open, and its next run settles that.
#[test]
fn a_host_that_runs_settles_what_another_left_that_is_dead() {
    let (_folder, file, labs) = shared();
    let [left, running] = &labs;
    let data = Data::new();
    let host = host_with(&running.path, DURABILITIES[0].0, data.clone()).unwrap();
    let writes = host.load(&guest("")).unwrap();
    let mut number = SECOND;
    let mut outcome = || {
        number += 1;
        let run = Run::new().clock(Duration::from_secs(number));
        let report = RUNTIME.block_on(host.run(&writes, &run)).unwrap();
        report.outcome.kind()
    };
    assert_eq!(outcome(), "completed");
    let mut kill = 0;
    for _ in 0..SETTLED {
        unsettled_by(left, &file, &mut kill);
        assert_eq!(outcome(), "completed");
        assert!(!fractalaw_sqlite::is_unsettled(&file));
    }
    assert_eq!(data.take_warnings(), []);
    // Without the dead host's ledger, nobody can say what became of the run. The operator of this host is told so once.
    unsettled_by(left, &file, &mut kill);
    let folder = left.path.parent().unwrap();
    let away = folder.with_extension("away");
    fs::rename(folder, &away).unwrap();
    for _ in 0..2 {
        assert_eq!(outcome(), "trap");
    }
    let [warning] = &data.take_warnings()[..] else {
        panic!("expected one warning");
    };
    let record = file.with_file_name("data.db-pending").display().to_string();
    let message = warning.message.split('`').collect::<Vec<_>>();
    let [before, name, _, path, told, _run, why] = message[..] else {
        panic!("{warning:?}");
    };
    assert_eq!((name, path), (&*file.display().to_string(), &*record));
    assert_eq!(
        [before, told, why],
        [
            "data in ",
            ": run ",
            " waits to be settled, and its ledger cannot be asked from here"
        ]
    );
    assert_eq!(
        warning.hint,
        format!(
            "start a host once that reads this ledger and this database, with `--ledger`, or, if the ledger is lost, empty the file \
             `{record}` to keep the database as it is"
        )
    );
    fs::rename(&away, folder).unwrap();
    assert_eq!(outcome(), "completed");
    assert!(!fractalaw_sqlite::is_unsettled(&file));
    agrees(&file, &(&completed(left) | &completed(running)));
}

/// The numbers of the runs that completed, as the ledger says.
fn completed(lab: &Lab) -> BTreeSet<u64> {
    let ended = ended(lab).into_iter();
    let completed = ended.filter(|(_, outcome)| outcome.as_deref() == Some("completed"));
    completed.map(|(number, _)| number).collect()
}

#[test]
fn two_ledgers_and_their_data_agree_whenever_the_hosts_are_killed() {
    let (_folder, file, labs) = shared();
    let acknowledged = thread::scope(|scope| {
        let both = [(0, &labs[0]), (SECOND, &labs[1])]
            .map(|(first, lab)| scope.spawn(move || killed_again_and_again(lab, first)));
        both.map(|one| one.join().unwrap())
    });
    let mut completed = BTreeSet::new();
    for (lab, acknowledged) in labs.iter().zip(&acknowledged) {
        let ended = ended(lab);
        for number in acknowledged {
            let outcome = ended[number].as_deref();
            assert_eq!(outcome, Some("completed"), "run {number}");
        }
        let all = self::completed(lab);
        eprintln!(
            "{} kills: {} runs, {} completed, {} acknowledged",
            kills(),
            ended.len(),
            all.len(),
            acknowledged.len()
        );
        assert!(!acknowledged.is_empty());
        completed.extend(all);
    }
    agrees(&file, &completed);
}

/// Kills one of the hosts again and again, and then lets it settle what it left. Returns the runs that it acknowledged.
fn killed_again_and_again(lab: &Lab, first: u64) -> Vec<u64> {
    let mut acknowledged = Vec::new();
    for kill in 0..kills() {
        acknowledged.extend(killing::killed(
            lab,
            "two_hosts::a_host_that_shares_its_data_without_end",
            kill,
            first + 1 + kill * 1_000_000,
            random(first + kill) % 12,
            Duration::from_micros(random(first + kill + 7_000) / 4),
        ));
    }
    drop(started(&lab.path, DURABILITIES[0].0));
    acknowledged
}
