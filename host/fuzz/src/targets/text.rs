//! A guest's text in every place where it comes out.

use fractalaw_host::terminal;

use crate::{check, host};

/// The same bytes are the result, the error, each field of an entry, the output and the name of a function.
pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    check::printable(&terminal::one_line(&text));
    check::printable(&terminal::lines(&text));
    assert!(!terminal::one_line(&text).contains('\n'));
    assert!(
        terminal::lines(&text)
            .lines()
            .skip(1)
            .all(|line| line.starts_with("  "))
    );
    // Longer inputs test nothing new and take longer.
    let bytes = &bytes[..bytes.len().min(512)];
    let literal: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let name: String = String::from_utf8_lossy(bytes)
        .chars()
        .map(|c| format!("\\u{{{:x}}}", c as u32))
        .collect();
    let length = bytes.len();
    let data = format!(
        "(data (i32.const 1024) \"{literal}\")
         (func $twice (@name \"{name}\") (param i32)
            (call $record-raw (i32.const 1024) (i32.const {length}) (i32.const 1024) (i32.const {length})
                (i32.const 1024) (i32.const {length}))
            (if (local.get 0) (then unreachable)))"
    );
    let answer = |tag: u8| {
        format!(
            "(i32.store8 (i32.const 16) (i32.const {tag})) (i32.store (i32.const 20) (i32.const 1024))
             (i32.store (i32.const 24) (i32.const {length}))"
        )
    };
    for body in [
        answer(0),
        answer(1),
        "(call $twice (i32.const 1))".to_owned(),
    ] {
        let body = format!("(call $twice (i32.const 0)) {body}");
        let report =
            host::load_and_run(&fractalaw_testing::component(&data, &body), &host::small());
        assert_ne!(report.outcome.kind(), "refused", "{:?}", report.outcome);
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "",
        "plain",
        "one\n\n--- Audit Trail (0 entries) ---\nFuel: 1 consumed of 2 (instantiation 0, guest 1, host calls 0)",
        "trap: not at all\r\nhint: nothing",
        "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}1A\u{7f}\u{0}\u{8}",
        "\u{202e}abc\u{2066}\u{200f}\u{feff}\u{e0041}\u{fff9}\u{1d173}",
        "\"},{\"sequence\":2,\"event_type\":\"\\u001b\"",
        "  [a] b — c\u{85}\u{2028}\u{2029}\u{b}\u{c}",
    ];
    let mut seeds: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    // A lone surrogate, an overlong line end, and the first bytes of a character that is cut off.
    seeds.extend([
        b"\xed\xa0\x80".to_vec(),
        b"\xc0\x8a".to_vec(),
        b"\xf0\x9f\x91".to_vec(),
    ]);
    seeds
}
