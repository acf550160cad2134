//! What a component says of itself: manifest, name and version.

use fractalaw_host::Manifest;
use fractalaw_host::capability::Offer;

use crate::host;

/// The first byte says which section the rest is.
pub(crate) fn run(bytes: &[u8]) {
    let (which, data) = bytes.split_first().unwrap_or((&0, &[]));
    let name = match which % 4 {
        0 => fractalaw_manifest::SECTION,
        1 => "component-name",
        2 => "version",
        _ => "producers",
    };
    let offer = Offer::standard();
    let known = offer.known_to_manifests();
    if let Ok(manifest) = Manifest::decode(data, &known) {
        let again = Manifest::decode(&manifest.encode(), &known);
        assert_eq!(again.expect("a manifest reads back"), manifest);
    }
    let plain = fractalaw_testing::component("", "(unreachable)");
    host::load_and_run(
        &fractalaw_testing::with_section(&plain, name, data),
        &host::small(),
    );
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    // A name as the component-name section has it.
    let hostile = "x\u{1b}[2J\n--- Audit Trail (0 entries) ---";
    names.extend([1, 0, hostile.len() as u8 + 1, hostile.len() as u8]);
    names.extend(hostile.as_bytes());
    vec![
        [&[0][..], &Manifest::default().encode()].concat(),
        [&[0][..], br#"{"version":1,"manifest":{"\u001b[2J":1}}"#].concat(),
        [
            &[0][..],
            br#"{"version":4294967296,"manifest":[[[[[[{}]]]]]]}"#,
        ]
        .concat(),
        names,
        [&[2][..], "1.0\n\u{9b}2J".as_bytes()].concat(),
        [&[3][..], b"\x01\x08language\x01\x04Rust\x00"].concat(),
    ]
}
