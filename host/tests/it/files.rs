//! Granted folders: what a deterministic run sees of them, and what a guest cannot do with them.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use fractalaw_host::{DirGrant, Durability, Host, Outcome, Run};

use crate::components::{RUNTIME, cache, guest};

fn run(folder: &Path, run: Run) -> Outcome {
    let host = Host::builder().slots(1).build().unwrap();
    let app = host.load_file(guest("file-facts")).unwrap();
    let dir = DirGrant {
        host: folder.to_owned(),
        guest: "/data".to_owned(),
        writable: false,
    };
    RUNTIME
        .block_on(host.run(&app, &run.dir(dir)))
        .unwrap()
        .outcome
}

/// The same two files, made in another order, at another time, in a folder of another size.
fn folders() -> [tempfile::TempDir; 2] {
    let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for name in ["a.txt", "b.txt"] {
        fs::write(first.path().join(name), name.repeat(3)).unwrap();
    }
    for i in 0..300 {
        fs::write(second.path().join(format!("{i:0100}")), "").unwrap();
    }
    for i in 0..300 {
        fs::remove_file(second.path().join(format!("{i:0100}"))).unwrap();
    }
    for name in ["b.txt", "a.txt"] {
        let path = second.path().join(name);
        fs::write(&path, name.repeat(3)).unwrap();
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(86_400))
            .unwrap();
    }
    [first, second]
}

#[test]
fn the_same_files_look_the_same_in_a_deterministic_run_and_as_they_are_in_another() {
    let folders = folders();
    let fixed = folders
        .each_ref()
        .map(|folder| run(folder.path(), Run::new().deterministic()));
    assert_eq!(fixed[0], fixed[1]);
    assert_eq!(
        fixed[0],
        Outcome::Completed(
            "/data: folder of 0 bytes, modified unknown\n\
             /data/a.txt: file of 15 bytes, modified unknown\n\
             /data/b.txt: file of 15 bytes, modified unknown"
                .to_owned()
        )
    );
    let Outcome::Completed(real) = run(folders[1].path(), Run::new()) else {
        panic!("it runs")
    };
    assert!(
        real.contains("/data/a.txt: file of 15 bytes, modified 86400 s after 1970"),
        "{real}"
    );
}

/// More runs than the host has threads for files, on a runtime with one thread for blocking work. If a pipe held
/// that thread, the ledger would wait for ever.
#[test]
fn pipes_and_sockets_are_refused_and_hold_nothing_however_many_runs_open_them() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let data = at("data");
    fs::create_dir(&data).unwrap();
    let made = Command::new("mkfifo").arg(data.join("pipe")).status();
    assert!(made.unwrap().success());
    let _socket = UnixListener::bind(data.join("socket")).unwrap();
    let ledger = at("audit.ledger");
    let key = fractalaw_ledger::LedgerKey::from_seed(&[7; 32]);
    fractalaw_ledger::create(&ledger, "node", &key.public_key(), 0).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let host = Host::builder()
        .slots(1)
        .cache(cache())
        .ledger(&ledger, Durability::Run);
    let host = host.build().unwrap();
    let opens = host.load_file(guest("duty-finder")).unwrap();
    for writable in [false, true] {
        let run = |name: &str| {
            Run::new().arg(format!("/data/{name}")).dir(DirGrant {
                host: data.clone(),
                guest: "/data".to_owned(),
                writable,
            })
        };
        for (name, times) in [("pipe", 70), ("socket", 1)] {
            let run = run(name);
            for _ in 0..times {
                let report = runtime.block_on(host.run(&opens, &run)).unwrap();
                let Outcome::GuestError(said) = report.outcome else {
                    panic!("{:?}", report.outcome)
                };
                let refused = format!("cannot read `/data/{name}`: Not supported (os error 58)");
                assert_eq!(said.lines().next(), Some(&*refused));
            }
        }
    }
    let hello = host.load_file(guest("hello-world")).unwrap();
    let report = runtime.block_on(host.run(&hello, &Run::new())).unwrap();
    assert_eq!(report.outcome.kind(), "completed");
}
