//! SHA-256, by which components and what registries keep are named.

use std::fmt;

use sha2::Sha256;

/// The digits of a digest.
const DIGITS: usize = 64;

/// A SHA-256: 64 digits in lower-case hexadecimal. Its text is `sha256:` and the digits.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// The digest of these bytes.
pub fn sha256(bytes: &[u8]) -> Digest {
    use sha2::Digest as _;
    Digest::from_bytes(&Sha256::digest(bytes))
}

impl Digest {
    /// A digest that was computed.
    pub fn from_bytes(bytes: &[u8]) -> Digest {
        Digest(hex(bytes))
    }

    /// A digest from its digits alone.
    pub fn from_hex(text: &str) -> Option<Digest> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_whole = text.len() == DIGITS && text.bytes().all(is_digit);
        is_whole.then(|| Digest(text.to_owned()))
    }

    /// A digest from its text, such as `sha256:0c1f…`. No other algorithm is known.
    pub fn parse(text: &str) -> Option<Digest> {
        Digest::from_hex(text.strip_prefix("sha256:")?)
    }

    /// The digits.
    pub fn hex(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Digest, &'static str> {
        Digest::parse(&text).ok_or("expected `sha256:` and 64 digits in lower-case hexadecimal")
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_digests_in_lower_case_are_taken() {
        let digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let digest = sha256(b"abc");
        assert_eq!(digest.to_string(), format!("sha256:{digits}"));
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        for bad in [
            digits.to_owned(),
            format!("sha512:{digits}"),
            format!("sha256:{}", &digits[1..]),
            format!("sha256:{}", digits.to_uppercase()),
            format!("sha256:../../{}", &digits[6..]),
            "sha256:".to_owned(),
        ] {
            assert_eq!(Digest::parse(&bad), None, "{bad}");
        }
    }
}
