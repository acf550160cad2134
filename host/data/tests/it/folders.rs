//! No guest is granted a folder in which it could write to a database, its own or that of another micro-app.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use fractalaw_host::{DirGrant, HostError, Policy, Run, Section};
use fractalaw_testing::{RUNTIME, guest};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::lab::{builder, host};

/// Folders with databases in `base/data` and in `apart`, and a link to the first in `links`.
struct Folders(TempDir);

impl Folders {
    fn new() -> Folders {
        let folders = Folders(tempfile::tempdir().unwrap());
        for name in ["base/data/in", "base/out", "links", "apart"] {
            fs::create_dir_all(folders.at(name)).unwrap();
        }
        for file in ["base/data/register.db", "apart/register.db"] {
            let connection = Connection::open(folders.at(file)).unwrap();
            connection
                .execute_batch("CREATE TABLE permit (id)")
                .unwrap();
        }
        symlink("../base/data/register.db", folders.at("links/linked.db")).unwrap();
        folders
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// A run of a guest that writes `note.txt` into this folder.
fn writes(folder: &Path, writable: bool) -> Run {
    Run::new()
        .stdin("write /folder/note.txt hello")
        .dir(DirGrant {
            host: folder.to_owned(),
            guest: "/folder".to_owned(),
            writable,
        })
}

fn file(file: &Path) -> String {
    format!("data.file = \"{}\"\ndata.read = true", file.display())
}

/// A folder that is granted for writing, a database, and whether both go together.
const PAIRS: [(&str, &str, bool); 8] = [
    ("base/data", "base/data/register.db", false),
    ("base", "base/data/register.db", false),
    ("", "base/data/register.db", false),
    ("links", "links/linked.db", false),
    ("base/data", "links/linked.db", false),
    ("base/out", "base/data/register.db", true),
    ("base/data/in", "base/data/register.db", true),
    ("apart", "base/data/register.db", true),
];

/// What became of the run, and whether the guest wrote.
fn outcome(ran: Result<fractalaw_host::Report, HostError>, folder: &Path) -> bool {
    match ran {
        Ok(report) => {
            assert_eq!(report.outcome.kind(), "completed", "{}", report.outcome);
            fs::remove_file(folder.join("note.txt")).unwrap();
            true
        }
        Err(HostError::GrantOpensOwn { writable, what, .. }) => {
            assert_eq!((writable.as_path(), what), (folder, "the database"));
            assert!(!folder.join("note.txt").exists());
            false
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_database_of_the_policy_is_out_of_reach_of_what_a_run_brings() {
    let folders = Folders::new();
    for (writable, database, allowed) in PAIRS {
        // The database is another micro-app's.
        let text = format!("[apps.register]\n{}", file(&folders.at(database)));
        let policy = Policy::parse(Path::new(""), &text).unwrap();
        let host = builder().policy(policy).build().unwrap();
        let app = host.load_file(guest("folder-writer")).unwrap();
        let folder = folders.at(writable);
        let ran = RUNTIME.block_on(host.run(&app, &writes(&folder, true)));
        assert_eq!(outcome(ran, &folder), allowed, "{writable}, {database}");
    }
}

#[test]
fn a_database_that_a_run_brings_is_out_of_reach_of_its_own_folders() {
    let folders = Folders::new();
    let host = host();
    let app = host.load_file(guest("folder-writer")).unwrap();
    for (writable, database, allowed) in PAIRS {
        let section = Section::parse(&file(&folders.at(database))).unwrap();
        let folder = folders.at(writable);
        let run = writes(&folder, true).grant(section.clone());
        let ran = RUNTIME.block_on(host.run(&app, &run));
        assert_eq!(outcome(ran, &folder), allowed, "{writable}, {database}");
        // Whoever grants reading decides that.
        let run = writes(&folder, false).grant(section);
        let ran = RUNTIME.block_on(host.run(&app, &run)).unwrap();
        assert_eq!(ran.outcome.kind(), "guest-error");
    }
}

#[test]
fn a_policy_that_grants_a_folder_around_a_database_starts_no_host() {
    let folders = Folders::new();
    for (writable, database, allowed) in PAIRS {
        let folder = folders.at(writable);
        let text = format!(
            "[apps.writer]\ndirs.\"/work\" = {{ host = \"{}\", writable = true }}\n[apps.register]\n{}",
            folder.display(),
            file(&folders.at(database))
        );
        let policy = || Policy::parse(Path::new(""), &text).unwrap();
        let built = builder().policy(policy()).build();
        match (built, allowed) {
            (Ok(_), true) => {}
            (
                Err(
                    error @ HostError::GrantOpensOwn {
                        what: "the database",
                        ..
                    },
                ),
                false,
            ) => {
                assert!(error.hint().unwrap().contains("where no guest writes"));
            }
            (built, _) => panic!("{writable}, {database}: {:?}", built.err()),
        }
        // A database that is brought later is out of reach of the policy's folders too.
        let text = text.split("[apps.register]").next().unwrap();
        let policy = Policy::parse(Path::new(""), text).unwrap();
        let host = builder().policy(policy).build().unwrap();
        let app = host.load_file(guest("folder-writer")).unwrap();
        let section = Section::parse(&file(&folders.at(database))).unwrap();
        let run = Run::new().stdin("").grant(section);
        match (RUNTIME.block_on(host.run(&app, &run)), allowed) {
            (Ok(_), true) | (Err(HostError::GrantOpensOwn { .. }), false) => {}
            (ran, _) => panic!("{writable}, {database}: {ran:?}"),
        }
    }
}
