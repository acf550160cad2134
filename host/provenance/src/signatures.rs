//! The signatures of a component: a file beside it with one signed statement on each line.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use fractalaw_manifest::terminal::one_line;

use crate::digest::Digest;
use crate::envelope::Envelope;
use crate::file;
use crate::key::SecretKey;
use crate::limits::{SIGNATURES, SIGNATURES_BYTES, SIGNER_BYTES};
use crate::statement::{Statement, Subject};
use crate::wanted::{NotSigned, Wanted};

/// What a message shows of a text: as much as a key has.
const SHOWN_CHARACTERS: usize = 72;

/// Signed statements. None of the signatures was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures(Vec<Envelope>);

/// What is wrong with a text of signatures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct BadSignatures {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// Why there are no signatures to look at.
#[derive(Debug, thiserror::Error)]
pub enum SignaturesError {
    /// The file cannot be read.
    #[error("could not read `{}`: {source}", one_line(&path.display().to_string()))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("`{}`, {source}", one_line(&path.display().to_string()))]
    Bad {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: BadSignatures,
    },
}

/// A text of others, as much as a message shows of it.
fn short(text: &str) -> String {
    one_line(&text.chars().take(SHOWN_CHARACTERS).collect::<String>())
}

/// Where the signatures of a component are: beside it, in `FILE.sig`.
pub fn beside(component: &Path) -> PathBuf {
    let mut path = OsString::from(component);
    path.push(".sig");
    path.into()
}

impl Signatures {
    /// Reads a text with one signed statement on each line.
    ///
    /// # Errors
    ///
    /// The first line that is no signed statement, or that is one too many.
    pub fn parse(text: &str) -> Result<Signatures, BadSignatures> {
        let (mut all, mut count) = (Vec::new(), 0);
        for (index, line) in text.lines().enumerate() {
            let bad = |message| BadSignatures {
                line: index + 1,
                message,
            };
            let envelope = Envelope::from_json(line).map_err(bad)?;
            count += envelope.count();
            if count > SIGNATURES {
                return Err(bad(format!("more than {SIGNATURES} signatures")));
            }
            all.push(envelope);
        }
        Ok(Signatures(all))
    }

    /// Reads the file beside a component. Without such a file there are no signatures.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or holds something else.
    pub fn read_beside(component: &Path) -> Result<Signatures, SignaturesError> {
        let path = beside(component);
        let bytes = match file::read_regular(&path, SIGNATURES_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Signatures::default());
            }
            Err(source) => return Err(SignaturesError::Read { path, source }),
        };
        let text = String::from_utf8(bytes).map_err(|_| BadSignatures {
            line: 1,
            message: "not text in UTF-8".to_owned(),
        });
        text.and_then(|text| Signatures::parse(&text))
            .map_err(|source| SignaturesError::Bad { path, source })
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        self.0
            .iter()
            .map(|envelope| envelope.to_json() + "\n")
            .collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the signature of a key. It says that the signer vouches for the component.
    ///
    /// # Errors
    ///
    /// If there is no room, or the signer's name is empty, too long or not plain.
    pub fn sign(&mut self, subject: Subject, signer: &str, key: &SecretKey) -> Result<(), String> {
        let is_plain = !signer.is_empty() && one_line(signer) == *signer;
        if !is_plain || signer.len() > SIGNER_BYTES {
            let shown = short(signer);
            return Err(format!(
                "`{shown}` is no name of a signer, expected 1 to {SIGNER_BYTES} plain characters"
            ));
        }
        let signer = signer.to_owned();
        self.add(Signatures(vec![Envelope::sign(
            Statement { subject, signer },
            key,
        )]));
        match self.clone().fitting() {
            (_, 0) => Ok(()),
            _ => Err(format!(
                "a file has at most {SIGNATURES} signatures in {SIGNATURES_BYTES} bytes"
            )),
        }
    }

    /// Adds those that are not there.
    pub fn add(&mut self, others: Signatures) {
        for envelope in others.0 {
            if !self.0.contains(&envelope) {
                self.0.push(envelope);
            }
        }
    }

    /// As many, from the first on, as a host reads from a file, and how many have no room there.
    #[must_use]
    pub fn fitting(self) -> (Signatures, usize) {
        let all = self.0.len();
        let (mut count, mut bytes) = (0, 0);
        let mut fits = |envelope: &Envelope| {
            let more = (
                count + envelope.count(),
                bytes + envelope.to_json().len() + 1,
            );
            let fits = more.0 <= SIGNATURES && more.1 as u64 <= SIGNATURES_BYTES;
            if fits {
                (count, bytes) = more;
            }
            fits
        };
        let kept: Vec<Envelope> = self
            .0
            .into_iter()
            .filter(|envelope| fits(envelope))
            .collect();
        let left_out = all - kept.len();
        (Signatures(kept), left_out)
    }

    /// Only those by one of these keys.
    #[must_use]
    pub fn by(mut self, keys: &[Wanted]) -> Signatures {
        self.0
            .retain(|envelope| keys.iter().any(|by| envelope.is_by(&by.key)));
        self
    }

    /// Only those that are about this component.
    #[must_use]
    pub fn about(mut self, digest: &Digest) -> Signatures {
        self.0
            .retain(|envelope| envelope.statement.subject.digest == *digest);
        self
    }

    /// Who claims to vouch for what: signers, with the keys that they claim to have.
    pub fn claims(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|envelope| {
            let keys: Vec<_> = envelope.claimed().collect();
            (&*envelope.statement.signer, keys.join(", "))
        })
    }

    /// Checks that one of the keys signed this component under its name, and returns that key.
    ///
    /// # Errors
    ///
    /// Why none did.
    pub fn check<'w>(
        &self,
        subject: &Subject,
        wanted: &'w [Wanted],
    ) -> Result<&'w Wanted, NotSigned> {
        let mut near = None;
        for by in wanted {
            for envelope in &self.0 {
                let said = &envelope.statement.subject;
                let name = || by.name.clone();
                if !envelope.is_by(&by.key) {
                    let key = by.key.to_string();
                    if envelope.claimed().any(|claimed| claimed == key) {
                        near.get_or_insert(NotSigned::NotValid { name: name() });
                    }
                } else if said.digest != subject.digest {
                    near.get_or_insert(NotSigned::OtherComponent {
                        name: name(),
                        signed: said.digest.to_string(),
                        found: subject.digest.to_string(),
                    });
                } else if said.name != subject.name {
                    near.get_or_insert(NotSigned::OtherName {
                        name: name(),
                        signed: short(&said.name),
                        found: short(&subject.name),
                    });
                } else {
                    return Ok(by);
                }
            }
        }
        Err(near.unwrap_or_else(|| self.other_keys(wanted)))
    }

    /// What there is, if nothing of it is of these keys.
    fn other_keys(&self, wanted: &[Wanted]) -> NotSigned {
        let names: Vec<_> = wanted
            .iter()
            .map(|by| format!("`{}`", short(&by.name)))
            .collect();
        let wanted = names.join(" or ");
        let by: BTreeSet<_> = self.0.iter().flat_map(Envelope::claimed).collect();
        // A file has at most some dozens, and a message names the first.
        let by: Vec<_> = by
            .into_iter()
            .take(3)
            .map(|key| format!("`{}`", short(key)))
            .collect();
        match by.is_empty() {
            true => NotSigned::Unsigned { wanted },
            false => NotSigned::ByOthers {
                wanted,
                by: by.join(", "),
            },
        }
    }
}

#[cfg(test)]
mod tests;
