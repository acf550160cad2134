//! Reads a policy from TOML by hand, so that each error has its line and says what was expected there.

use std::collections::BTreeMap;
use std::path::Path;

use fractalaw_manifest::{check_given_env, guest_path};
use fractalaw_provenance::limits::WANTED_KEYS;
use fractalaw_provenance::{PublicKey, Wanted};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check;
use super::rules::{Group, Policy};
use super::said::{Said, line};
use super::section::{Args, DirRule, Section};
use super::selector::{DIGITS, Selector};
use crate::error::PolicyError;
use fractalaw_manifest::terminal::one_line;

type Value<'a> = Spanned<DeValue<'a>>;

const SECTIONS: [&str; 4] = ["all", "groups", "apps", "keys"];

/// What a key is, for whoever wrote something else.
const A_KEY: &str = "a public key is `ed25519:` and 64 digits, as `fractalaw keys show` prints it; `[keys]` gives names to keys";

/// The text that is read, and its path for errors and for relative folders.
struct Text<'a> {
    path: &'a Path,
    text: &'a str,
    /// The public keys that the file gives names to.
    keys: BTreeMap<String, PublicKey>,
}

pub(super) fn policy(path: &Path, text: &str) -> Result<Policy, PolicyError> {
    let read = || {
        let mut text = Text::new(path, text);
        let document = text.document()?;
        if let Some(value) = document.get_ref().get("keys") {
            text.keys = text.public_keys(value)?;
        }
        let mut policy = Policy::default();
        for (key, value) in document.get_ref() {
            match &**key.get_ref() {
                "all" => policy.all = Some(text.section(text.table(value, "all")?, false)?.1),
                "groups" => policy.groups = text.groups(value)?,
                "apps" => policy.apps = text.apps(value)?,
                "keys" => {}
                other => return Err(text.unknown(key.span().start, other, &SECTIONS)),
            }
        }
        Ok(policy)
    };
    read().map_err(|error: PolicyError| error.in_file(path))
}

pub(super) fn section(path: &Path, text: &str) -> Result<Section, PolicyError> {
    let text = Text::new(path, text);
    let document = text.document()?;
    let (_, section) = text.section(document.get_ref(), false)?;
    match section.signed_by {
        // The component is checked when it is loaded, and lines belong to a run.
        Some(_) => Err(PolicyError::new(
            "`require-signature` is no grant, and stands in a policy's file",
        )
        .hint("put it into the file that `--policy` names")),
        None => Ok(section),
    }
}

