//! A report of every kind.

use std::path::PathBuf;
use std::time::Duration;

use fractalaw_contract::type_depth::TooNested;
use fractalaw_manifest::Tier;
use fractalaw_report::{
    App, AppliedLimits, AuditEntry, By, COST_MODEL, Captured, Certainty, Decision, Durations,
    During, Effect, Fuel, FunctionFuel, Granted, HostCall, HostCalls, Item, Limits, Listed, Memory,
    MemoryKind, Mismatch, Missing, MissingFunction, NotGranted, Outcome, PolicyId, Profile,
    ProfileNode, Proposal, Quota, QuotaLimit, QuotaLimits, Refusal, Report, Settled, Trace, Trap,
    TrapCode, Unmetered, limits,
};

/// A quota of a capability.
pub(crate) const ROWS: Quota = Quota::new("rows-read", "rows");

/// Text that a terminal would obey and that JSON must escape.
const HOSTILE: &str = "\u{1b}[2J\"\\\n\u{202e}é";

pub(crate) fn items() -> Vec<Item> {
    vec![
        Item::Tier(Tier::Heavy),
        Item::Interface("wasi:sockets".to_owned()),
        Item::Interface("fractal:app/data-query".to_owned()),
        Item::Dir {
            guest: "/data".to_owned(),
            writable: true,
        },
        Item::Dir {
            guest: "a b = true".to_owned(),
            writable: false,
        },
        Item::Env("SITE".to_owned()),
        Item::Env(HOSTILE.to_owned()),
        Item::Args,
        Item::Stdin,
        Item::Quota(Quota::AUDIT_ENTRIES, 9),
        Item::Quota(ROWS, 9),
        Item::Named {
            key: "warnings".to_owned(),
            name: "Dover = true".to_owned(),
            what: "warnings for".to_owned(),
            value: "true".to_owned(),
            interfaces: vec!["test:weather/warnings".to_owned()],
        },
        Item::Named {
            key: "data".to_owned(),
            name: "transaction".to_owned(),
            what: "data:".to_owned(),
            value: "\"call\"".to_owned(),
            interfaces: Vec::new(),
        },
    ]
}

