//! One entry of the cache: Wasmtime's serialized component, then what the component says of itself as JSON, and
//! then a trailer with the lengths of both and a seal over name and contents.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::thread;

use sha2::{Digest, Sha256};

use super::seal::{Key, SEAL_BYTES, Seal};
use crate::load::facts::Facts;
use crate::load::source::PIECE_BYTES;

/// The first bytes of the trailer. They change with the format, and with what `preflight` refuses, because a
/// component that is found here is not examined again.
const MAGIC: &[u8; 8] = b"fractal9";

/// What the magic of every format begins with.
const MAGIC_OF_ALL: &[u8] = b"fractal";

/// Magic, length of the code, length of the JSON, seal. The numbers are little-endian and have eight bytes each.
const TRAILER_BYTES: usize = 24 + SEAL_BYTES;

/// The bytes that are hashed as one part. The parts of a larger file are hashed at the same time.
const PART_BYTES: u64 = 2 << 20;

/// The threads that hash one entry.
const THREADS: u64 = 4;

/// Several times the most that a component can say of itself.
const JSON_BYTES: u64 = 16 << 20;

/// What a file with an entry's name is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An entry as it was written: what the component says of itself.
    Intact(Box<Facts>),
    /// An entry of another version of this program.
    OtherVersion,
    /// Anything else.
    Damaged,
}

/// Writes an entry for this name.
pub(super) fn write(
    mut file: impl Write,
    name: &str,
    key: &Key,
    code: &[u8],
    facts: &Facts,
) -> io::Result<()> {
    let said = serde_json::to_vec(facts)?;
    let mut trailer = MAGIC.to_vec();
    for number in [code.len() as u64, said.len() as u64] {
        trailer.extend(number.to_le_bytes());
    }
    let parts = code.chunks(PART_BYTES as usize);
    let digests: Vec<[u8; 32]> = parts.map(|part| Sha256::digest(part).into()).collect();
    let seal = seal(key, name, &trailer, &digests, &said);
    for part in [code, &said, &trailer, &seal.0] {
        file.write_all(part)?;
    }
    Ok(())
}

/// Checks a file against what was written under that name.
pub(super) fn check(file: &File, name: &str, key: &Key) -> io::Result<Found> {
    let bytes = file.metadata()?.len();
    let Some(contents) = bytes.checked_sub(TRAILER_BYTES as u64) else {
        return Ok(Found::Damaged);
    };
    let mut trailer = [0; TRAILER_BYTES];
    file.read_exact_at(&mut trailer, contents)?;
    let (head, expected) = trailer.split_at(TRAILER_BYTES - SEAL_BYTES);
    let number = |at: usize| {
        let bytes = head[at..at + 8].try_into();
        u64::from_le_bytes(bytes.expect("eight bytes are eight bytes"))
    };
    let [code, said] = [number(8), number(16)];
    if !head.starts_with(MAGIC) {
        return before_seals(file, bytes, head);
    }
    if code.checked_add(said) != Some(contents) || said > JSON_BYTES {
        return Ok(Found::Damaged);
    }
    let mut json = vec![0; said as usize];
    file.read_exact_at(&mut json, code)?;
    let seal = seal(key, name, head, &digests(file, code)?, &json);
    Ok(match (seal.is(expected), serde_json::from_slice(&json)) {
        (true, Ok(facts)) => Found::Intact(Box::new(facts)),
        _ => Found::Damaged,
    })
}

/// Entries of other versions begin their trailer with another number. Up to the fourth version it was shorter.
fn before_seals(file: &File, bytes: u64, head: &[u8]) -> io::Result<Found> {
    const SHORTER: u64 = 32;
    let mut magic = [0; MAGIC_OF_ALL.len()];
    file.read_exact_at(&mut magic, bytes - SHORTER)?;
    let is_other = magic == *MAGIC_OF_ALL || head.starts_with(MAGIC_OF_ALL);
    Ok(if is_other {
        Found::OtherVersion
    } else {
        Found::Damaged
    })
}

fn seal(key: &Key, name: &str, head: &[u8], digests: &[[u8; 32]], said: &[u8]) -> Seal {
    let length = (name.len() as u64).to_le_bytes();
    // The head contains the lengths of what follows it.
    key.seal(&[&length, name.as_bytes(), head, digests.as_flattened(), said])
}

/// The digests of the parts of the code, computed on several threads if there are several parts.
fn digests(file: &File, code: u64) -> io::Result<Vec<[u8; 32]>> {
    let parts = code.div_ceil(PART_BYTES);
    let each = parts.div_ceil(THREADS).max(1);
    let some = |first: u64| -> io::Result<Vec<[u8; 32]>> {
        (first..parts.min(first + each))
            .map(|part| digest(file, part * PART_BYTES, code.min((part + 1) * PART_BYTES)))
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

fn digest(file: &File, mut at: u64, end: u64) -> io::Result<[u8; 32]> {
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; PIECE_BYTES]);
    while at < end {
        let bytes = PIECE_BYTES.min((end - at) as usize);
        file.read_exact_at(&mut piece[..bytes], at)?;
        hasher.update(&piece[..bytes]);
        at += bytes as u64;
    }
    Ok(hasher.finalize().into())
}
