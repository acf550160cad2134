//! What is signed: a statement that names a component, by digest and name, and its signer. It is an in-toto statement, a
//! format that other tools read too.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

const TYPE: &str = "https://in-toto.io/Statement/v1";

/// Says what the statement is about: that the signer vouches for the component.
const PREDICATE: &str = "urn:fractalaw:vouched:v1";

/// A component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The name that it gives itself; empty if it gives itself none.
    pub name: String,
    /// Its digest.
    pub digest: Digest,
}

/// That a signer vouches for a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) subject: Subject,
    pub(crate) signer: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    #[serde(rename = "_type")]
    kind: String,
    subject: [Named; 1],
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Serialize, Deserialize)]
struct Named {
    name: String,
    digest: Sha256,
}

#[derive(Serialize, Deserialize)]
struct Sha256 {
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Predicate {
    signer: String,
}

impl Statement {
    /// Its text as JSON.
    pub(crate) fn to_json(&self) -> String {
        let text = Text {
            kind: TYPE.to_owned(),
            subject: [Named {
                name: self.subject.name.clone(),
                digest: Sha256 {
                    sha256: self.subject.digest.hex().to_owned(),
                },
            }],
            predicate_type: PREDICATE.to_owned(),
            predicate: Predicate {
                signer: self.signer.clone(),
            },
        };
        serde_json::to_string(&text).expect("texts are JSON")
    }

    /// Reads a statement. The error says what it is instead.
    pub(crate) fn from_json(json: &[u8]) -> Result<Statement, String> {
        let text: Text = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let Text {
            kind,
            subject: [Named { name, digest }],
            predicate_type,
            predicate,
        } = text;
        if kind != TYPE || predicate_type != PREDICATE {
            return Err(format!("it states something else, expected `{PREDICATE}`"));
        }
        let digest = Digest::from_hex(&digest.sha256);
        Ok(Statement {
            subject: Subject {
                name,
                digest: digest.ok_or("its `sha256` is no digest")?,
            },
            signer: predicate.signer,
        })
    }
}
