//! Quotas of a policy: each is reached to the unit, and named.

use fractalaw_host::{Inspection, Manifest, Outcome, Quota, Quotas, Run};

use crate::components::{component, guest_bytes, run, with_manifest};
use crate::grants::{free, host};

#[test]
fn a_quota_of_policy_is_reached_exactly_and_named() {
    let bytes = guest_bytes("hello-world");
    let size = run(&free(), &bytes, Run::new()).host_calls[0].bytes_in;
    let three = component("", "(call $record) (call $record) (call $record)");
    let cases = [
        (&three, "host-calls", Quota::HOST_CALLS, 3, 2),
        (&three, "audit-entries", Quota::AUDIT_ENTRIES, 3, 2),
        (&bytes, "host-bytes", Quota::HOST_BYTES, size, 0),
        (&bytes, "audit-bytes", Quota::AUDIT_BYTES, size, 0),
        (&three, "host-memory", Quota::HOST_MEMORY, 3 * 128, 2),
    ];
    for (bytes, name, quota, enough, kept) in cases {
        let limited = |limit: u64| {
            let host = host(&format!("[all]\nquotas.{name} = {limit}\n"));
            run(&host, bytes, Run::new())
        };
        assert_eq!(limited(enough).outcome.kind(), "completed", "{name}");
        let report = limited(enough - 1);
        let limit = enough - 1;
        assert_eq!(quota.name, name);
        assert_eq!(report.outcome, Outcome::QuotaExceeded { quota, limit });
        assert_eq!(report.audit.len(), kept, "{name}");
        // The call that exceeded the quota was paid, and is counted.
        assert_eq!(report.host_calls[0].calls, kept as u64 + 1, "{name}");
        let text = report.text();
        let line = format!(
            "Limits: tier {}, but {name} {limit} (lower than ",
            report.limits.tier
        );
        assert!(text.contains(&line), "{text}");
    }
}

/// Ten timers, and each once more when all are waited for.
#[test]
fn a_policy_lowers_what_a_run_may_hold() {
    let bytes = guest_bytes("waits-and-streams");
    let timers = || Run::new().arg("timers").arg("10");
    for (limit, outcome) in [
        (20, "completed"),
        (19, "quota-exceeded"),
        (3, "quota-exceeded"),
    ] {
        let host = host(&format!("[all]\nquotas.handles = {limit}\n"));
        let report = run(&host, &bytes, timers());
        assert_eq!(report.outcome.kind(), outcome, "{limit}");
        if let Outcome::QuotaExceeded {
            quota,
            limit: named,
        } = &report.outcome
        {
            assert_eq!((quota, *named), (&Quota::HANDLES, limit));
        }
        let line = format!("Limits: tier standard, but handles {limit} (lower than 256)");
        assert!(report.text().contains(&line), "{}", report.text());
    }
}

#[test]
fn more_than_the_host_has_no_policy_can_grant() {
    let manifest = Manifest {
        quotas: Quotas::from_iter([("audit-entries", 10_001)]),
        ..Manifest::default()
    };
    let bytes = with_manifest(&component("", ""), &manifest);
    let report = run(&free(), &bytes, Run::new());
    let digest = Inspection::of(&bytes).unwrap().app.digest;
    let Outcome::Refused(refusal) = &report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert_eq!(
        refusal.to_string(),
        format!(
            "it asks for 1 thing that it is not granted; these lines of policy grant it:\n\
             [apps.\"@{}\"]\n# no policy grants 10001 audit entries; this host's most is 10000",
            digest
        )
    );
}
