//! Compares what is asked for with what is granted: a component that lacks a grant does not start, and one
//! message lists everything that is missing.

use std::fs;
use std::path::Path;

use fractalaw_host::{
    By, DirGrant, Granted, Host, HostError, Inspection, Item, LoadError, Manifest, Outcome, Policy,
    Quota, Refusal, Report, Run, Section, Tier,
};
use fractalaw_testing::greedy;

use crate::components::{
    RUNTIME, cache, component, guest_bytes, policy_of_cases, run, with_manifest, with_section,
};

pub(crate) fn host(policy: &str) -> Host {
    let policy = Policy::parse(Path::new("policy.toml"), policy).unwrap();
    Host::builder()
        .slots(1)
        .cache(cache())
        .policy(policy)
        .build()
        .unwrap()
}

/// A host without a policy.
pub(crate) fn free() -> Host {
    Host::builder().slots(1).cache(cache()).build().unwrap()
}

/// The lines of policy that are missing.
fn missing(report: &Report) -> Vec<String> {
    match &report.outcome {
        Outcome::Refused(Refusal::NotGranted(not_granted)) => not_granted
            .missing
            .iter()
            .map(|missing| missing.line().unwrap_or_else(|| missing.item.to_string()))
            .collect(),
        outcome => panic!("{outcome:?}"),
    }
}

fn granted(item: Item, by: By) -> Granted {
    Granted { item, by }
}

#[test]
fn who_is_granted_nothing_hears_of_all_that_is_missing_at_once() {
    let bytes = with_manifest(&guest_bytes("wants-everything"), &greedy());
    let report = run(
        &host(
            "[all]\nquotas.host-calls = 1\nquotas.host-bytes = 2\nquotas.audit-entries = 3\nquotas.audit-bytes = 4\nquotas.host-memory = 5\n",
        ),
        &bytes,
        Run::new(),
    );
    assert_eq!(
        missing(&report),
        [
            "tier = \"heavy\"",
            "interfaces.\"wasi:sockets\" = true",
            "args = true",
            "env.PATH = true",
            "env.SITE = true",
            "stdin = true",
            "dirs.\"/in\" = true",
            "dirs.\"/out\" = { writable = true }",
            "quotas.host-calls = 100",
            "quotas.host-bytes = 10000",
            "quotas.audit-entries = 4",
            "quotas.audit-bytes = 1000",
            "quotas.host-memory = 100000",
        ]
    );
    assert_eq!(report.fuel.consumed(), 0);
    assert_eq!(
        report.text(),
        "refused: it asks for 13 things that it is not granted; these lines of policy grant it:\n  \
         [apps.wants-everything]\n  \
         tier = \"heavy\"  # the tier `heavy`; the highest granted is `standard`\n  \
         interfaces.\"wasi:sockets\" = true  # the network, `wasi:sockets`\n  \
         args = true  # arguments\n  \
         env.PATH = true  # the variable `PATH`\n  \
         env.SITE = true  # the variable `SITE`\n  \
         stdin = true  # standard input\n  \
         dirs.\"/in\" = true  # the folder `/in`, read-only\n  \
         dirs.\"/out\" = { writable = true }  # the folder `/out`, writable\n  \
         quotas.host-calls = 100  # 100 host calls; granted are 1\n  \
         quotas.host-bytes = 10000  # 10000 bytes in all host calls; granted are 2\n  \
         quotas.audit-entries = 4  # 4 audit entries; granted are 3\n  \
         quotas.audit-bytes = 1000  # 1000 bytes of audit entries; granted are 4\n  \
         quotas.host-memory = 100000  # 100000 bytes of the host's memory; granted are 5\n\
         hint: put the lines that you agree to into a policy file and run with `--policy FILE`, or give \
         each after `--grant`\n"
    );
}

#[test]
fn each_missing_line_is_enough_for_what_it_is_about() {
    let bytes = with_manifest(&guest_bytes("wants-everything"), &greedy());
    let lowered = "[all]\ntier = \"standard\"\nquotas.host-calls = 1\nquotas.host-bytes = 2\nquotas.audit-entries = 3\nquotas.audit-bytes = 4\nquotas.host-memory = 5\n";
    let all = missing(&run(&host(lowered), &bytes, Run::new()));
    for line in &all {
        let policy = format!("{lowered}[apps.wants-everything]\n{line}\n");
        let left = missing(&run(&host(&policy), &bytes, Run::new()));
        let expected: Vec<_> = all.iter().filter(|other| *other != line).collect();
        assert_eq!(left.iter().collect::<Vec<_>>(), expected, "{line}");
    }
}

