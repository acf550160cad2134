//! The micro-apps that a section of a policy applies to.

use std::fmt;

use fractalaw_report::App;

/// The micro-apps that a section applies to: `name`, `name@digest` or `@digest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) name: Option<String>,
    /// The whole SHA-256 of the component. Anybody can soon make another component with the same first digits.
    pub(super) digest: Option<String>,
}

/// Hexadecimal digits of a SHA-256.
pub(super) const DIGITS: usize = 64;

impl Selector {
    pub(super) fn parse(text: &str) -> Option<Selector> {
        let (name, digest) = match text.rsplit_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let whole = |digest: &str| digest.len() == DIGITS && are_digits(digest);
        if digest.is_some_and(|digest| !whole(digest)) || (name.is_empty() && digest.is_none()) {
            return None;
        }
        Some(Selector {
            name: (!name.is_empty()).then(|| name.to_owned()),
            digest: digest.map(str::to_owned),
        })
    }

    /// The number of digits, if the text has a digest with too few of them.
    pub(super) fn digits_given(text: &str) -> Option<usize> {
        let (_, digits) = text.rsplit_once('@')?;
        let is_part =
            (1..DIGITS).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_hexdigit());
        is_part.then_some(digits.len())
    }

    pub(super) fn is_of(&self, app: &App) -> bool {
        let (name, digest) = (self.name.as_deref(), self.digest.as_deref());
        name.is_none_or(|name| app.name.as_deref() == Some(name))
            && digest.is_none_or(|digest| *app.digest == *digest)
    }
}

fn are_digits(text: &str) -> bool {
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    text.bytes().all(hex)
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or_default())?;
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}
