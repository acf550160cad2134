//! Every limit is on the page on security, with its value and what happens there.

use fractalaw_host::LIMITS;
use fractalaw_limits::Limit;

#[test]
fn the_page_on_security_has_every_limit_as_it_is() {
    let expected: String = [
        (
            "host/contract/src/limits.rs",
            fractalaw_contract::limits::TABLE,
        ),
        ("host/report/src/limits.rs", fractalaw_report::limits::TABLE),
        ("host/src/limits.rs", LIMITS),
    ]
    .into_iter()
    .map(|(file, limits)| format!("\n`{file}`:\n\n{}", Limit::table(limits)))
    .collect();
    let page = include_str!("../../../.github/SECURITY.md");
    let (_, section) = page.split_once("\n## Limits\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let tables = section
        .find("\n`host/")
        .map_or("", |start| &section[start..]);
    let found = tables
        .split_once("\nThe [page on guests]")
        .map_or(tables, |(tables, _)| tables);
    assert!(
        found == expected,
        "the tables under `## Limits` in `.github/SECURITY.md` are others, expected\n{expected}"
    );
}
