//! Ed25519 keys: the secret one in a file that only its owner can read, the public one in the ledger.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use crate::hex::{self, hex_text};
use crate::whole_file;

/// The beginning of a key file. 64 digits and a newline follow.
const HEADER: &str = "fractalaw-ledger-key-v1 ";

/// No key file is longer.
const KEY_FILE_BYTES: u64 = 256;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or made.
    #[error("could not use the key file `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than its owner may read or change it.
    #[error("the key file `{}` has the permissions {mode:o}, expected 600", path.display())]
    NotPrivate {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It contains something else.
    #[error("`{}` is no key file of a ledger, expected `{HEADER}` and 64 hexadecimal digits", path.display())]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// The system has no random numbers.
    #[error("the system gave no random numbers: {0}")]
    Random(String),
}

impl KeyError {
    /// What the reader can do about it, if there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            KeyError::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("`fractalaw ledger init` makes one".to_owned())
            }
            KeyError::NotPrivate { path, .. } => Some(format!(
                "whoever read it can sign a forged ledger; if nobody did, run `chmod 600 {}`",
                path.display()
            )),
            _ => None,
        }
    }
}

/// The secret key of a ledger.
#[derive(Clone)]
pub struct LedgerKey(Arc<SigningKey>);

impl LedgerKey {
    /// Makes a key and its file. The file must not exist yet.
    pub fn create(path: &Path) -> Result<LedgerKey, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| KeyError::Random(error.to_string()))?;
        let key = LedgerKey::from_seed(&seed);
        let text = format!("{HEADER}{}\n", Seed(seed));
        let written = whole_file::begin(path, ".key-").and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            whole_file::finish(file.into_temp_path(), path)
        });
        written.map_err(|source| KeyError::File {
            path: path.to_owned(),
            source,
        })?;
        Ok(key)
    }

    /// Reads a key file, if nobody except its owner can.
    pub fn load(path: &Path) -> Result<LedgerKey, KeyError> {
        let failed = |source| KeyError::File {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        // Checks the open file, so that it is the one that is read.
        private(path, &file.metadata().map_err(failed)?)?;
        let mut text = String::new();
        let content = || KeyError::Content {
            path: path.to_owned(),
        };
        match file.take(KEY_FILE_BYTES).read_to_string(&mut text) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(content()),
            other => other.map_err(failed)?,
        };
        let digits = text.strip_prefix(HEADER).map(str::trim_end);
        let seed = digits.and_then(hex::read::<32>).ok_or_else(content)?;
        Ok(LedgerKey::from_seed(&seed))
    }

    /// The key from a seed of 32 secret random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> LedgerKey {
        LedgerKey(Arc::new(SigningKey::from_bytes(seed)))
    }

    /// The key that others check its signatures with.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

#[cfg(unix)]
fn private(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::NotPrivate {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

/// On other systems a file's mode does not decide access.
#[cfg(not(unix))]
fn private(_: &Path, _: &fs::Metadata) -> Result<(), KeyError> {
    Ok(())
}

struct Seed([u8; 32]);
hex_text!(Seed, 32);

/// The public key of a ledger.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(pub [u8; 32]);
hex_text!(PublicKey, 32);

impl PublicKey {
    /// Whether this key made the signature over the message. The check is strict: it refuses weak keys, and the
    /// second form that some signatures have. So nobody without the key can make another valid signature.
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature(pub [u8; 64]);
hex_text!(Signature, 64);
