//! A micro-app's name and digest, shortened for people. Nothing is looked up by the short form.

use fractalaw_manifest::terminal::one_line;

/// Digits of a digest that are shown.
const SHOWN: usize = 12;
/// Hexadecimal digits of a SHA-256.
const DIGITS: usize = 64;

/// `name@0c1f9a77e2b4…` for a whole digest. Any other text stays as it is.
pub(crate) fn shown(app: &str) -> String {
    match app.rsplit_once('@') {
        Some((name, digest)) if is_digest(digest) => {
            format!("{}@{}…", one_line(name), &digest[..SHOWN])
        }
        _ => one_line(app),
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|c| c.is_ascii_hexdigit())
}
