//! What a component says of itself is bounded, however much it says.

use fractalaw_host::{Inspection, Manifest, Refusal, Run};
use fractalaw_manifest::SECTION;
use fractalaw_testing::text_of_component;

use crate::components::{component, with_section};

/// Two bytes of a component list a tool, and three an import. What exceeds the bound is counted, in text, in JSON
/// and in the refusal.
#[test]
fn what_a_component_lists_without_end_is_counted() {
    let names = |prefix: &'static str| (0..5_000).map(move |i| format!("{prefix}{i}"));
    let front: String = names("import-")
        .map(|name| format!("(import \"{name}\" (func))"))
        .chain(names("export-").map(|name| format!("(export \"{name}\" (func 0))")))
        .collect();
    let text = text_of_component("", "").replacen("(component", &format!("(component {front}"), 1);
    let mut bytes = wat::parse_str(text).unwrap();
    for _ in 0..5_000 {
        bytes = with_section(&bytes, "source", &[b's'; 122]);
    }
    bytes = with_section(&bytes, "version", &vec![b'v'; 1 << 20]);
    let tools = [
        &[1, 12][..],
        b"processed-by",
        &[0xc0, 0x84, 0x3d],
        &[0; 2_000_000],
    ]
    .concat();
    bytes = with_section(&bytes, "producers", &tools);
    let inspection = Inspection::of(&bytes).unwrap();
    let lengths = |kept: usize, omitted: u64| (kept, omitted);
    let metadata = &inspection.metadata;
    // 128 bytes each, with their name.
    assert_eq!(lengths(metadata.len(), metadata.omitted()), (1_000, 4_001));
    let producers = &inspection.producers;
    assert_eq!(
        lengths(producers.len(), producers.omitted()),
        (1_000, 999_000)
    );
    let imports = &inspection.imports;
    assert_eq!(lengths(imports.len(), imports.omitted()), (1_000, 4_001));
    assert_eq!(imports[999], "import-999");
    let exports = &inspection.exports;
    assert_eq!(lengths(exports.len(), exports.omitted()), (1_000, 4_001));
    assert_eq!(inspection.app.version.as_ref().unwrap().len(), 128 << 10);
    let refusal = inspection.refusal.as_ref().unwrap().to_string();
    let shown: Vec<_> = (0..20).map(|i| format!("`import-{i}`")).collect();
    let expected = format!(
        "not offered by this host: {} and 4980 more",
        shown.join(", ")
    );
    assert_eq!(refusal, expected);
    let verdict = inspection.verdict(&Run::new(), None).unwrap();
    let json: serde_json::Value = serde_json::from_str(&inspection.json(&verdict)).unwrap();
    let omitted = serde_json::json!({
        "metadata": 4_001, "producers": 999_000, "imports": 4_001, "exports": 4_001,
    });
    assert_eq!(json["omitted"], omitted);
    let text = inspection.text(&verdict);
    for (more, times) in [
        ("            and 4,001 more", 3),
        ("            and 999,000 more", 1),
    ] {
        assert_eq!(
            text.lines().filter(|line| *line == more).count(),
            times,
            "{more}"
        );
    }
}

#[test]
fn a_manifest_that_is_larger_than_any_is_refused_unread() {
    let limit = 256 << 10;
    let section = |bytes: usize| {
        let mut manifest = Manifest::default().encode();
        manifest.resize(bytes, b' ');
        with_section(&component("", ""), SECTION, &manifest)
    };
    assert_eq!(Inspection::of(&section(limit)).unwrap().refusal, None);
    let expected = Refusal::Manifest {
        message: "the manifest section has 262145 bytes, expected at most 262144".to_owned(),
    };
    let found = Inspection::of(&section(limit + 1)).unwrap().refusal;
    assert_eq!(found, Some(expected));
}

/// Text that a parser or a manifest's reader quotes can be as long as the component.
#[test]
fn a_message_quotes_no_more_than_a_person_reads() {
    let long = format!(
        "{{\"version\":1,\"manifest\":{{\"{}\":1}}}}",
        "é".repeat(100_000)
    );
    let bytes = with_section(&component("", ""), SECTION, long.as_bytes());
    let refusal = Inspection::of(&bytes).unwrap().refusal.unwrap();
    assert_eq!(refusal.kind(), "manifest");
    assert_eq!(refusal.to_string().len(), 4_096);
}

/// Ten names in the component would be a thousand times that many in what is said of it.
#[test]
fn what_an_inspection_says_of_parts_does_not_grow_with_each_import() {
    let import = |i| format!("(import \"fractal:app/data-query@0.1.{i}\" (instance))");
    let imports: String = (0..1_000).map(import).collect();
    let version = format!("(@custom \"version\" \"{}\")", "9".repeat(100_000));
    let part = |letter: char| {
        let (name, import) = (letter.to_string().repeat(12_000), import(0));
        format!("(component ${name} {import} (core module (func)) {version})")
    };
    let parts: String = ('a'..='j').map(part).collect();
    let bytes = wat::parse_str(format!("(component {imports} {parts})")).unwrap();
    let inspection = Inspection::of(&bytes).unwrap();
    let lengths = inspection.parts.iter().map(|part| {
        let version = part.version.as_ref().map(String::len);
        (part.name.len(), version)
    });
    let lengths: Vec<_> = lengths.collect();
    assert_eq!(lengths, [(1_024, Some(1_024)); 10]);
    let (wanted, omitted) = inspection.wanted();
    assert_eq!(wanted.len(), 1_000);
    assert_eq!((wanted.concat().len(), omitted), (128, 9_872));
}