#[test]
fn what_a_run_brings_it_is_granted_by_that() {
    let mut manifest = greedy();
    manifest.tier = Tier::Lightweight;
    let bytes = with_manifest(&guest_bytes("wants-everything"), &manifest);
    let folder = tempfile::tempdir().unwrap();
    for name in ["in", "out"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let dir = |guest: &str, writable| DirGrant {
        host: folder.path().join(&guest[1..]),
        guest: guest.to_owned(),
        writable,
    };
    let given = Run::new()
        .arg("one")
        .env("PATH", "/bin")
        .env("SITE", "7")
        .stdin("text")
        .dir(dir("/in", false))
        .grant(Section::parse("interfaces.\"wasi:sockets\" = true").unwrap());
    let report = run(&free(), &bytes, given.clone().dir(dir("/out", false)));
    assert_eq!(missing(&report), ["dirs.\"/out\" = { writable = true }"]);
    let Outcome::Refused(refusal) = &report.outcome else {
        panic!()
    };
    assert!(refusal.to_string().ends_with("; granted is reading only"));
    let report = run(&free(), &bytes, given.dir(dir("/out", true)));
    assert_eq!(report.outcome.kind(), "completed");
    let item = |guest: &str, writable| Item::Dir {
        guest: guest.to_owned(),
        writable,
    };
    assert_eq!(
        report.grants.granted,
        [
            granted(Item::Interface("wasi:sockets".to_owned()), By::Policy),
            granted(Item::Args, By::Run),
            granted(Item::Env("PATH".to_owned()), By::Run),
            granted(Item::Env("SITE".to_owned()), By::Run),
            granted(Item::Stdin, By::Run),
            granted(item("/in", false), By::Run),
            granted(item("/out", true), By::Run),
        ]
    );
    assert_eq!(report.grants.not_asked, []);
    // It never asks for its arguments and never reads its input.
    assert_eq!(report.grants.unused, [Item::Args, Item::Stdin]);
    let line = "\nGranted, not used: arguments, standard input\n";
    assert!(report.text().contains(line), "{}", report.text());
}

#[test]
fn a_policy_gives_values_and_the_run_stands_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/note.txt"), "hello").unwrap();
    let text = "[apps.granted-inputs]\nargs = [\"--site\", \"seven\"]\nenv.SITE = \"7\"\n\
                env.OTHER = true\ndirs.\"/data\" = \"data\"\n";
    let host = host_at(&path, text);
    let report = run(&host, &guest_bytes("granted-inputs"), Run::new());
    let Outcome::Completed(given) = &report.outcome else {
        panic!("{:?}", report.outcome)
    };
    let lines: Vec<&str> = given.lines().map(str::trim).take(8).collect();
    let expected = [
        "arguments:",
        "\"--site\"",
        "\"seven\"",
        "environment:",
        "SITE=7",
        "stdin:",
        "folder:",
        "`/data/note.txt` holds 5 bytes: \"hello\"",
    ];
    assert_eq!(lines, expected);
    assert_eq!(report.grants.sections, ["apps.granted-inputs"]);
    // The variable was granted and not given. Everything that was given was used.
    assert_eq!(report.grants.unused, []);
    assert_eq!(report.grants.not_asked.len(), 4);
    let brought = Run::new().arg("mine").env("SITE", "8");
    let report = run(&host, &guest_bytes("granted-inputs"), brought);
    let Outcome::Completed(given) = &report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert!(
        given.contains("\"mine\"") && !given.contains("seven"),
        "{given}"
    );
    assert!(
        given.contains("SITE=8") && !given.contains("SITE=7"),
        "{given}"
    );
}

fn host_at(path: &Path, text: &str) -> Host {
    fs::write(path, text).unwrap();
    let policy = Policy::load(path).unwrap();
    Host::builder()
        .slots(1)
        .cache(cache())
        .policy(policy)
        .build()
        .unwrap()
}

