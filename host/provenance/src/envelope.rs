//! A signed statement: a DSSE envelope, one line of JSON. The signature is over the statement's bytes and their type, so
//! nothing must be written in one certain way to be verified.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::key::{PublicKey, SecretKey};
use crate::statement::Statement;

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A signed statement. The signature was not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) statement: Statement,
    payload: Vec<u8>,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature {
    /// The key that it claims to be of.
    key: String,
    bytes: [u8; 64],
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    payload_type: String,
    payload: String,
    signatures: Vec<SignatureText>,
}

#[derive(Serialize, Deserialize)]
struct SignatureText {
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// The bytes that are signed.
fn signed_bytes(payload: &[u8]) -> Vec<u8> {
    let (kind, length) = (PAYLOAD_TYPE, payload.len());
    let mut bytes = format!("DSSEv1 {} {kind} {length} ", kind.len()).into_bytes();
    bytes.extend(payload);
    bytes
}

impl Envelope {
    pub(crate) fn sign(statement: Statement, key: &SecretKey) -> Envelope {
        let payload = statement.to_json().into_bytes();
        Envelope {
            signatures: vec![Signature {
                key: key.public().to_string(),
                bytes: key.sign(&signed_bytes(&payload)),
            }],
            statement,
            payload,
        }
    }

    /// Whether this key made one of its signatures.
    pub(crate) fn is_by(&self, key: &PublicKey) -> bool {
        let message = signed_bytes(&self.payload);
        let mut signatures = self.signatures.iter();
        signatures.any(|signature| key.verifies(&message, &signature.bytes))
    }

    /// The keys that its signatures claim to be of.
    pub(crate) fn claimed(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|signature| &*signature.key)
    }

    /// Its line, without the end.
    pub(crate) fn to_json(&self) -> String {
        let signatures = self.signatures.iter().map(|signature| SignatureText {
            keyid: signature.key.clone(),
            sig: STANDARD.encode(signature.bytes),
        });
        let text = Text {
            payload_type: PAYLOAD_TYPE.to_owned(),
            payload: STANDARD.encode(&self.payload),
            signatures: signatures.collect(),
        };
        serde_json::to_string(&text).expect("texts are JSON")
    }

    /// Reads a line. The error says what is wrong.
    pub(crate) fn from_json(line: &str) -> Result<Envelope, String> {
        let text: Text = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if text.payload_type != PAYLOAD_TYPE {
            let found: String = text.payload_type.chars().take(72).collect();
            return Err(format!(
                "`payloadType` is `{found}`, expected `{PAYLOAD_TYPE}`"
            ));
        }
        let payload = STANDARD.decode(&text.payload);
        let payload = payload.map_err(|error| format!("`payload` is not base64: {error}"))?;
        let signature = |text: SignatureText| {
            let bytes = STANDARD.decode(&text.sig).ok();
            let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
            Ok(Signature {
                key: text.keyid,
                bytes: bytes.ok_or("`sig` is no Ed25519 signature in base64")?,
            })
        };
        let signatures: Result<_, String> = text.signatures.into_iter().map(signature).collect();
        Ok(Envelope {
            statement: Statement::from_json(&payload)?,
            payload,
            signatures: signatures?,
        })
    }

    /// The number of its signatures.
    pub(crate) fn count(&self) -> usize {
        self.signatures.len()
    }
}
