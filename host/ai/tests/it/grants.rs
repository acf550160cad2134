//! What is granted, and what a run is told if it is granted less than it asks for.

use std::path::Path;

use fractalaw_host::{Code, Outcome, Policy, Refusal, Run, Section};
use fractalaw_testing::RUNTIME;

use crate::guests::Does::Embed;
use crate::guests::{builder, guest, ran, said};

#[test]
fn without_a_grant_it_is_refused_before_it_runs_with_the_lines_to_paste() {
    let report = ran(&[Embed("fire")], &Run::new());
    let Outcome::Refused(Refusal::NotGranted(refused)) = &report.outcome else {
        panic!("{}", report.outcome);
    };
    let missing = refused.missing.iter().filter_map(|missing| missing.line());
    let lines: Vec<_> = missing.collect();
    assert_eq!(
        lines,
        [
            "interfaces.\"fractal:app/ai-classify\" = true",
            "interfaces.\"fractal:app/ai-embeddings\" = true",
            "ai.\"embed\" = true",
            "ai.\"classify\" = true",
        ]
    );
    assert!(report.host_calls.is_empty());
    // With these lines in a policy it runs.
    let text = format!("[apps.asker]\n{}", lines.join("\n"));
    let policy = Policy::parse(Path::new("p.toml"), &text).unwrap();
    let host = builder().policy(policy).build().unwrap();
    let app = host.load(&guest(&[Embed("fire")])).unwrap();
    let report = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap();
    assert_eq!(said(&report).len(), 8 * 128 + 1);
}

#[test]
fn what_no_policy_may_say_is_an_error_with_its_line() {
    for (line, message) in [
        ("ai = \"static\"", "`ai` is string, expected a table"),
        (
            "ai.embed = 7",
            "`embed` is integer, expected `\"static\"`, the model in the host, `true`, which is the same, the name of a \
             model of the list `models`, or a served model, such as `{ model = \"NAME\", url = \"…\" }` with `http://127.0.0.1:PORT/v1`, or `unix:/PATH`, \
             and `key` and `dimensions` if needed",
        ),
        (
            "ai.embeds = true",
            "unknown key `ai.embeds`, expected `ai.embed`, `ai.classify`, `ai.generate`, `ai.examples`, `ai.models`, \
             `ai.replay`, `ai.record`, `ai.texts`",
        ),
        (
            "ai.generate = { model = \"m\", ulr = \"unix:/m\" }",
            "`generate` is table, expected the name of a model of the list `models`, or a served model with `model`, `url`, \
             `key` and `dimensions`, and not with `ulr`",
        ),
        (
            "ai.examples = { fire = [] }",
            "`examples` is table, expected for each category a list of texts, such as `{ \"near miss\" = [\"a beam \
             fell, nobody was hurt\"] }`",
        ),
    ] {
        let policy = Policy::parse(Path::new("p.toml"), &format!("[all]\n{line}")).unwrap();
        let error = builder().policy(policy).build().map(drop).unwrap_err();
        assert_eq!(error.to_string(), format!("`p.toml`:2: {message}"));
        let hint = error.hint().unwrap();
        match line {
            "ai.embeds = true" => assert_eq!(hint, "did you mean `ai.embed`?"),
            _ => assert_eq!(hint, "`host/POLICY.md` describes every key"),
        }
    }
}

/// The error of all three interfaces stands in `ai-embeddings`. Who has only the type asks for no embeddings. A host that
/// takes the code from its cache says the same.
#[test]
fn a_guest_that_only_classifies_asks_for_that_alone() {
    let bytes = wat::parse_str(include_str!("../components/classify-only.wat")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for code in [Code::Compiled, Code::Cached] {
        let host = builder().cache(folder.path()).build().unwrap();
        let app = host.load(&bytes).unwrap();
        assert_eq!(app.code(), code);
        assert_eq!(
            app.interfaces().collect::<Vec<_>>(),
            ["fractal:app/ai-classify"]
        );
        let report = RUNTIME.block_on(host.run(&app, &Run::new())).unwrap();
        let Outcome::Refused(Refusal::NotGranted(refused)) = &report.outcome else {
            panic!("{}", report.outcome);
        };
        let missing = refused.missing.iter().filter_map(|missing| missing.line());
        let lines: Vec<_> = missing.collect();
        assert_eq!(
            lines,
            [
                "interfaces.\"fractal:app/ai-classify\" = true",
                "ai.\"classify\" = true"
            ]
        );
        let run = Run::new().grant(Section::parse(&lines.join("\n")).unwrap());
        let report = RUNTIME.block_on(host.run(&app, &run)).unwrap();
        assert_eq!(report.outcome, Outcome::Completed("0".into()));
        assert_eq!(report.effects.len(), 1);
    }
}