#[test]
fn the_most_particular_section_decides() {
    let bytes = guest_bytes("hello-world");
    let digest = Inspection::of(&bytes).unwrap().app.digest;
    // The same except for the last digit.
    let last = if digest.ends_with('0') { '1' } else { '0' };
    let (digits, other) = (&*digest, &format!("{}{last}", &digest[..63]));
    let all = "[all]\nquotas.host-calls = 50\nquotas.host-bytes = 50\nquotas.audit-entries = 50\n\
               quotas.audit-bytes = 50\ntier = \"heavy\"\n";
    let text = format!(
        "{all}[groups.b]\napps = [\"hello-world\"]\nquotas.host-calls = 40\nquotas.host-bytes = 40\n\
         quotas.audit-entries = 40\n[groups.a]\napps = [\"@{digits}\", \"no-such-app\"]\n\
         quotas.host-calls = 30\nquotas.host-bytes = 30\n[apps.hello-world]\nquotas.host-calls = 20\n\
         quotas.host-bytes = 20\n[apps.\"hello-world@{digits}\"]\nquotas.host-calls = 10\n\
         [apps.\"hello-world@{other}\"]\nquotas.host-calls = 1\n[apps.\"other@{digits}\"]\n\
         quotas.host-calls = 2\n"
    );
    let policy = Policy::parse(Path::new("p.toml"), &text).unwrap();
    let inspection = Inspection::of(&bytes).unwrap();
    let verdict = inspection.verdict(&Run::new(), Some(&policy)).unwrap();
    assert_eq!(
        verdict.decision.sections,
        [
            &format!("apps.hello-world@{digits}"),
            "apps.hello-world",
            "groups.a",
            "groups.b",
            "all"
        ]
    );
    let quotas = verdict.limits.quotas;
    assert_eq!(
        [
            quotas.of(&Quota::HOST_CALLS),
            quotas.of(&Quota::HOST_BYTES),
            quotas.of(&Quota::AUDIT_ENTRIES),
            quotas.of(&Quota::AUDIT_BYTES)
        ],
        [10, 20, 40, 50]
    );
    let line = Run::new().grant(Section::parse("quotas.host-calls = 5").unwrap());
    let verdict = inspection.verdict(&line, Some(&policy)).unwrap();
    assert_eq!(verdict.decision.sections[0], "command line");
    assert_eq!(verdict.limits.quotas.of(&Quota::HOST_CALLS), 5);
}

#[test]
fn only_a_policy_bounds_the_tier() {
    let heavy = Manifest {
        tier: Tier::Heavy,
        ..Manifest::default()
    };
    let bytes = with_manifest(&component("", ""), &heavy);
    assert_eq!(run(&free(), &bytes, Run::new()).outcome.kind(), "completed");
    assert_eq!(
        missing(&run(&host(""), &bytes, Run::new())),
        ["tier = \"heavy\""]
    );
    // Whoever starts the run is bounded as the manifest is.
    let plain = component("", "");
    let report = run(&host("[all]\ntier = \"lightweight\"\n"), &plain, Run::new());
    assert_eq!(missing(&report), ["tier = \"standard\""]);
    let report = run(&host(""), &plain, Run::new().tier(Tier::Heavy));
    assert_eq!(missing(&report), ["tier = \"heavy\""]);
}

#[test]
fn a_manifest_that_names_interfaces_names_all_that_are_imported() {
    let manifest = Manifest {
        interfaces: Some(vec!["fractal:app/data-query".to_owned()]),
        ..Manifest::default()
    };
    let bytes = with_manifest(&guest_bytes("wants-everything"), &manifest);
    let message =
        "the component imports `wasi:sockets`, which its manifest does not name".to_owned();
    match free().load(&bytes) {
        Err(LoadError::Refused(refusal)) => assert_eq!(refusal, Refusal::Manifest { message }),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_of_the_policy_that_is_not_there_fails_the_request() {
    let host = host("[all]\ndirs.\"/data\" = \"no/such/folder\"\n");
    let app = host.load(&guest_bytes("hello-world")).unwrap();
    match RUNTIME.block_on(host.run(&app, &Run::new())) {
        Err(HostError::Grant { path, .. }) => assert_eq!(path, Path::new("no/such/folder")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_policy_of_the_cases_is_one_and_denies_what_it_does_not_name() {
    let policy = policy_of_cases();
    let inspection = Inspection::of(&guest_bytes("wants-everything")).unwrap();
    assert!(
        inspection
            .verdict(&Run::new(), Some(&policy))
            .unwrap()
            .refusal
            .is_none()
    );
    let nothing = inspection
        .verdict(&Run::new(), Some(&Policy::default()))
        .unwrap();
    let Some(Refusal::NotGranted(not_granted)) = nothing.refusal else {
        panic!()
    };
    assert_eq!(
        not_granted.policy(),
        "[apps.wants-everything]\ninterfaces.\"wasi:sockets\" = true  # the network, `wasi:sockets`"
    );
}

/// Whoever reads a line of policy must see which micro-app it is for.
#[test]
fn a_long_name_is_not_what_a_line_of_policy_names_it_by() {
    for (length, is_named) in [(200, true), (201, false)] {
        let name = "n".repeat(length);
        let mut names = vec![0, 0xca + u8::from(!is_named), 1];
        names.extend([0xc8 + u8::from(!is_named), 1]);
        names.extend(name.as_bytes());
        let bytes = with_section(&guest_bytes("wants-everything"), "component-name", &names);
        let inspection = Inspection::of(&bytes).unwrap();
        assert_eq!(inspection.app.name.as_deref(), Some(&*name));
        let refusal = inspection.verdict(&Run::new(), None).unwrap().refusal;
        let Some(Refusal::NotGranted(not_granted)) = refusal else {
            panic!("{refusal:?}");
        };
        let expected = match is_named {
            true => format!("apps.{name}"),
            false => format!("apps.\"@{}\"", inspection.app.digest),
        };
        assert_eq!(not_granted.section, expected);
    }
}
