//! The files of models, held against their digests.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::digest;
use crate::fault::Fault;
use crate::limits::{FILE_BYTES, SERVERS_FILE_BYTES};
use crate::model::{Engine, File, Model};

/// Reads a file of a model into memory. What is used are the bytes that were verified.
///
/// # Errors
///
/// If it cannot be read, or has another digest.
pub fn read(folder: &Path, file: &File) -> Result<Vec<u8>, Fault> {
    let path = folder.join(&file.path);
    let mut bytes = Vec::new();
    let read = open(&path).and_then(|open| {
        // One allocation of the right size. A file that grows meanwhile is cut, and has another digest then.
        let length = open.metadata()?.len();
        fits(length, FILE_BYTES)?;
        bytes.reserve_exact(usize::try_from(length).unwrap_or(0));
        open.take(FILE_BYTES).read_to_end(&mut bytes)
    });
    read.map_err(|error| unreadable(&path, &error))?;
    compare(&path, &digest::hex(&bytes), &file.sha256)?;
    Ok(bytes)
}

/// Holds all files of a model against their digests, without keeping them.
///
/// # Errors
///
/// If one cannot be read, or has another digest.
pub fn verify(folder: &Path, model: &Model) -> Result<(), Fault> {
    let most = match model.engine {
        Engine::Server { .. } => SERVERS_FILE_BYTES,
        Engine::Rten { .. } | Engine::Candle { .. } => FILE_BYTES,
    };
    for (_, file) in model.files() {
        let path = folder.join(&file.path);
        let found = sha256(&path, most).map_err(|error| unreadable(&path, &error))?;
        compare(&path, &found, &file.sha256)?;
    }
    Ok(())
}

/// The SHA-256 of a file with at most this many bytes.
pub(crate) fn sha256(path: &Path, most: u64) -> io::Result<String> {
    let file = open(path)?;
    fits(file.metadata()?.len(), most)?;
    let mut file = file.take(most + 1);
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(digest::finished(hasher)),
            read => {
                bytes += read as u64;
                fits(bytes, most)?;
                hasher.update(&piece[..read]);
            }
        }
    }
}

fn fits(bytes: u64, most: u64) -> io::Result<()> {
    let too_large = || {
        let why = format!("it is larger than {most} bytes");
        io::Error::new(io::ErrorKind::FileTooLarge, why)
    };
    (bytes <= most).then_some(()).ok_or_else(too_large)
}

fn open(path: &Path) -> io::Result<fs::File> {
    match fs::metadata(path)?.is_file() {
        true => fs::File::open(path),
        false => Err(io::Error::other("it is no regular file")),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    let hint = match error.kind() {
        io::ErrorKind::FileTooLarge => "take a smaller model",
        _ => "fetch the files of the models: `cargo xtask models get`",
    };
    Fault::new(format!("cannot read `{}`: {error}", path.display()), hint)
}

fn compare(path: &Path, found: &str, expected: &str) -> Result<(), Fault> {
    match found == expected {
        true => Ok(()),
        false => Err(Fault::new(
            format!(
                "`{}` has the SHA-256 {found}, expected {expected}",
                path.display()
            ),
            "use nothing of it: remove the file, and fetch it again",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file has a hole, so it takes no room.
    #[test]
    fn a_file_that_is_too_large_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        let large = fs::File::create(&path).unwrap();
        large.set_len(FILE_BYTES + 1).unwrap();
        let file = File {
            path: "model.onnx".into(),
            sha256: digest::hex(b""),
        };
        let fault = read(folder.path(), &file).unwrap_err();
        let expected = format!(
            "cannot read `{}`: it is larger than 2147483648 bytes",
            path.display()
        );
        assert_eq!(
            (fault.what(), fault.hint()),
            (&*expected, "take a smaller model")
        );
        let error = sha256(&path, FILE_BYTES).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 2147483648 bytes");
    }
}