/// A run that did everything and ended like this.
pub(crate) fn report(outcome: Outcome) -> Report {
    let mut quotas = QuotaLimits::with([
        QuotaLimit::host(ROWS, 100),
        QuotaLimit::host(Quota::new("events", "events"), 10),
        QuotaLimit::host(Quota::AUDIT_BYTES, limits::AUDIT_BYTES as u64),
        QuotaLimit::host(Quota::AUDIT_ENTRIES, limits::AUDIT_ENTRIES as u64),
    ]);
    quotas.lower("rows-read", 7);
    quotas.lower("host-calls", 5);
    let granted = items()
        .into_iter()
        .zip([By::Policy, By::Run].into_iter().cycle());
    Report {
        app: Some(App {
            name: Some("sample".into()),
            version: None,
            digest: "5a".repeat(32).into(),
        }),
        outcome,
        backtrace: vec!["inner".to_owned(), HOSTILE.to_owned()],
        audit: vec![AuditEntry {
            sequence: 1,
            time_unix_ns: 1_735_689_600_000_000_000,
            fuel: 1,
            event_type: "read".to_owned(),
            resource: "permit".to_owned(),
            detail: HOSTILE.to_owned(),
        }],
        unmetered: vec![Unmetered {
            capability: "data".to_owned(),
            what: HOSTILE.to_owned(),
        }],
        effects: vec![
            Effect {
                capability: "data".to_owned(),
                kind: "insert".to_owned(),
                subject: "permits".to_owned(),
                fields: vec![
                    ("rows".to_owned(), 2.into()),
                    ("by".to_owned(), HOSTILE.into()),
                    ("also".to_owned(), vec!["a", "b"].into()),
                ],
                settled: Settled::Committed,
            },
            Effect {
                capability: "events".to_owned(),
                kind: "emit".to_owned(),
                subject: HOSTILE.to_owned(),
                fields: Vec::new(),
                settled: Settled::Discarded,
            },
        ],
        fuel: Fuel {
            budget: u64::MAX,
            instantiation: 1,
            guest: 20,
            host_calls: 300,
            certainty: Certainty::LowerBound,
            cost_model: COST_MODEL - 1,
        },
        host_calls: vec![HostCalls {
            interface: "wasi:io/streams@0.2.12".into(),
            function: "[method]input-stream.read".into(),
            calls: 2,
            bytes_in: u64::MAX,
            bytes_out: 4,
            fuel: 300,
        }],
        trace: Some(Trace {
            calls: vec![HostCall {
                sequence: 1,
                interface: "wasi:io/streams@0.2.12".into(),
                function: "[method]input-stream.read".into(),
                at: 12,
                bytes_in: 3,
                bytes_out: 4,
                fuel: 300,
                facts: vec![
                    ("sql".to_owned(), HOSTILE.into()),
                    ("rows".to_owned(), 7.into()),
                ],
            }],
            dropped: 1,
        }),
        memory: Memory {
            peak_bytes: 65_536,
            cap_bytes: 1 << 28,
        },
        stdout: Captured {
            bytes: HOSTILE.into(),
            dropped_bytes: 1,
            ..Captured::default()
        },
        // The first bytes of a character: as many as the replacement character has.
        stderr: Captured {
            bytes: b"cut: \xf0\x9f\x91".to_vec(),
            ..Captured::default()
        },
        limits: AppliedLimits {
            tier: Tier::Heavy,
            limits: Limits {
                memory_bytes: 1 << 28,
                fuel: u64::MAX,
                deadline: Duration::from_micros(1_500_001),
            },
            quotas,
        },
        grants: Decision {
            policy: Some(PolicyId {
                path: PathBuf::from("/etc/policy.toml"),
                sha256: "6b".repeat(32),
            }),
            sections: vec!["apps.sample".to_owned(), "all".to_owned()],
            granted: granted.map(|(item, by)| Granted { item, by }).collect(),
            not_asked: items(),
            unused: vec![Item::Stdin],
        },
        durations: Durations {
            load: Duration::from_micros(1),
            wait: Duration::ZERO,
            run: Duration::from_secs(2),
        },
    }
}

/// A profile of a run of two functions. One of them calls the host.
pub(crate) fn profile() -> Profile {
    let function = |name: &str, module: Option<u32>, calls, own_fuel, total_fuel| FunctionFuel {
        name: name.to_owned(),
        part: None,
        module,
        module_name: module.map(|_| "main".to_owned()),
        index: module,
        calls,
        own_fuel,
        total_fuel,
    };
    let node = |parent, function, own_fuel| ProfileNode {
        parent,
        function,
        calls: 1,
        own_fuel,
    };
    Profile {
        report: report(Outcome::Completed("done".to_owned())),
        functions: vec![
            function("[instantiation]", None, 1, 1, 1),
            function("[run]", None, 1, 0, 320),
            function("[post-return]", None, 0, 0, 0),
            function(HOSTILE, Some(0), 1, 20, 320),
            function("[host] wasi:io/streams@0.2.12 read", None, 1, 300, 300),
        ],
        nodes: vec![
            node(None, 0, 1),
            node(None, 1, 0),
            node(Some(1), 3, 20),
            node(Some(2), 4, 300),
        ],
    }
}

