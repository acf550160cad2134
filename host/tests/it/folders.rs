//! Granted folders stay what they were when they were granted: they are held open, do not overlap, and are never
//! looked up again through names that a guest can move.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use fractalaw_host::{
    DirGrant, Durability, Host, HostBuilder, HostError, Outcome, Policy, Run, Section,
};
use fractalaw_ledger::{LedgerKey, create};

use crate::components::{RUNTIME, cache, guest};

fn builder() -> HostBuilder {
    Host::builder().slots(1).cache(cache())
}

fn policy(folder: &Path, text: &str) -> Policy {
    Policy::parse(&folder.join("policy.toml"), text).unwrap()
}

fn dir(host: impl AsRef<Path>, guest: &str, writable: bool) -> DirGrant {
    DirGrant {
        host: host.as_ref().to_owned(),
        guest: guest.to_owned(),
        writable,
    }
}

/// What the guest sees in its folder `/data`, without the line about the folder itself.
fn seen(host: &Host, run: &Run) -> Result<Vec<String>, HostError> {
    let app = host.load_file(guest("file-facts")).unwrap();
    match RUNTIME.block_on(host.run(&app, run))?.outcome {
        Outcome::Completed(text) => Ok(text.lines().skip(1).map(str::to_owned).collect()),
        other => panic!("{other:?}"),
    }
}

fn is_moved(result: Result<Vec<String>, HostError>, folder: &Path) {
    match result {
        Err(HostError::GrantMoved { path }) => assert_eq!(path, folder),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_that_is_moved_or_replaced_is_not_found_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (data, old) = (folder.path().join("in"), folder.path().join("old"));
    fs::create_dir(&data).unwrap();
    fs::write(data.join("note"), "12").unwrap();
    let text = "[apps.file-facts]\ndirs.\"/data\" = \"in\"\n";
    let by_policy = builder()
        .policy(policy(folder.path(), text))
        .build()
        .unwrap();
    let free = builder().build().unwrap();
    let line = format!("dirs.\"/data\" = \"{}\"", data.display());
    let ways = [
        (&by_policy, Run::new()),
        (&free, Run::new().dir(dir(&data, "/data", false))),
        (&free, Run::new().grant(Section::parse(&line).unwrap())),
    ];
    let each = |check: &dyn Fn(Result<Vec<String>, HostError>)| {
        for (host, run) in &ways {
            check(seen(host, &run.clone().deterministic()));
        }
    };
    let as_granted: &dyn Fn(_) = &|seen: Result<Vec<String>, HostError>| {
        let expected = "/data/note: file of 2 bytes, modified unknown";
        assert_eq!(
            seen.unwrap()
                .iter()
                .map(|line| line.trim())
                .collect::<Vec<_>>(),
            [expected]
        );
    };
    each(as_granted);
    fs::rename(&data, &old).unwrap();
    each(&|seen| is_moved(seen, &data));
    symlink("/etc", &data).unwrap();
    each(&|seen| is_moved(seen, &data));
    fs::remove_file(&data).unwrap();
    fs::create_dir(&data).unwrap();
    each(&|seen| is_moved(seen, &data));
    // A link to the granted folder leads to it.
    fs::remove_dir(&data).unwrap();
    symlink("old", &data).unwrap();
    each(as_granted);
    fs::remove_dir_all(&old).unwrap();
    each(&|seen| is_moved(seen, &data));
}

#[test]
fn a_policy_in_which_a_guest_could_move_anothers_folder_starts_no_host() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("work/in")).unwrap();
    fs::create_dir(folder.path().join("apart")).unwrap();
    symlink("work/in", folder.path().join("link")).unwrap();
    symlink("../apart", folder.path().join("work/out")).unwrap();
    let writable = "{ host = \"work\", writable = true }";
    let cases = [
        // One inside the other, in either order.
        (
            format!("[apps.a]\ndirs.\"/w\" = {writable}\n[apps.b]\ndirs.\"/d\" = \"work/in\"\n"),
            Some("work/in"),
        ),
        (
            format!("[apps.a]\ndirs.\"/d\" = \"work/in\"\n[apps.b]\ndirs.\"/w\" = {writable}\n"),
            Some("work/in"),
        ),
        // By another name, and where the name is looked up.
        (
            format!("[all]\ndirs.\"/w\" = {writable}\n[apps.b]\ndirs.\"/d\" = \"link\"\n"),
            Some("link"),
        ),
        (
            format!("[all]\ndirs.\"/w\" = {writable}\n[apps.b]\ndirs.\"/d\" = \"work/out\"\n"),
            Some("work/out"),
        ),
        // The same one; around it; in a group, and in one section.
        (
            format!("[all]\ndirs.\"/w\" = {writable}\n[apps.b]\ndirs.\"/d\" = \"work\"\n"),
            Some("work"),
        ),
        (
            format!("[all]\ndirs.\"/w\" = {writable}\ndirs.\"/d\" = \".\"\n"),
            Some(""),
        ),
        (
            format!(
                "[groups.g]\napps = [\"a\"]\ndirs.\"/w\" = {writable}\n[apps.b]\ndirs.\"/d\" = \"work/in\"\n"
            ),
            Some("work/in"),
        ),
        // Nobody writes, or they do not overlap; or one grant is shared.
        (
            "[all]\ndirs.\"/w\" = \"work\"\ndirs.\"/d\" = \"work/in\"\n".to_owned(),
            None,
        ),
        (
            format!(
                "[groups.g]\napps = [\"a\", \"b\"]\ndirs.\"/w\" = {writable}\ndirs.\"/d\" = \"apart\"\n"
            ),
            None,
        ),
        // A folder that does not exist overlaps with nothing.
        (
            format!("[all]\ndirs.\"/w\" = {writable}\ndirs.\"/d\" = \"work/absent\"\n"),
            None,
        ),
    ];
    for (text, overlaps) in cases {
        let built = builder().policy(policy(folder.path(), &text)).build();
        match (built, overlaps) {
            (Ok(_), None) => {}
            (Err(HostError::GrantsOverlap { writable, other }), Some(name)) => {
                let at = |name: &str| folder.path().join(name);
                let other = other.components().collect::<std::path::PathBuf>();
                let expected = at(name).components().collect::<std::path::PathBuf>();
                assert_eq!((writable, other), (at("work"), expected), "{text}");
            }
            (built, _) => panic!("{text}: {:?}", built.err()),
        }
    }
}

