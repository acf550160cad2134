//! What the example prints, and what happens to its guest under other policies.

use super::run;

/// Runs the guest under a policy with these lines about it.
async fn under(lines: &str) -> String {
    let policy = format!("[apps.storm-watch]\n{lines}");
    run(&policy).await.unwrap()
}

/// `host/README.md` shows this output below the command.
#[tokio::test]
async fn the_example_prints_what_the_page_shows() {
    let page = include_str!("../../README.md");
    let (_, below) = page
        .split_once("--example own_capability` prints:\n")
        .unwrap();
    let shown = below.lines().skip(1);
    let shown = shown.take_while(|line| line.is_empty() || line.starts_with("    "));
    let shown: String = shown
        .map(|line| format!("{}\n", line.get(4..).unwrap_or("")))
        .collect();
    let printed = run(include_str!("policy.toml")).await.unwrap();
    assert_eq!(printed.trim_end(), shown.trim_end());
    assert_eq!(printed.lines().count(), 8);
}

#[tokio::test]
async fn what_is_not_granted_is_not_run_and_the_message_has_the_line() {
    let report = under("places.Dover = true").await;
    assert!(
        report.starts_with(
            "refused: it asks for 1 thing that it is not granted; these lines of policy grant it:
  [apps.storm-watch]
  interfaces.\"example:weather/warnings\" = true  # the interface `example:weather/warnings`
"
        ),
        "{report}"
    );
}

#[tokio::test]
async fn effects_of_a_run_that_does_not_complete_are_discarded() {
    let interface = "interfaces.\"example:weather/warnings\" = true\n";
    for (lines, report) in [
        (
            "places.Dover = true",
            "guest error: no grant for `Leith`

--- Audit Trail (0 entries) ---

--- Effects (1 effects) ---
  [weather] warning Dover — text \"sea wall closed\" (discarded)
Fuel: 11,693 consumed of 1,000,000,000 (instantiation 47, guest 26, host calls 11,620)
",
        ),
        (
            "places = { Dover = true, Leith = true }\nquotas.warnings = 1",
            "quota exceeded: more than 1 warnings
  in function 1

--- Audit Trail (0 entries) ---

--- Effects (1 effects) ---
  [weather] warning Dover — text \"sea wall closed\" (discarded)
Fuel: 11,646 consumed of 1,000,000,000 (instantiation 47, guest 19, host calls 11,580)
Limits: tier standard, but warnings 1 (lower than 100)
",
        ),
    ] {
        assert_eq!(under(&format!("{interface}{lines}")).await, report);
    }
}

#[tokio::test]
async fn what_a_policy_cannot_say_is_told_with_its_line() {
    for (line, message) in [
        ("places.Dover = 1", "`Dover` is integer, expected `true`"),
        (
            "places.Dover = false",
            "`Dover` is `false`, expected `true`",
        ),
        ("places = 1", "`places` is integer, expected a table"),
        (
            "places.\"a\\\"b\" = true",
            "`a\"b` is no name, expected printable characters without `\\`, `\"` and `'`",
        ),
        (
            "place.Dover = true",
            "unknown key `place`, expected `tier`, `interfaces`, `dirs`, `env`, `args`, `stdin`, `quotas`, `places`",
        ),
        (
            "quotas.warning = 1",
            "unknown key `warning`, expected `host-calls`, `host-bytes`, `audit-entries`, `audit-bytes`, `warnings`, \
             `handles`, `host-memory`",
        ),
        (
            "quotas.warnings = 101",
            "`warnings` is 101, expected at most 100",
        ),
        (
            "interfaces.\"example:weather/warnings@1.0.0\" = true",
            "`example:weather/warnings@1.0.0` is no interface that needs a grant",
        ),
    ] {
        let error = run(&format!("[all]\n{line}")).await.unwrap_err();
        assert_eq!(error.to_string(), format!("`policy.toml`:2: {message}"));
    }
}
