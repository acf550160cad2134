//! Secrets in the settings. They are read from the environment, given only to the program, and removed from every
//! message.

use std::fmt;

use crate::error::SettingsError;
use crate::limits::SECRET_BYTES_MIN;

/// Texts that must not be shown, each with its replacement. `Debug` prints none of them.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<(String, String)>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

impl Secrets {
    /// Also hides something about the machine that guests need not know.
    pub(crate) fn hide(&mut self, text: &str, instead: &str) {
        if text.len() >= SECRET_BYTES_MIN {
            self.0.push((text.to_owned(), format!("[{instead}]")));
            // The longest come first, so that a shorter secret cannot cut a longer one.
            self.0
                .sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        }
    }

    /// The text without secrets.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (secret, instead) in &self.0 {
            text = text.replace(secret, instead);
        }
        text
    }

    /// Replaces each `${NAME}` in a setting's value with that environment variable. In a URI, the variable is
    /// percent-encoded, so that it stays one part of the URI.
    pub(crate) fn fill(
        &mut self,
        key: &str,
        value: &str,
        is_uri: bool,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<String, SettingsError> {
        let mut filled = String::new();
        let mut rest = value;
        while let Some((before, after)) = rest.split_once("${") {
            let name = after.split_once('}').filter(|(name, _)| is_name(name));
            let (name, after) = name.ok_or_else(|| SettingsError::Placeholder {
                key: key.to_owned(),
            })?;
            let secret = variable(name).ok_or_else(|| SettingsError::NoSecret {
                key: key.to_owned(),
                variable: name.to_owned(),
            })?;
            if secret.len() < SECRET_BYTES_MIN {
                return Err(SettingsError::ShortSecret {
                    variable: name.to_owned(),
                });
            }
            let encoded = percent_encoded(&secret);
            self.hide(&secret, name);
            self.hide(&encoded, name);
            filled.push_str(before);
            filled.push_str(if is_uri { &encoded } else { &secret });
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Whether an option with this name has a secret as its value. Drivers have options of their own, so the name is all that is known.
pub(crate) fn names_a_secret(option: &str) -> bool {
    const SECRETS: [&str; 11] = [
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "token",
        "authorization",
        "credential",
        "api_key",
        "access_key",
        "private_key",
    ];
    /// What stands behind such a word if the value says only where a secret is, or of what kind.
    const ABOUT: [&str; 6] = ["_uri", "_url", "_type", "_endpoint", "_file", "_path"];
    let name = option.to_ascii_lowercase().replace('-', "_");
    let packed = name.replace('_', "");
    let is_one = SECRETS
        .iter()
        .any(|word| name.contains(word) || packed.contains(&word.replace('_', "")));
    is_one && !ABOUT.iter().any(|end| name.ends_with(end))
}

/// Whether a URI has a password that is written out and not a variable: in `scheme://user:password@host`, or as
/// the value of a name like `password` or `token` after `?`.
pub(crate) fn has_plain_password(uri: &str) -> bool {
    let is_plain = |value: &str| !value.is_empty() && !value.starts_with("${");
    let after_scheme = uri.split_once("://").map(|(_, rest)| rest);
    // A password can have a `/` in it that should be percent-encoded. So everything before the last `@` counts,
    // up to the query.
    let before_query = after_scheme.unwrap_or(uri).split('?').next();
    let user = before_query.and_then(|text| text.rsplit_once('@'));
    let password = user.and_then(|(user, _)| user.split_once(':'));
    let in_user = password.is_some_and(|(name, it)| {
        is_plain(it) && !name.contains('/') && (after_scheme.is_some() || !it.contains('/'))
    });
    // In `name = value`, there can be spaces around the sign.
    let is_space = |c: char| c.is_whitespace();
    let ends = |c: char| is_space(c) || matches!(c, '?' | '&' | ';');
    let mut rest = uri;
    let mut named = false;
    while let Some((before, after)) = rest.split_once('=') {
        let name = before.trim_end().rsplit(ends).next().unwrap_or_default();
        let value = after.trim_start().split(ends).next().unwrap_or_default();
        named |= names_a_secret(name) && is_plain(value);
        rest = after;
    }
    in_user || named
}

#[cfg(test)]
mod tests {
    use super::{Secrets, has_plain_password};
    use crate::error::SettingsError;

    fn variable(name: &str) -> Option<String> {
        match name {
            "PASSWORD" => Some("p@ss:w/ord".to_owned()),
            "LONGER" => Some("p@ss:w/ord-and-more".to_owned()),
            "SHORT" => Some("short".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn a_secret_is_put_where_it_belongs_and_said_nowhere() {
        let mut secrets = Secrets::default();
        let uri = secrets.fill("uri", "x://me:${PASSWORD}@host/${LONGER}", true, variable);
        assert_eq!(
            uri.as_deref(),
            Ok("x://me:p%40ss%3Aw%2Ford@host/p%40ss%3Aw%2Ford-and-more")
        );
        let plain = secrets.fill("options.token", "${PASSWORD}", false, variable);
        assert_eq!(plain.as_deref(), Ok("p@ss:w/ord"));
        assert_eq!(
            secrets.redact(
                "no p@ss:w/ord in p%40ss%3Aw%2Ford, p@ss:w/ord-and-more or p%40ss%3Aw%2Ford-and-more"
            ),
            "no [PASSWORD] in [PASSWORD], [LONGER] or [LONGER]"
        );
        assert_eq!(format!("{secrets:?}"), "6 secrets");
    }

    #[test]
    fn a_secret_that_is_not_there_is_an_error() {
        let key = || "uri".to_owned();
        for (value, error) in [
            (
                "${NOWHERE}",
                SettingsError::NoSecret {
                    key: key(),
                    variable: "NOWHERE".to_owned(),
                },
            ),
            (
                "${SHORT}",
                SettingsError::ShortSecret {
                    variable: "SHORT".to_owned(),
                },
            ),
            ("${}", SettingsError::Placeholder { key: key() }),
            ("${A B}", SettingsError::Placeholder { key: key() }),
            ("${PASSWORD", SettingsError::Placeholder { key: key() }),
        ] {
            let filled = Secrets::default().fill("uri", value, true, variable);
            assert_eq!(filled, Err(error), "{value}");
        }
    }

    #[test]
    fn a_password_in_a_uri_is_seen() {
        for (uri, plain) in [
            ("postgresql://h/db", false),
            ("postgresql://me@h/db", false),
            ("postgresql://me:@h/db", false),
            ("postgresql://me:${P}@h:1/db", false),
            ("postgresql://me:p@h/db", true),
            ("postgresql://h:1/db?user=me&password=p", true),
            ("postgresql://h:1/db?user=me&password=${P}", false),
            ("host=h user=me password=p", true),
            ("grpc://h:1?Token=p", true),
            ("grpc://h:1?token=${P}", false),
            ("grpc://h:1?threads=4", false),
            ("h:1/a@b", false),
            ("postgresql://h:1/a@b", true),
            ("postgresql://h/a:b@c", false),
            ("postgresql://me:hun/ter2@h/db", true),
            ("postgresql://me:${P}@h/db?x=a@b:c", false),
            ("host=h password = hunter2", true),
            ("host=h password\t=\thunter2", true),
            ("host=h password\n=hunter2", true),
            ("host=h password = ${P} user = me", false),
            ("host=h password= user=me", true),
        ] {
            assert_eq!(has_plain_password(uri), plain, "{uri}");
        }
    }
}
