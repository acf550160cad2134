//! Ed25519 keys: the secret one in a file that only its owner can read, the public one as a text for policies.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use fractalaw_folders::sync_name;
use fractalaw_manifest::terminal::one_line;
use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::digest::hex;
use crate::file;
use crate::limits::KEY_FILE_BYTES;

/// The beginning of a file with a secret key. 64 digits and a newline follow.
const HEADER: &str = "fractalaw-signing-key-v1 ";

/// The beginning of a public key's text. 64 digits follow.
const PREFIX: &str = "ed25519:";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file exists already.
    #[error("`{}` exists already, and a key is never overwritten", shown(path))]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be read or made.
    #[error("could not use the key file `{}`: {source}", shown(path))]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than its owner may read or change it.
    #[error(
        "the key file `{}` has the permissions {mode:o}, expected 600",
        shown(path)
    )]
    NotPrivate {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It contains something else.
    #[error(
        "`{}` is no secret key, expected what `fractalaw keys new` wrote",
        shown(path)
    )]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// The system has no random numbers.
    #[error("the system gave no random numbers: {0}")]
    Random(String),
}

impl KeyError {
    /// What the reader can do about it.
    pub fn hint(&self) -> String {
        match self {
            KeyError::Exists { .. } => {
                "give another file, or show it with `fractalaw keys show`".to_owned()
            }
            KeyError::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "`fractalaw keys new FILE` makes a key".to_owned()
            }
            KeyError::File { .. } | KeyError::Random(_) => {
                "the key file must be a file that you own, on a disk with room".to_owned()
            }
            KeyError::NotPrivate { path, .. } => format!(
                "whoever read it can sign in its name: make another key, or, if nobody did, run `chmod 600 {}`",
                shown(path)
            ),
            KeyError::Content { .. } => {
                "give the file of the secret key; a public key is a text, and stands in policies"
                    .to_owned()
            }
        }
    }
}

fn shown(path: &Path) -> String {
    one_line(&path.display().to_string())
}

/// A secret key. It is never shown.
pub struct SecretKey(SigningKey);

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the secret key of {}", self.public())
    }
}

impl SecretKey {
    /// Makes a key and its file, which must not exist yet.
    ///
    /// # Errors
    ///
    /// If the file exists or cannot be made.
    pub fn create(path: &Path) -> Result<SecretKey, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| KeyError::Random(error.to_string()))?;
        let key = SecretKey::from_seed(&seed);
        let text = Zeroizing::new(format!("{HEADER}{}\n", hex(&*seed)));
        let written = || {
            let mut options = File::options();
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)?;
            // A mask may take bits away and never adds any.
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            sync_name(path)
        };
        match written() {
            Ok(()) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(KeyError::Exists {
                path: path.to_owned(),
            }),
            Err(source) => Err(KeyError::File {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Reads a file that only its owner can read.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, if others can read it, or if it is something else.
    pub fn load(path: &Path) -> Result<SecretKey, KeyError> {
        let failed = |source| KeyError::File {
            path: path.to_owned(),
            source,
        };
        let content = || KeyError::Content {
            path: path.to_owned(),
        };
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        let file = File::options().read(true).custom_flags(flags).open(path);
        let file = file.map_err(failed)?;
        // Looks at the open file, so that it is the one that is read.
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(content());
        }
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::NotPrivate {
                path: path.to_owned(),
                mode,
            });
        }
        let bytes = match file::read(file, KEY_FILE_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Err(content()),
            read => Zeroizing::new(read.map_err(failed)?),
        };
        let text = std::str::from_utf8(&bytes).ok();
        let digits = text.and_then(|text| text.strip_prefix(HEADER));
        let seed = digits.and_then(|digits| from_hex(digits.trim_end()));
        let seed = Zeroizing::new(seed.ok_or_else(content)?);
        Ok(SecretKey::from_seed(&seed))
    }

    /// The key from a seed of 32 secret random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> SecretKey {
        SecretKey(SigningKey::from_bytes(seed))
    }

    /// The key with which others check its signatures.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// A public key. Its text is `ed25519:` and 64 digits in lower-case hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// A key from its text, if it is one that can verify something.
    pub fn parse(text: &str) -> Option<PublicKey> {
        let bytes = from_hex(text.strip_prefix(PREFIX)?)?;
        let key = VerifyingKey::from_bytes(&bytes).ok()?;
        // With a weak key, anybody can make valid signatures.
        (!key.is_weak()).then_some(PublicKey(bytes))
    }

    /// Whether this key made the signature over the message. The check is strict: it refuses weak keys, and the second
    /// form that some signatures have.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", hex(&self.0))
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 64 || !text.bytes().all(is_digit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_key_file_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("release.key");
        let made = SecretKey::create(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        let public = made.public();
        assert_eq!(SecretKey::load(&path).unwrap().public(), public);
        assert_eq!(PublicKey::parse(&public.to_string()), Some(public));
        let text = fs::read_to_string(&path).unwrap();
        let secret = text.trim_end().rsplit(' ').next().unwrap();
        assert!(!format!("{made:?}").contains(secret));
        assert!(matches!(
            SecretKey::create(&path),
            Err(KeyError::Exists { .. })
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = SecretKey::load(&path).unwrap_err();
        assert!(matches!(error, KeyError::NotPrivate { mode: 0o640, .. }));
    }

    #[test]
    fn what_is_no_key_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.key");
        for text in ["", "ed25519:00", &format!("{HEADER}zz"), &"x".repeat(300)] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = SecretKey::load(&path).unwrap_err();
            assert!(matches!(error, KeyError::Content { .. }), "{text}");
        }
        assert!(matches!(
            SecretKey::load(folder.path()),
            Err(KeyError::Content { .. })
        ));
    }

    #[test]
    fn weak_and_malformed_public_keys_are_none() {
        let weak = format!("{PREFIX}{}", "0".repeat(64));
        let good = SecretKey::from_seed(&[7; 32]).public().to_string();
        for bad in [&weak, &good.to_uppercase(), &good[8..], &good[..70]] {
            assert_eq!(PublicKey::parse(bad), None, "{bad}");
        }
    }
}
