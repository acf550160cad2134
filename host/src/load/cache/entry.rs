//! One entry of the cache: Wasmtime's serialized component, then what the component says of itself as JSON, and
//! then a trailer with the lengths of both and a seal over name and contents.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use super::seal::{Key, SEAL_BYTES, Seal};
use crate::load::content::{Part, parts_of_bytes, parts_of_file};
use crate::load::facts::Facts;

/// The first bytes of the trailer. They change with the format, and with what `preflight` refuses, because a
/// component that is found here is not examined again.
const MAGIC: &[u8; 8] = b"fractala";

/// What the magic of every format begins with.
const MAGIC_OF_ALL: &[u8] = b"fractal";

/// Magic, length of the code, length of the JSON, seal. The numbers are little-endian and have eight bytes each.
const TRAILER_BYTES: usize = 24 + SEAL_BYTES;

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
    let seal = seal(key, name, &trailer, &parts_of_bytes(code), &said);
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
    let seal = seal(key, name, head, &parts_of_file(file, code)?, &json);
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

fn seal(key: &Key, name: &str, head: &[u8], digests: &[Part], said: &[u8]) -> Seal {
    let length = (name.len() as u64).to_le_bytes();
    // The head contains the lengths of what follows it.
    key.seal(&[&length, name.as_bytes(), head, digests.as_flattened(), said])
}
