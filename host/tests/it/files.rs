//! Granted folders: what a deterministic run sees of them, and what a guest cannot do with them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use fractalaw_host::{DirGrant, Host, Outcome, Run};

use crate::components::{RUNTIME, guest};

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

#[test]
fn a_pipe_in_a_granted_folder_holds_a_guest_no_longer_than_its_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("mkfifo")
        .arg(folder.path().join("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args([
            "run",
            "--no-cache",
            "--timeout",
            "200ms",
            "--arg",
            "/data/pipe",
            "--dir",
        ])
        .arg(format!("{}::/data", folder.path().display()))
        .arg(guest("duty-finder"))
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(5),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
