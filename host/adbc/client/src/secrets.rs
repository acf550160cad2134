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

#[cfg(test)]
mod tests {
    use super::Secrets;
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
}
