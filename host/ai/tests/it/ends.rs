//! What calls cost, and how a run ends that has no more.

use fractalaw_host::{Outcome, Run};

use crate::guests::Does::{Batch, Classify, Embed};
use crate::guests::{ran, run};

#[test]
fn a_call_costs_its_base_its_tokens_and_its_bytes() {
    for (does, tokens, bytes_in, bytes_out) in [
        (Embed(""), 0, 0, 512),
        // A word that is unknown is a token.
        (Embed("fire extinguishers \u{1f9ff}"), 6, 23, 512),
        (Batch(&["fire", "fire!"]), 3, 16 + 9, 2 * (8 + 512)),
        (
            Classify("smoke", &["fire", "water"]),
            3,
            5 + 16 + 9,
            2 * (8 + 4) + 9,
        ),
    ] {
        let report = ran(&[does], &run(""));
        let [calls] = &report.host_calls[..] else {
            panic!("{:?}", report.host_calls);
        };
        assert_eq!((calls.bytes_in, calls.bytes_out), (bytes_in, bytes_out));
        let bytes = bytes_in + bytes_out;
        assert_eq!(
            calls.fuel,
            10_000_000 + 700_000 * tokens + bytes,
            "{}",
            calls.function
        );
    }
}

#[test]
fn a_call_that_cannot_be_paid_ends_the_run_and_is_no_effect() {
    let report = ran(
        &[Embed("fire"), Embed("one two three")],
        &run("").fuel(22_000_000),
    );
    assert_eq!(report.outcome, Outcome::OutOfFuel);
    assert_eq!(report.fuel.consumed(), 22_000_000);
    assert_eq!(report.effects.len(), 1);
}

#[test]
fn each_quota_ends_a_run() {
    for (quota, limit) in [("ai-calls", 1), ("ai-tokens", 3)] {
        let run = run(&format!("quotas.{quota} = {limit}"));
        let report = ran(&[Embed("fire and"), Embed("smoke and")], &run);
        let Outcome::QuotaExceeded {
            quota: found,
            limit: most,
        } = &report.outcome
        else {
            panic!("{quota}: {}", report.outcome);
        };
        assert_eq!((&*found.name, *most), (quota, limit));
        assert_eq!(report.effects.len(), 1);
    }
}

#[test]
fn what_was_asked_is_an_effect_with_digests_and_texts_only_if_the_policy_says_so() {
    let does = || [Embed("fire"), Classify("smoke", &["fire", "water"])];
    let lines = |run: &Run| -> Vec<String> {
        let report = ran(&does(), run);
        report.effects.iter().map(ToString::to_string).collect()
    };
    let digests = lines(&run(""));
    assert_eq!(
        digests,
        [
            "[ai] embed static@c4b869c8d4d2 — tokens 1, request \"515c6a1e18cfdb94ee8ead1202b965eb24ba4b680fadbf68e99b10c89e2c241a\", answer \"d1944a53822ef714f984233d92a08388c93c2d5a9e330e2d112c1c62e4379e0b\" (done)",
            "[ai] classify static@c4b869c8d4d2 — tokens 3, request \"b9204a2140ed55dd7aa0da1d8ad2ee23c71fac8aec966d7d71ef5fa32f0e1a4f\", answer \"5502c2dd06398ffd7193168b2cd940ee78993f6d076b2d0f2ee74f6e3473c9bb\" (done)",
        ]
    );
    let texts = lines(&run("ai.texts = true"));
    assert!(
        texts[1].contains(r#"asked "{\"categories\":[\"fire\",\"water\"],"#),
        "{}",
        texts[1]
    );
    assert!(
        texts[1].contains(r#"answered "{\"ranking\":[[\"fire\","#),
        "{}",
        texts[1]
    );
}

#[test]
fn a_report_shows_a_thousand_calls_and_a_digest_of_the_others() {
    let does: Vec<_> = (0..1_003).map(|_| Embed("fire")).collect();
    let report = ran(&does, &run("").fuel(1_000_000_000_000));
    assert_eq!(report.effects.len(), 1_001);
    let last = report.effects[1_000].to_string();
    assert!(
        last.starts_with("[ai] further-calls all — calls 3, tokens 3, sha256 "),
        "{last}"
    );
}
