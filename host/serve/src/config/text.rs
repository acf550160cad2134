//! Values of a TOML text, read so that each error has its line and says what was expected there.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fractalaw_host::open_regular_file;
use fractalaw_manifest::terminal::one_line;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::settings::FILE;
use crate::limits::CONFIG_BYTES;

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// How alike an unknown key and a known one must be for a hint, from 0 to 1.
const ALIKE: f64 = 0.6;

/// Reads the file.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    let failed = |error: std::io::Error| {
        let message = format!("could not read it: {error}");
        let failed = ConfigError::new(path, message);
        match error.kind() {
            ErrorKind::NotFound => failed.hint(format!(
                "name the folder with the file `{FILE}`: `fractalaw serve FOLDER`"
            )),
            ErrorKind::InvalidData => failed.hint("the file is text in UTF-8"),
            _ => failed.hint("make the file readable for this user"),
        }
    };
    let mut text = String::new();
    let Some(file) = open_regular_file(path).map_err(failed)? else {
        return Err(ConfigError::new(path, "no regular file").hint("the file is text in UTF-8"));
    };
    file.take(CONFIG_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    match text.len() as u64 <= CONFIG_BYTES {
        true => Ok(text),
        false => Err(
            ConfigError::new(path, format!("larger than {CONFIG_BYTES} bytes"))
                .hint("run some of the apps with another supervisor"),
        ),
    }
}

/// The text, and its path for errors and for relative paths.
pub(super) struct Text<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl<'a> Text<'a> {
    pub(super) fn document(&self) -> Result<Spanned<DeTable<'a>>, ConfigError> {
        DeTable::parse(self.text).map_err(|error| {
            let message = one_line(error.message().trim_end());
            let at = error.span().map_or(0, |span| span.start);
            self.error(at, format!("not TOML: {message}"))
                .hint("a section stands once, with all its lines; texts stand in quotes")
        })
    }

    /// An error at a byte of the text.
    pub(super) fn error(&self, at: usize, message: impl Into<String>) -> ConfigError {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        ConfigError {
            line: Some(line),
            ..ConfigError::new(self.path, message)
        }
    }

    /// An unknown key of a section. The hint names the known key that is most alike.
    pub(super) fn unknown(&self, at: usize, key: &str, known: &[&str]) -> ConfigError {
        let listed: Vec<_> = known.iter().map(|known| format!("`{known}`")).collect();
        let message = format!(
            "unknown key `{}`, expected {}",
            one_line(key),
            listed.join(", ")
        );
        let error = self.error(at, message);
        let alike = known
            .iter()
            .map(|known| (strsim::jaro_winkler(key, known), known))
            .max_by(|(one, _), (other, _)| one.total_cmp(other));
        match alike {
            Some((share, known)) if share >= ALIKE => {
                error.hint(format!("did you mean `{known}`?"))
            }
            _ => error,
        }
    }

    pub(super) fn expected(&self, value: &Value<'_>, key: &str, expected: &str) -> ConfigError {
        let found = value.get_ref().type_str();
        let message = format!("`{}` is {found}, expected {expected}", one_line(key));
        self.error(value.span().start, message)
    }

    pub(super) fn table<'v>(
        &self,
        value: &'v Value<'a>,
        key: &str,
    ) -> Result<&'v DeTable<'a>, ConfigError> {
        let table = value.get_ref().as_table();
        table.ok_or_else(|| self.expected(value, key, "a table"))
    }

    /// A text that is not empty.
    pub(super) fn name(&self, value: &Value<'_>, key: &str) -> Result<String, ConfigError> {
        match value.get_ref().as_str() {
            Some("") => Err(self.error(value.span().start, format!("`{key}` is empty"))),
            Some(text) => Ok(text.to_owned()),
            None => Err(self.expected(value, key, "a text")),
        }
    }

    /// A path. A relative one starts at the file's own folder.
    pub(super) fn file(&self, value: &Value<'_>, key: &str) -> Result<PathBuf, ConfigError> {
        let name = self.name(value, key)?;
        Ok(self.path.parent().unwrap_or(Path::new("")).join(name))
    }

    /// A number from `least` to `most`.
    pub(super) fn number(
        &self,
        value: &Value<'_>,
        key: &str,
        least: u32,
        most: u32,
    ) -> Result<u32, ConfigError> {
        let expected = format!("a number from {least} to {most}");
        let integer = value.get_ref().as_integer();
        let integer = integer.ok_or_else(|| self.expected(value, key, &expected))?;
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                let message = format!("`{key}` is {}, expected {expected}", integer.as_str());
                self.error(value.span().start, message)
            })
    }

    /// A duration such as `10s`, at most this long.
    pub(super) fn duration(
        &self,
        value: &Value<'_>,
        key: &str,
        most: Duration,
    ) -> Result<Duration, ConfigError> {
        let expected = format!(
            "a duration of at most {}, such as \"10s\"",
            humantime::format_duration(most)
        );
        let text = value.get_ref().as_str();
        let text = text.ok_or_else(|| self.expected(value, key, &expected))?;
        let duration = humantime::parse_duration(text).ok();
        duration
            .filter(|duration| *duration <= most)
            .ok_or_else(|| {
                let message = format!("`{key}` is `{}`, expected {expected}", one_line(text));
                self.error(value.span().start, message)
            })
    }
}