#[test]
fn what_a_run_brings_stands_apart_from_what_is_granted_for_writing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("work/in")).unwrap();
    fs::create_dir_all(at("read/in")).unwrap();
    let text = "[apps.other]\ndirs.\"/w\" = { host = \"work\", writable = true }\ndirs.\"/r\" = \"read\"\n";
    let host = builder()
        .policy(policy(folder.path(), text))
        .build()
        .unwrap();
    let section = |name: &str| {
        let line = format!("dirs.\"/s\" = \"{}\"", at(name).display());
        Section::parse(&line).unwrap()
    };
    let bring = |name: &str, writable| Run::new().dir(dir(at(name), "/data", writable));
    let cases = [
        (bring("read", false), None),
        (bring("read/in", false).grant(section("read")), None),
        (bring("work/in", false), Some(("work", "work/in"))),
        (bring("read/in", true), Some(("read/in", "read"))),
        (
            bring("read", false).grant(section("work")),
            Some(("work", "work")),
        ),
    ];
    for (run, expected) in cases {
        match (seen(&host, &run), expected) {
            (Ok(_), None) => {}
            (Err(HostError::GrantsOverlap { writable, other }), Some(names)) => {
                assert_eq!((writable, other), (at(names.0), at(names.1)));
            }
            (seen, _) => panic!("{run:?}: {seen:?}"),
        }
    }
    // Without a policy, what the run itself brings.
    let free = builder().build().unwrap();
    let both = bring("work", true).dir(dir(at("work/in"), "/in", false));
    assert!(matches!(
        seen(&free, &both),
        Err(HostError::GrantsOverlap { .. })
    ));
    let twice = bring("work", false).dir(dir(at("work/in"), "/in", false));
    assert_eq!(seen(&free, &twice).unwrap().len(), 1);
}

/// The host executes compiled code, the policy grants, and the ledger is the audit trail. If a guest could write
/// them, or move what their names lead through, they would not restrict it.
#[test]
fn no_guest_is_let_write_to_the_hosts_own_files() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["home/cache", "home/out", "records", "policies/out", "apart"] {
        fs::create_dir_all(at(name)).unwrap();
    }
    fs::set_permissions(at("home/cache"), PermissionsExt::from_mode(0o700)).unwrap();
    symlink("../records/ledger", at("home/link")).unwrap();
    let key = LedgerKey::create(&at("key")).unwrap();
    create(&at("records/ledger"), "node", &key.public_key(), 0).unwrap();
    let host = |text: &str, ledger: &str| {
        let policy = Policy::parse(&at("policies/policy.toml"), text).unwrap();
        let host = Host::builder().slots(1).cache(at("home/cache"));
        let host = host.ledger(at(ledger), Durability::Run);
        host.policy(policy).build()
    };
    let opens = |error: Option<HostError>| match error {
        None => None,
        Some(HostError::GrantOpensOwn {
            writable,
            what,
            path,
        }) => Some((writable, what, path)),
        Some(other) => panic!("{other:?}"),
    };
    let cache = Some(("the cache of compiled code", "home/cache"));
    let ledger = Some(("the ledger", "records/ledger"));
    let linked = Some(("the ledger", "home/link"));
    let policy = Some(("the policy", "policies/policy.toml"));
    for (name, ledger_file, expected) in [
        ("home/cache", "records/ledger", cache),
        ("home", "records/ledger", cache),
        ("", "records/ledger", cache),
        ("records", "records/ledger", ledger),
        // And where the link leads.
        ("records", "home/link", linked),
        ("policies", "records/ledger", policy),
        ("home/out", "home/link", None),
        ("policies/out", "records/ledger", None),
        ("apart", "records/ledger", None),
    ] {
        let expected = expected.map(|(what, path)| (at(name), what, at(path)));
        let free = host("", ledger_file).unwrap();
        let brought = |writable| Run::new().dir(dir(at(name), "/data", writable));
        let app = free.load_file(guest("hello-world")).unwrap();
        let ran = |run: &Run| opens(RUNTIME.block_on(free.run(&app, run)).err());
        assert_eq!(ran(&brought(true)), expected, "{name}");
        // Whoever grants reading decides that.
        assert_eq!(ran(&brought(false)), None, "{name}");
        drop(free);
        let grant = format!(
            "[all]\ndirs.\"/d\" = {{ host = \"{}\", writable = true }}\n",
            at(name).display()
        );
        assert_eq!(opens(host(&grant, ledger_file).err()), expected, "{name}");
    }
}