impl<'a> Text<'a> {
    fn new(path: &'a Path, text: &'a str) -> Text<'a> {
        Text {
            path,
            text,
            keys: BTreeMap::new(),
        }
    }

    fn document(&self) -> Result<Spanned<DeTable<'a>>, PolicyError> {
        DeTable::parse(self.text).map_err(|error| {
            let message = one_line(error.message().trim_end());
            let span = error.span().unwrap_or_default();
            let at = span.start;
            if message == "duplicate key" {
                let key = one_line(self.text.get(span).unwrap_or_default());
                return (self.error(at, format!("`{key}` stands there twice, expected it once")))
                    .hint("a section stands once, with all its lines, and each key in it once");
            }
            self.error(at, format!("not TOML: {message}")).hint(
                "a section stands once, with all its lines; keys with other characters than letters, digits, \
                 `-` and `_` stand in quotes",
            )
        })
    }

    /// The folder of the policy file. Relative folders start there.
    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    fn error(&self, at: usize, message: impl Into<String>) -> PolicyError {
        PolicyError::new(message).on_line(line(self.text, at))
    }

    fn unknown(&self, at: usize, key: &str, known: &[&str]) -> PolicyError {
        check::unknown(key, known).on_line(line(self.text, at))
    }

    fn expected(&self, value: &Value<'_>, key: &str, expected: &str) -> PolicyError {
        let found = value.get_ref().type_str();
        let message = format!("`{}` is {found}, expected {expected}", one_line(key));
        self.error(value.span().start, message)
    }

    fn table<'v>(&self, value: &'v Value<'a>, key: &str) -> Result<&'v DeTable<'a>, PolicyError> {
        value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.expected(value, key, "a table"))
    }

    fn groups(&self, value: &Value<'a>) -> Result<Vec<Group>, PolicyError> {
        let mut groups = Vec::new();
        for (name, value) in self.table(value, "groups")? {
            let (apps, section) = self.section(self.table(value, name.get_ref())?, true)?;
            if apps.is_empty() {
                let message = format!("group `{}` is about nothing", one_line(name.get_ref()));
                let hint = "say which micro-apps are in it: `apps = [\"one\", \"two\"]`";
                return Err(self.error(name.span().start, message).hint(hint));
            }
            groups.push(Group {
                name: name.get_ref().to_string(),
                apps,
                section,
            });
        }
        Ok(groups)
    }

    fn apps(&self, value: &Value<'a>) -> Result<Vec<(Selector, Section)>, PolicyError> {
        let mut apps = Vec::new();
        for (name, value) in self.table(value, "apps")? {
            let selector = self.selector(name.span().start, name.get_ref())?;
            let (_, section) = self.section(self.table(value, name.get_ref())?, false)?;
            apps.push((selector, section));
        }
        Ok(apps)
    }

    fn selector(&self, at: usize, text: &str) -> Result<Selector, PolicyError> {
        Selector::parse(text).ok_or_else(|| {
            let (shown, digits) = (one_line(text), Selector::digits_given(text));
            let message = match digits {
                Some(digits) => {
                    format!("`{shown}` has {digits} digits of a digest, expected all {DIGITS}")
                }
                None if Selector::parse(&text.to_ascii_lowercase()).is_some() => format!(
                    "`{shown}` has a digest with upper-case digits, expected lower-case ones"
                ),
                None => format!(
                    "`{shown}` names no micro-app, expected `NAME`, `NAME@DIGEST` or `@DIGEST`"
                ),
            };
            self.error(at, message).hint(
                "DIGEST is the component's whole SHA-256, which `fractalaw inspect` prints: others with the \
                 same first digits can be made",
            )
        })
    }

    fn section(
        &self,
        table: &DeTable<'a>,
        is_group: bool,
    ) -> Result<(Vec<Selector>, Section), PolicyError> {
        let (mut apps, mut section) = (Vec::new(), Section::default());
        section.folder = self.folder().into();
        for (key, value) in table {
            match &**key.get_ref() {
                "apps" if is_group => apps = self.selectors(value)?,
                "tier" => section.tier = Some(self.tier(value)?),
                "interfaces" => {
                    let table = self.table(value, "interfaces")?;
                    section.interfaces = Said::read_table(self.text, table);
                }
                "dirs" => {
                    for (guest, value) in self.table(value, "dirs")? {
                        let at = guest.span().start;
                        let path = guest_path(guest.get_ref());
                        let path = path.map_err(|error| self.error(at, error.to_string()))?;
                        let rule = self.dir(value, guest.get_ref())?;
                        if section.dirs.insert(path, rule).is_some() {
                            let given = one_line(guest.get_ref());
                            let message =
                                format!("`{given}` is one path with another key of this table");
                            return Err(self.error(at, message));
                        }
                    }
                }
                "env" => {
                    for (name, value) in self.table(value, "env")? {
                        let bad =
                            check_given_env(name.get_ref()).map_err(|error| error.to_string());
                        bad.map_err(|message| self.error(name.span().start, message))?;
                        let given = self.variable(value, name.get_ref())?;
                        section.env.insert(name.get_ref().to_string(), given);
                    }
                }
                "args" => section.args = Some(self.args(value)?),
                "stdin" => {
                    self.only_true(value, "stdin")?;
                    section.stdin = true;
                }
                "require-signature" => section.signed_by = Some(self.signed_by(value)?),
                "quotas" => {
                    let table = self.table(value, "quotas")?;
                    section.quotas = Said::read_table(self.text, table);
                }
                other => {
                    let said = Said::read(self.text, key.span().start, value);
                    section.keys.insert(other.to_owned(), said);
                }
            }
        }
        Ok((apps, section))
    }

    fn public_keys(&self, value: &Value<'a>) -> Result<BTreeMap<String, PublicKey>, PolicyError> {
        let mut keys = BTreeMap::new();
        for (name, value) in self.table(value, "keys")? {
            let text = value.get_ref().as_str();
            let text = text.ok_or_else(|| self.expected(value, name.get_ref(), "a public key"))?;
            let key = PublicKey::parse(text).ok_or_else(|| {
                let message = format!("`{}` is no public key", one_line(text));
                self.error(value.span().start, message).hint(A_KEY)
            })?;
            keys.insert(name.get_ref().to_string(), key);
        }
        Ok(keys)
    }

    /// One key, or a list of keys of which any will do.
    fn signed_by(&self, value: &Value<'a>) -> Result<Vec<Wanted>, PolicyError> {
        const KEY: &str = "require-signature";
        let texts = match value.get_ref().as_str() {
            Some(text) => vec![text.to_owned()],
            None if value.get_ref().is_array() => self.texts(value, KEY)?,
            None => {
                return Err(self
                    .expected(value, KEY, "a key, or a list of keys")
                    .hint(A_KEY));
            }
        };
        if texts.is_empty() || texts.len() > WANTED_KEYS {
            let message = format!(
                "`{KEY}` has {} keys, expected 1 to {WANTED_KEYS}",
                texts.len()
            );
            return Err(self.error(value.span().start, message));
        }
        let wanted = texts.into_iter().map(|name| {
            let key = self.keys.get(&name).copied();
            match key.or_else(|| PublicKey::parse(&name)) {
                Some(key) => Ok(Wanted { name, key }),
                None => {
                    let message =
                        format!("`{}` is no key, and not the name of one", one_line(&name));
                    Err(self.error(value.span().start, message).hint(A_KEY))
                }
            }
        });
        wanted.collect()
    }

    fn selectors(&self, value: &Value<'a>) -> Result<Vec<Selector>, PolicyError> {
        let texts = self.texts(value, "apps")?;
        texts
            .iter()
            .map(|text| self.selector(value.span().start, text))
            .collect()
    }

    fn texts(&self, value: &Value<'a>, key: &str) -> Result<Vec<String>, PolicyError> {
        let wrong = |value: &Value<'a>| self.expected(value, key, "a list of strings");
        let list = value.get_ref().as_array().ok_or_else(|| wrong(value))?;
        let text = |value: &Value<'a>| match value.get_ref().as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(wrong(value)),
        };
        list.iter().map(text).collect()
    }

    fn tier(&self, value: &Value<'a>) -> Result<fractalaw_manifest::Tier, PolicyError> {
        let expected = "`lightweight`, `standard` or `heavy`";
        let text = value.get_ref().as_str();
        let text = text.ok_or_else(|| self.expected(value, "tier", expected))?;
        text.parse().map_err(|_| {
            let message = format!("unknown tier `{}`, expected {expected}", one_line(text));
            self.error(value.span().start, message)
        })
    }

    fn only_true(&self, value: &Value<'a>, key: &str) -> Result<(), PolicyError> {
        let at = value.span().start;
        Said::read(self.text, at, value).only_true(key)
    }

    fn dir(&self, value: &Value<'a>, key: &str) -> Result<DirRule, PolicyError> {
        let host = |text: &str| Some(self.folder().join(text));
        if let Some(text) = value.get_ref().as_str() {
            return Ok(DirRule {
                host: host(text),
                ..DirRule::default()
            });
        }
        let Some(table) = value.get_ref().as_table() else {
            self.only_true(value, key)?;
            return Ok(DirRule::default());
        };
        let mut rule = DirRule::default();
        for (name, value) in table {
            match &**name.get_ref() {
                "host" => {
                    let text = value.get_ref().as_str();
                    rule.host = host(text.ok_or_else(|| self.expected(value, "host", "a folder"))?);
                }
                "writable" => {
                    let writable = value.get_ref().as_bool();
                    let wrong = || self.expected(value, "writable", "`true` or `false`");
                    rule.writable = writable.ok_or_else(wrong)?;
                }
                other => return Err(self.unknown(name.span().start, other, &["host", "writable"])),
            }
        }
        Ok(rule)
    }

    fn variable(&self, value: &Value<'a>, key: &str) -> Result<Option<String>, PolicyError> {
        match value.get_ref().as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None if value.get_ref().as_bool().is_some() => {
                self.only_true(value, key)?;
                Ok(None)
            }
            None => Err(self.expected(value, key, "`true` or a string")),
        }
    }

    fn args(&self, value: &Value<'a>) -> Result<Args, PolicyError> {
        if value.get_ref().as_bool().is_some() {
            self.only_true(value, "args")?;
            return Ok(Args::Any);
        }
        if !value.get_ref().is_array() {
            return Err(self.expected(value, "args", "`true` or a list of strings"));
        }
        Ok(Args::These(self.texts(value, "args")?))
    }
}