/// Every outcome except refusals.
pub(crate) fn outcomes() -> Vec<Outcome> {
    let text = HOSTILE.to_owned();
    let mut outcomes = vec![
        Outcome::Completed(String::new()),
        Outcome::Completed("trap: no".to_owned()),
        Outcome::Completed(text.clone()),
        Outcome::GuestError(text),
        Outcome::OutOfFuel,
        Outcome::DeadlineExceeded,
        Outcome::StackOverflow,
        Outcome::Interrupted,
    ];
    for kind in [MemoryKind::LinearMemory, MemoryKind::Table] {
        outcomes.push(Outcome::MemoryLimit {
            kind,
            requested: 2,
            limit: 1,
        });
    }
    let quotas = Quota::CORE.into_iter().chain([ROWS]);
    outcomes.extend(quotas.map(|quota| Outcome::QuotaExceeded { quota, limit: 1 }));
    for code in [
        TrapCode::Unreachable,
        TrapCode::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds,
        TrapCode::IndirectCallToNull,
        TrapCode::BadSignature,
        TrapCode::IntegerOverflow,
        TrapCode::IntegerDivisionByZero,
        TrapCode::BadConversionToInteger,
        TrapCode::Exit { status: -1 },
        TrapCode::Boundary,
        TrapCode::HostPanicked,
        TrapCode::Other,
    ] {
        for during in [During::Instantiation, During::Run, During::Result] {
            outcomes.push(Outcome::Trap(Trap {
                code,
                message: HOSTILE.to_owned(),
                during,
            }));
        }
    }
    outcomes
}

/// Every reason to refuse a component or a run.
pub(crate) fn refusals() -> Vec<Refusal> {
    let names = |names: &[&str]| names.iter().copied().collect::<Listed<String>>();
    let mut functions = Listed::default();
    functions.push_with(1, || MissingFunction {
        interface: "wasi:io/poll@0.2.0".to_owned(),
        name: "streams".to_owned(),
    });
    let mut refusals = vec![
        Refusal::NotAComponent {
            found: "a core module",
        },
        Refusal::TooLarge { bytes: 1 << 30 },
        Refusal::OverSlot {
            what: "results of a function",
            found: 9,
            limit: 8,
        },
        Refusal::from(TooNested::Deep),
        Refusal::from(TooNested::Many { found: 1 << 20 }),
        Refusal::UnmeteredCrossing {
            message: HOSTILE.to_owned(),
        },
        Refusal::invalid(HOSTILE),
        Refusal::Proposal {
            used: vec![Proposal::Threads, Proposal::TailCalls],
        },
        Refusal::not_compiled("no"),
        Refusal::CompileTime {
            limit: Duration::from_secs(60),
        },
        Refusal::CompilersBusy {
            limit: Duration::from_millis(1),
        },
        Refusal::CompilerFailed,
        Refusal::manifest("no"),
        Refusal::InterfaceNotOffered {
            interfaces: names(&["fractal:app/data-query@0.1.0", HOSTILE]),
            hint: "one".to_owned(),
        },
        Refusal::FunctionNotOffered {
            functions,
            hint: "two".to_owned(),
        },
        Refusal::ImportMismatch {
            mismatch: Mismatch {
                interface: "wasi:io/poll@0.2.0".to_owned(),
                name: "poll".to_owned(),
                expected: "func()".to_owned(),
            },
            hint: "three".to_owned(),
        },
        Refusal::WrongExport { found: "missing" },
        Refusal::NotAsLocked {
            message: "it is another".to_owned(),
            hint: "pull it again".to_owned(),
        },
        Refusal::NotSigned {
            message: "it is not signed".to_owned(),
            hint: "sign it".to_owned(),
        },
        Refusal::LineFull { waiting: 1 },
    ];
    for is_kept_by_tools in [false, true] {
        refusals.push(Refusal::NotGranted(Box::new(NotGranted {
            section: "apps.\"a b\"".to_owned(),
            missing: missing(),
            is_kept_by_tools,
        })));
    }
    refusals
}

fn missing() -> Vec<Missing> {
    let mut missing: Vec<_> = items()
        .into_iter()
        .map(|item| Missing {
            item,
            instead: Some("granted are 3".to_owned()),
            grantable: true,
        })
        .collect();
    for quota in [Quota::HOST_MEMORY, ROWS] {
        missing.push(Missing {
            item: Item::Quota(quota, u64::MAX),
            instead: None,
            grantable: false,
        });
    }
    missing
}
