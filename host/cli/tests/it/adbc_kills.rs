//! Kills while a run changes data behind an ADBC driver. What the ledger has as completed is in the database. What is in the
//! database besides is of runs that were cut off between the commit and the closing, and it is whole.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fractalaw_data::Data;
use fractalaw_host::{Durability, Host, Policy};
use fractalaw_testing::{
    DURABILITIES, Duckdb, Lab, PASSWORD, Postgresql, RUNTIME, adbc_program, cache,
};

use crate::data::{component, executes};
use crate::data_kills::ended;
use crate::killing::{self, Task, kills, random};

/// A component that adds a run with this number, and its two parts. Every fourth traps then.
fn guest(number: u64) -> (Vec<u8>, &'static str) {
    let statements = [
        format!("INSERT INTO runs VALUES ({number})"),
        format!("INSERT INTO parts VALUES ({number}, 1), ({number}, 2)"),
    ];
    match number % 4 {
        3 => (component(&statements, "unreachable"), "trap"),
        _ => (component(&statements, ""), "completed"),
    }
}

fn host(ledger: &Path, durability: Durability) -> Host {
    let policy = Policy::load(ledger.with_file_name("policy.toml")).unwrap();
    let data = Data::new().adbc_program(adbc_program().unwrap());
    let host = Host::builder().slots(4).cache(cache()).policy(policy);
    host.ledger(ledger, durability).offer(data).build().unwrap()
}

/// The process that is killed. If it runs as an ordinary test, it does nothing.
#[test]
fn a_host_that_changes_data_behind_a_driver_without_end() {
    let Some(task) = Task::given() else {
        return;
    };
    let host = host(&task.ledger, task.durability);
    task.without_end(|number, run| {
        let (component, kind) = guest(number);
        let app = host.load(&component).unwrap();
        let report = RUNTIME.block_on(host.run(&app, run)).unwrap();
        assert_eq!(report.outcome.kind(), kind);
    });
}

#[test]
fn what_the_ledger_has_as_completed_is_in_duckdb_whenever_a_host_is_killed() {
    let Some(duckdb) = Duckdb::seeded(&[
        "CREATE TABLE runs (number BIGINT PRIMARY KEY)",
        "CREATE TABLE parts (number BIGINT, part BIGINT)",
    ]) else {
        return;
    };
    let lab = Lab::new();
    let policy = format!(
        "[all]\ninterfaces.\"fractal:app/data-mutate\" = true\ndata.read = true\ndata.write = true\n{}\n",
        duckdb.line()
    );
    fs::write(lab.path.with_file_name("policy.toml"), policy).unwrap();
    let mut acknowledged = BTreeSet::new();
    for kill in 0..kills() {
        acknowledged.extend(killing::killed(
            &lab,
            "adbc_kills::a_host_that_changes_data_behind_a_driver_without_end",
            kill,
            1 + kill * 1_000_000,
            random(kill) % 6,
            Duration::from_micros(random(kill + 7_000)),
        ));
    }
    drop(host(&lab.path, DURABILITIES[0].0));
    let ended = ended(&lab);
    let with = |outcome: Option<&str>| -> BTreeSet<u64> {
        let all = ended.iter();
        let these = all.filter(|(_, ended)| ended.as_deref() == outcome);
        these.map(|(number, _)| *number).collect()
    };
    let (completed, open) = (with(Some("completed")), with(None));
    for number in &acknowledged {
        assert!(ended[number].is_some(), "run {number} lost its closing");
    }
    let number = |line: &String| line.parse::<u64>().unwrap();
    let all = "SELECT number FROM runs ORDER BY number";
    let found: BTreeSet<u64> = duckdb.rows(all).iter().map(number).collect();
    assert!(found.is_superset(&completed), "{completed:?} {found:?}");
    let beyond: BTreeSet<u64> = found.difference(&completed).copied().collect();
    assert!(open.is_superset(&beyond), "{open:?} {beyond:?}");
    let whole = "SELECT number FROM parts GROUP BY number HAVING sum(part) = 3 ORDER BY number";
    let whole: BTreeSet<u64> = duckdb.rows(whole).iter().map(number).collect();
    assert_eq!(whole, found);
    assert_eq!(
        duckdb.rows("SELECT count(*) FROM parts"),
        [(2 * found.len()).to_string()]
    );
    eprintln!(
        "{} kills: {} runs, {} completed, {} acknowledged, {} committed without a closing",
        kills(),
        ended.len(),
        completed.len(),
        acknowledged.len(),
        beyond.len()
    );
    assert!(!acknowledged.is_empty());
}

/// The program is killed while its server works. The guest gets code 9, its run cannot complete, and nothing of it stays.
#[test]
fn a_run_whose_program_is_killed_is_rolled_back_and_the_next_one_works() {
    let Some(server) = Postgresql::seeded(&[
        "CREATE TABLE permit (id BIGINT PRIMARY KEY, site TEXT NOT NULL)",
        "INSERT INTO permit VALUES (1, 'north')",
    ]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let start = |guest: &Path| {
        Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args(["run", "--cache"])
            .arg(cache())
            .args([
                "--grant",
                &server.line("owner"),
                "--grant",
                "data.read = true",
            ])
            .args(["--grant", "data.write = true"])
            .args(["--grant", "interfaces.\"fractal:app/data-mutate\" = true"])
            .arg(guest)
            .env("REGISTER_PASSWORD", PASSWORD)
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let statements = [
        "INSERT INTO permit VALUES (2, 'south')".to_owned(),
        "UPDATE permit SET site = 'slow' WHERE pg_sleep(3600) IS NOT NULL".to_owned(),
    ];
    // It accepts code 9, and returns `ok`.
    let accepts = "(if (i32.ne (i32.load (i32.const 72)) (i32.const 9)) (then unreachable))";
    let guest = folder.path().join("two.wasm");
    let text = crate::data::text(&statements, "", accepts);
    fs::write(&guest, wat::parse_str(text).unwrap()).unwrap();
    let host = start(&guest);
    let working = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'UPDATE permit%'";
    while server.rows(working) != ["1"] {}
    let killed = Command::new("kill")
        .arg("-KILL")
        .args(children(host.id()))
        .status();
    assert!(killed.unwrap().success());
    let ended = host.wait_with_output().unwrap();
    let text = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(8), "{text}");
    assert!(
        text.starts_with(
            "trap in the result of `run`: the database did not commit the run: the program that holds the database ended"
        ),
        "{text}"
    );
    assert!(text.contains("[data] execute postgresql"), "{text}");
    assert!(!text.contains("committed"), "{text}");
    let guest = executes(folder.path(), "INSERT INTO permit VALUES (3, 'west')", "");
    let ended = start(&guest).wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    let rows = ["1,north", "3,west"];
    assert_eq!(server.rows("SELECT * FROM permit ORDER BY id"), rows);
}

/// The programs `fractalaw-adbc` that this process has started.
fn children(parent: u32) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let mut found = Vec::new();
    for process in processes {
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // The name is in parentheses, and after it come the state and the parent.
        let Some((head, tail)) = stat.rsplit_once(") ") else {
            continue;
        };
        let is_child = tail.split(' ').nth(1) == Some(&parent.to_string());
        if is_child && head.ends_with("(fractalaw-adbc") {
            found.push(process.file_name().into_string().unwrap());
        }
    }
    assert_eq!(found.len(), 1);
    found
}
