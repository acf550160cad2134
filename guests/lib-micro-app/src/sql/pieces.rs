//! Cuts SQL at its `?`, when it is compiled. Where a value stands must be beyond doubt in every engine's SQL, so what could be
//! read in two ways is an error.

/// The text before, between and after its `?`. It panics, which stops the compiler, if there are not `N - 1` of them, or if
/// one does not stand where a value stands.
pub const fn pieces<const N: usize>(text: &'static str) -> [&'static str; N] {
    let bytes = text.as_bytes();
    let mut pieces = [""; N];
    let (mut rest, mut begin) = (text, 0);
    let mut found = 0;
    let mut at = 0;
    let mut brackets = false;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'\'' | b'"' | b'`') => at = after_quotes(bytes, at, quote),
            b'-' if next_is(bytes, at, b'-') => at = after_line(bytes, at),
            b'/' if next_is(bytes, at, b'*') => at = after_comment(bytes, at),
            b'$' => panic!("`$` begins a parameter or a quotation; write values as `?`"),
            b'[' => {
                brackets = true;
                at += 1;
            }
            b']' => {
                brackets = false;
                at += 1;
            }
            b'?' => {
                assert!(
                    !brackets,
                    "`?` in brackets, which some engines read as a name"
                );
                assert!(
                    at == 0 || !joins(bytes[at - 1]),
                    "`?` right behind a word, which would be read with the quotes"
                );
                assert!(
                    at + 1 == bytes.len() || !joins(bytes[at + 1]),
                    "`?` right before a word or a number"
                );
                assert!(found + 1 < N, "more `?` than values");
                let (piece, after) = rest.split_at(at - begin);
                pieces[found] = piece;
                found += 1;
                at += 1;
                begin = at;
                rest = after.split_at(1).1;
            }
            _ => at += 1,
        }
    }
    assert!(found + 1 == N, "fewer `?` than values");
    pieces[found] = rest;
    pieces
}

/// Whether a quotation next to it could be read as one with it. Letters beyond ASCII are letters.
const fn joins(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'\'' | b'"' | b'`' | b'&' | b'?' | 0x80..)
}

const fn next_is(bytes: &[u8], at: usize, byte: u8) -> bool {
    at + 1 < bytes.len() && bytes[at + 1] == byte
}

/// Behind a quotation, in which the quote stands twice for itself.
const fn after_quotes(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        assert!(
            bytes[at] != b'\\' || start == 0 || !bytes[start - 1].is_ascii_alphanumeric(),
            "`\\` in a quotation with a prefix, which some engines read as an escape"
        );
        if bytes[at] == quote {
            if !next_is(bytes, at, quote) {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    panic!("a quotation without an end");
}

const fn after_line(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < bytes.len() {
        if bytes[at] == b'\n' {
            return at + 1;
        }
        at += 1;
    }
    at
}

/// Behind a comment. Some engines let comments stand in each other, and others do not.
const fn after_comment(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 2;
    while at < bytes.len() {
        assert!(
            !(bytes[at] == b'/' && next_is(bytes, at, b'*')),
            "a comment in a comment"
        );
        if bytes[at] == b'*' && next_is(bytes, at, b'/') {
            return at + 2;
        }
        at += 1;
    }
    panic!("a comment without an end");
}
