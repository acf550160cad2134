//! SHA-256 in hexadecimal.

use sha2::{Digest, Sha256};

/// The SHA-256 of these bytes.
pub fn hex(bytes: &[u8]) -> String {
    finished(Sha256::new_with_prefix(bytes))
}

/// The SHA-256 of what was hashed.
pub(crate) fn finished(hasher: Sha256) -> String {
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether this is how a SHA-256 is written.
pub fn is_digest(text: &str) -> bool {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 64 && text.bytes().all(is_digit)
}
