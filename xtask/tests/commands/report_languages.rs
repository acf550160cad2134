//! The language of each guest on the page of `cargo xtask report`.

use crate::guests::cargo_toml;
use crate::report_page::{between, page};
use crate::scratch::Scratch;

#[test]
fn a_guest_of_this_workspace_has_its_language_beside_its_name() {
    let other = |source: &str| format!("source = {source:?}\n[micro-app]\n");
    for (path, manifest, language) in [
        ("guests/plain/Cargo.toml", cargo_toml("plain", ""), "Rust"),
        ("guests/c/plain/micro-app.toml", other("main.c"), "C"),
        (
            "guests/javascript/plain/micro-app.toml",
            other("app.js"),
            "JavaScript",
        ),
        (
            "guests/javascript/plain/micro-app.toml",
            other("app.ts"),
            "TypeScript",
        ),
        (
            "guests/python/plain/micro-app.toml",
            other("app.py"),
            "Python",
        ),
    ] {
        let scratch = Scratch::new();
        // A fixture is no guest, whatever guests are called.
        for name in ["plain", "hostile"] {
            let path = path.replace("plain", name);
            scratch.write(&path, &manifest.replace("plain", name));
            for source in ["main.c", "app.js", "app.ts", "app.py"] {
                let folder = path.rsplit_once('/').unwrap().0;
                scratch.write(&format!("{folder}/{source}"), "");
            }
        }
        let page = page(&scratch);
        let heads = between(&page, "<h2>", "</h2>");
        let expected = [
            &*format!("<bdi>plain</bdi> <small>{language}</small>"),
            "<bdi>hostile</bdi> <small>fixtures</small>",
        ];
        assert_eq!(heads, expected, "{path}");
    }
}
