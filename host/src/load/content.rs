//! The digest by which the cache finds a component and checks its code: BLAKE3 over parts of the bytes, which are hashed
//! at the same time.
//!
//! Components are named by their SHA-256 everywhere else. A start from the cache must read every byte of the component
//! and of its code, or a changed file could run as another. Of a component in Python these are 60 MB, and SHA-256 takes
//! three times as long for them. Nobody can make two different contents with one digest of either kind. So whoever has
//! found the code of a content knows the SHA-256 of this content too, which was computed when the code was compiled and
//! is kept under the seal of the entry.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::thread;

use crate::digest::hex;

/// The pieces in which files are read to be hashed. In a process that runs one guest, touching a page for the
/// first time costs more than reading it.
const PIECE_BYTES: usize = 64 << 10;

/// The bytes that are hashed as one part. The parts of a larger content are hashed at the same time.
const PART_BYTES: u64 = 2 << 20;

/// The threads that hash one content.
const THREADS: u64 = 4;

/// The digest of a part.
pub(crate) type Part = [u8; blake3::OUT_LEN];

/// The digest of a file's first bytes, in lower-case hexadecimal. A file that ends before them is an error.
pub(crate) fn of_file(file: &File, bytes: u64) -> io::Result<String> {
    Ok(whole(bytes, &parts_of_file(file, bytes)?))
}

/// The same of bytes in memory.
pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    whole(bytes.len() as u64, &parts_of_bytes(bytes))
}

fn whole(bytes: u64, parts: &[Part]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("fractalaw-host content of a component v1");
    hasher.update(&bytes.to_le_bytes());
    hasher.update(parts.as_flattened());
    hex(hasher.finalize().as_bytes())
}

/// The digests of the parts of bytes in memory.
pub(crate) fn parts_of_bytes(bytes: &[u8]) -> Vec<Part> {
    let parts = bytes.chunks(PART_BYTES as usize);
    parts.map(|part| blake3::hash(part).into()).collect()
}

/// The digests of the parts of a file's first bytes.
pub(crate) fn parts_of_file(file: &File, bytes: u64) -> io::Result<Vec<Part>> {
    let parts = bytes.div_ceil(PART_BYTES);
    let each = parts.div_ceil(THREADS).max(1);
    let some = |first: u64| -> io::Result<Vec<Part>> {
        (first..parts.min(first + each))
            .map(|part| digest(file, part * PART_BYTES, bytes.min((part + 1) * PART_BYTES)))
            .collect()
    };
    if parts <= 1 {
        return some(0);
    }
    thread::scope(|scope| {
        let firsts = (0..parts).step_by(each as usize);
        let others: Vec<_> = firsts
            .skip(1)
            .map(|first| scope.spawn(move || some(first)))
            .collect();
        let mut digests = some(0)?;
        for other in others {
            digests.extend(other.join().expect("reading a file does not panic")?);
        }
        Ok(digests)
    })
}

fn digest(file: &File, mut at: u64, end: u64) -> io::Result<Part> {
    let (mut hasher, mut piece) = (blake3::Hasher::new(), vec![0; PIECE_BYTES]);
    while at < end {
        let bytes = PIECE_BYTES.min((end - at) as usize);
        file.read_exact_at(&mut piece[..bytes], at)?;
        hasher.update(&piece[..bytes]);
        at += bytes as u64;
    }
    Ok(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_has_the_digest_of_its_bytes_and_every_byte_of_it_counts() {
        let part = PART_BYTES as usize;
        for length in [0, 1, part - 1, part, part + 1, 9 * part + 7] {
            let mut bytes = vec![7; length];
            let digest = |bytes: &[u8]| {
                let mut file = tempfile::tempfile().unwrap();
                file.write_all(bytes).unwrap();
                let found = of_file(&file, bytes.len() as u64).unwrap();
                assert_eq!(found, of_bytes(bytes), "{length}");
                found
            };
            let whole = digest(&bytes);
            bytes.push(7);
            assert_ne!(digest(&bytes), whole, "{length} and one more");
            bytes.pop();
            for at in [0, length / 2, length.saturating_sub(1)] {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1;
                    assert_ne!(digest(&bytes), whole, "{length}, changed at {at}");
                    bytes[at] ^= 1;
                }
            }
        }
    }

    #[test]
    fn a_file_that_is_shorter_than_it_was_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        assert!(of_file(&file, 1).is_err());
    }
}
