//! The page of promises names tests and cases that exist.

use std::fs;

use fractalaw_testing::workspace;

#[test]
fn each_test_on_the_page_exists() {
    let page = fs::read_to_string(workspace().join("host/events/PROMISES.md")).unwrap();
    let named: Vec<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| {
            ["host/", "tests/", "xtask/"]
                .iter()
                .any(|top| text.starts_with(top))
        })
        .collect();
    assert!(named.len() > 80, "{}", named.len());
    for text in named {
        let (file, test) = text.split_once(": ").unwrap_or((text, ""));
        let source = fs::read_to_string(workspace().join(file));
        let source = source.unwrap_or_else(|error| panic!("`{file}`: {error}"));
        let is_there = test.is_empty()
            || source.contains(&format!("#[test]\nfn {test}()"))
            || source.contains(&format!("#[test]\n    fn {test}()"));
        assert!(is_there, "`{file}` has no test `{test}`");
    }
}
