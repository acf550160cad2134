//! The seal that shows that this cache wrote an entry: a code that only the folder's own key makes.
//!
//! The permissions of the folder keep others out. Others may still have written into it: before the permissions
//! were set, in a backup that was restored, or in a folder that replaced this one. What they left is not
//! executed.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::place::Place;

/// The file of the key in the folder. It has the permissions 600.
const FILE: &str = ".key";
const KEY_BYTES: usize = 32;

/// The first bytes of everything that is sealed, so that the key vouches for nothing else.
const TAG: &[u8] = b"fractalaw-host/code-cache/v1\0";

/// The bytes of a seal.
pub(super) const SEAL_BYTES: usize = 32;

/// The folder's key.
#[derive(Clone)]
pub(super) struct Key([u8; KEY_BYTES]);

impl Key {
    /// The key of a folder. If there is none, it is made. If the file was changed, a new key is made, and then no
    /// earlier entry is found.
    pub(super) fn of(place: &Place) -> io::Result<Key> {
        match read(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(folder = %place.path().display(), %error, "unusable key of the cache, making another");
                place.remove(FILE)?;
            }
            key => return key,
        }
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        match place.write_new(FILE, |file| file.write_all(&bytes)) {
            // Another process was faster, and its key is as good.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(place),
            written => written.map(|()| Key(bytes)),
        }
    }

    /// The seal over these parts. An earlier part must give the length of each part.
    pub(super) fn seal(&self, parts: &[&[u8]]) -> Seal {
        Seal(hmac(&self.0, &[&[TAG], parts].concat()))
    }
}

/// A seal as it was made. Comparing takes the same time wherever two seals differ.
pub(super) struct Seal(pub(super) [u8; SEAL_BYTES]);

impl Seal {
    pub(super) fn is(&self, found: &[u8]) -> bool {
        let differ = self
            .0
            .iter()
            .zip(found)
            .fold(0, |differ, (a, b)| differ | (a ^ b));
        found.len() == SEAL_BYTES && differ == 0
    }
}

/// HMAC-SHA-256 of RFC 2104, for keys that fit into a block. With the crate `hmac`, Wasmtime, which also hashes,
/// would be compiled with other features.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    const BLOCK_BYTES: usize = 64;
    let padded = |with: u8| {
        let mut block = [with; BLOCK_BYTES];
        block
            .iter_mut()
            .zip(key)
            .for_each(|(byte, key)| *byte ^= key);
        block
    };
    let mut inner = Sha256::new_with_prefix(padded(0x36));
    parts.iter().for_each(|part| inner.update(part));
    let mut outer = Sha256::new_with_prefix(padded(0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}

fn read(place: &Place) -> io::Result<Key> {
    use std::os::unix::fs::MetadataExt;
    let mut file = place.file(FILE)?;
    let metadata = file.metadata()?;
    if metadata.mode() & 0o077 != 0 || metadata.len() != KEY_BYTES as u64 {
        return Err(io::Error::other(
            "expected 32 bytes and the permissions 600",
        ));
    }
    let mut key = [0; KEY_BYTES];
    file.read_exact(&mut key)?;
    Ok(Key(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test cases 1 and 2 of RFC 4231.
    #[test]
    fn the_code_is_that_of_its_rfc() {
        let shown = |bytes: [u8; 32]| bytes.map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(
            shown(hmac(&[0x0b; 20], &[b"Hi ", b"There"])),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            shown(hmac(b"Jefe", &[b"what do ya want for nothing?"])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let seal = Key([7; KEY_BYTES]).seal(&[b"a"]);
        assert!(seal.is(&seal.0));
        assert!(!seal.is(&seal.0[1..]) && !seal.is(&[0; 32]));
    }
}
