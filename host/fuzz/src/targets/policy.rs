//! A policy file, and the decision about a component under that policy.
//!
//! The input up to the first zero byte is the policy. The bytes up to the next zero byte are the micro-app's
//! name. The rest is its manifest.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use fractalaw_host::capability::Offer;
use fractalaw_host::{
    DirAsk, Inspection, Manifest, Policy, PolicyError, Quotas, Refusal, Run, Section, Tier,
};
use wasm_encoder::{ComponentNameSection, Encode};

use crate::check;

pub(crate) fn run(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let text = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let name = parts.next().map(String::from_utf8_lossy);
    let manifest = parts.next().map(<[u8]>::to_vec);
    let component = component(
        &name.unwrap_or("greedy".into()),
        &manifest.unwrap_or_else(|| greedy().encode()),
    );
    if let Err(error) = section(&text) {
        wrong(&text, &error);
    }
    match policy_of(&text) {
        Ok(policy) => decide(&component, &policy),
        Err(error) => {
            assert!(error.to_string().starts_with("`policy.toml`:"), "{error}");
            wrong(&text, &error);
        }
    }
}

/// Reads and checks lines of a section, as a host does.
fn section(text: &str) -> Result<Section, PolicyError> {
    let section = Section::parse(text)?;
    section.check(Offer::standard())?;
    Ok(section)
}

/// The same for a policy.
fn policy_of(text: &str) -> Result<Policy, PolicyError> {
    let policy = Policy::parse(Path::new("policy.toml"), text)?;
    policy.check(Offer::standard())?;
    Ok(policy)
}

/// The error for an invalid policy has a line and a hint.
fn wrong(text: &str, error: &PolicyError) {
    for said in [error.to_string(), error.hint.clone()] {
        check::printable(&said);
        assert!(!said.contains('\n') && !said.is_empty(), "{said}");
    }
    let lines = 1 + text.matches('\n').count();
    assert!(error.line.is_none_or(|line| (1..=lines).contains(&line)));
}

/// Whatever is missing can be granted with the lines in the message.
fn decide(component: &[u8], policy: &Policy) {
    let Ok(inspection) = Inspection::of(component) else {
        return;
    };
    let Some(missing) = missing(&inspection, &Run::new(), policy) else {
        return;
    };
    let lines: Vec<_> = missing.lines().skip(1).collect();
    for line in &lines {
        let read = section(line);
        assert_eq!(
            read.is_ok_and(|section| section.is_empty()),
            line.starts_with('#')
        );
    }
    let all = section(&lines.join("\n")).expect("lines can stand together");
    let left = self::missing(&inspection, &Run::new().grant(all), policy);
    let left = left.iter().flat_map(|text| text.lines().skip(1)).count();
    let impossible = lines.iter().filter(|line| line.starts_with('#'));
    assert_eq!(left, impossible.count(), "{missing}");
    // These lines are a valid policy file, and it applies to this micro-app.
    let own = policy_of(&missing);
    let own = own.unwrap_or_else(|error| panic!("{missing}\n{error}"));
    let verdict = inspection.verdict(&Run::new(), Some(&own));
    let verdict = verdict.expect("the policy was checked");
    assert_eq!(verdict.decision.sections.len(), 1, "{missing}");
}

/// The section of policy that would grant what is missing, if anything is.
fn missing(inspection: &Inspection, run: &Run, policy: &Policy) -> Option<String> {
    let verdict = inspection.verdict(run, Some(policy));
    let verdict = verdict.expect("the policy was checked");
    check::printable(&inspection.text(&verdict));
    let json = inspection.json(&verdict);
    check::printable(&json);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["starts"], verdict.refusal.is_none());
    match verdict.refusal? {
        Refusal::NotGranted(not_granted) => {
            check::printable(&not_granted.to_string());
            Some(not_granted.policy())
        }
        _ => None,
    }
}

fn component(name: &str, manifest: &[u8]) -> Vec<u8> {
    static PLAIN: LazyLock<Vec<u8>> = LazyLock::new(|| fractalaw_testing::component("", ""));
    let mut names = ComponentNameSection::new();
    names.component(name);
    let mut component = PLAIN.clone();
    component.push(0);
    names.encode(&mut component);
    fractalaw_testing::with_section(&component, fractalaw_manifest::SECTION, manifest)
}

/// Some of every quota, and more than the host has of some.
fn greedy_quotas() -> Quotas {
    let quotas = Offer::standard().quotas().iter();
    let wanted = quotas.zip([100, u64::MAX].into_iter().cycle());
    wanted
        .map(|(quota, wanted)| (&*quota.quota.name, wanted))
        .collect()
}

/// Asks for one of each kind.
fn greedy() -> Manifest {
    let dir = |guest: &str, writable| DirAsk {
        guest: guest.to_owned(),
        writable,
    };
    Manifest {
        tier: Tier::Heavy,
        interfaces: None,
        args: true,
        env: vec!["PATH".to_owned(), "SITE".to_owned()],
        stdin: true,
        dirs: vec![dir("/in", false), dir("/out", true)],
        quotas: greedy_quotas(),
        asks: BTreeMap::new(),
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let quotas = Offer::standard().quotas().iter();
    let quotas = quotas.zip(1..);
    let quotas: String = quotas
        .map(|(quota, bound)| format!("quotas.{} = {bound}\n", quota.quota.name))
        .collect();
    let every_key = r#"[groups.readers]
apps = ["greedy", "@0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]
dirs."/in" = "regulations"
env.PATH = "en"
[apps.greedy]
args = ["one", "two"]
stdin = true
[apps."other@0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]
interfaces."fractal:app/data-query" = true
dirs."/out" = { host = "/srv/permits", writable = true }
"#;
    let hostile =
        "[apps.\"\\u001b[2J\"]\n\"\\u001b\" = 1\nenv.A = \"\u{9b}2J\u{202e}\"\r\n# \u{2028}";
    let manifest =
        r#"{"version":1,"manifest":{"env":["A_B"],"dirs":[{"guest":"/a b","writable":true}]}}"#;
    let named = |policy: &str, name: &str| [policy, name, manifest].join("\0").into_bytes();
    vec![
        Vec::new(),
        format!("[all]\ntier = \"standard\"\n{quotas}{every_key}").into(),
        hostile.into(),
        "all = { env = { A = true }, args = true, interfaces = { \"wasi:sockets\" = true } }"
            .into(),
        "[all]\nquotas = { audit-entries = 0x1F, host-calls = 1_0 }\ntier = '''heavy'''".into(),
        named("[all]\n", "greedy"),
        named("[apps.\"quoted name\"]\nargs = true", "quoted name"),
        named("", "\u{1b}[2J\"]\n[all"),
        named("", "a@b"),
        named("", ""),
    ]
}
