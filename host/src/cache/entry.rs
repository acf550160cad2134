//! One entry of the cache: Wasmtime's serialized component, then what the component says of itself as JSON,
//! then a trailer with the lengths of both and a checksum of name and contents.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;

use crate::component_source::PIECE_BYTES;
use crate::preflight::Preflight;

/// Begins the trailer. It changes with the format, and with what `preflight` refuses, because a component
/// that is found here is not examined again.
const MAGIC: &[u8; 8] = b"fractal4";

/// Magic, length of the code, length of the JSON, checksum; numbers little-endian, of eight bytes each.
const TRAILER_BYTES: usize = 32;

/// Above this, half of an entry is checked on another thread.
const WORTH_A_THREAD_BYTES: u64 = 4 << 20;

/// Writes an entry that is to have this path.
pub(super) fn write(
    mut file: impl Write,
    path: &Path,
    code: &[u8],
    preflight: &Preflight,
) -> io::Result<()> {
    let said = serde_json::to_vec(preflight)?;
    let mut checksum = start_checksum(path);
    for part in [code, &said] {
        file.write_all(part)?;
        checksum.update(part);
    }
    file.write_all(MAGIC)?;
    for number in [
        code.len() as u64,
        said.len() as u64,
        u64::from(checksum.finalize()),
    ] {
        file.write_all(&number.to_le_bytes())?;
    }
    Ok(())
}

/// What the component of an entry says of itself; nothing if the entry is not as it was written.
pub(super) fn check(path: &Path) -> io::Result<Option<Preflight>> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let Some(contents) = bytes.checked_sub(TRAILER_BYTES as u64) else {
        return Ok(None);
    };
    let mut trailer = [0; TRAILER_BYTES];
    file.seek(SeekFrom::Start(contents))?;
    file.read_exact(&mut trailer)?;
    let (magic, numbers) = trailer.split_at(MAGIC.len());
    let number = |i: usize| {
        let bytes = numbers[8 * i..8 * (i + 1)]
            .try_into()
            .expect("eight bytes are eight bytes");
        u64::from_le_bytes(bytes)
    };
    let [code, said, expected] = [number(0), number(1), number(2)];
    if magic != MAGIC || code.checked_add(said) != Some(contents) {
        return Ok(None);
    }
    file.rewind()?;
    if u64::from(checksum(path, &mut file, contents)?) != expected {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(code))?;
    let mut json = Vec::new();
    file.take(said).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json).ok())
}

/// The checksum of an entry's name and contents, both halves at once if they are large.
fn checksum(path: &Path, file: &mut File, contents: u64) -> io::Result<u32> {
    let mut whole = start_checksum(path);
    if contents < WORTH_A_THREAD_BYTES {
        update(&mut whole, file, contents)?;
        return Ok(whole.finalize());
    }
    let half = contents / 2;
    let mut second_file = File::open(path)?;
    second_file.seek(SeekFrom::Start(half))?;
    let second = thread::scope(|scope| {
        let second = scope.spawn(|| {
            let mut second = crc32fast::Hasher::new();
            update(&mut second, second_file, contents - half).map(|()| second)
        });
        update(&mut whole, file, half)?;
        second.join().expect("reading a file does not panic")
    })?;
    whole.combine(&second);
    Ok(whole.finalize())
}

/// A checksum that already covers the entry's name.
fn start_checksum(path: &Path) -> crc32fast::Hasher {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(
        path.file_name()
            .expect("an entry has a name")
            .as_encoded_bytes(),
    );
    checksum
}

/// Adds the file's next bytes.
fn update(checksum: &mut crc32fast::Hasher, file: impl Read, bytes: u64) -> io::Result<()> {
    let mut contents = file.take(bytes);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match contents.read(&mut piece)? {
            0 => return Ok(()),
            read => checksum.update(&piece[..read]),
        }
    }
}
