//! The configuration of a node: which file it connects to which servers, and as whom.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use crate::fault::Fault;
use crate::limits::{CONFIG_BYTES, NODE_BYTES, REMEMBER_DAYS};

/// What the file says. Paths are relative to its folder.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Config {
    /// The name of the node, of which each in the set has another.
    pub(crate) node: String,
    /// The `events.db` of the supervisor.
    pub(crate) events: PathBuf,
    /// The folder into which components are fetched.
    pub(crate) components: Option<PathBuf>,
    pub(crate) nats: Nats,
    #[serde(default)]
    pub(crate) set: Set,
    pub(crate) checkpoints: Option<Checkpoints>,
}

/// The servers, and what they are told.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Nats {
    pub(crate) servers: Vec<String>,
    pub(crate) credentials: Option<PathBuf>,
    pub(crate) token_variable: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password_variable: Option<String>,
    pub(crate) ca: Option<PathBuf>,
}

/// What holds for the whole set. The first node makes it so.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Set {
    /// How many servers keep each message.
    pub(crate) replicas: usize,
    /// How long it is remembered that a delivery is done.
    pub(crate) remember_days: u64,
}

impl Default for Set {
    fn default() -> Set {
        Set {
            replicas: 3,
            remember_days: 7,
        }
    }
}

/// The ledger whose checkpoints the others keep, and where this node keeps theirs.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Checkpoints {
    pub(crate) ledger: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) folder: PathBuf,
    #[serde(default = "ten")]
    pub(crate) minutes: u64,
}

fn ten() -> u64 {
    10
}

const SECTIONS: [(&str, &[&str]); 4] = [
    (
        "",
        &["node", "events", "components", "nats", "set", "checkpoints"],
    ),
    (
        "nats",
        &[
            "servers",
            "credentials",
            "token-variable",
            "user",
            "password-variable",
            "ca",
        ],
    ),
    ("set", &["replicas", "remember-days"]),
    ("checkpoints", &["ledger", "key", "folder", "minutes"]),
];

impl Config {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Config, Fault> {
        let shown = path.display();
        let mut text = String::new();
        fs::File::open(path)
            .and_then(|file| file.take(CONFIG_BYTES + 1).read_to_string(&mut text))
            .map_err(|error| {
                let what = format!("cannot read `{shown}`: {error}");
                Fault::new(what, "name the configuration of this node with `--config`")
            })?;
        if text.len() as u64 > CONFIG_BYTES {
            let what = format!("`{shown}` has more than {CONFIG_BYTES} bytes");
            return Err(Fault::new(what, "is it the configuration of a node?"));
        }
        let mut config = Config::parse(&text)
            .map_err(|(what, hint)| Fault::new(format!("`{shown}`: {what}"), hint))?;
        config.place(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    fn parse(text: &str) -> Result<Config, (String, String)> {
        let table: Table = toml::from_str(text).map_err(|error| {
            let what = error.to_string().trim_end().to_owned();
            (what, "correct the TOML".to_owned())
        })?;
        keys(&table)?;
        let config: Config = Value::Table(table)
            .try_into()
            .map_err(|error: toml::de::Error| {
                let hint = "`host/nats/README.md` says what each key is";
                (error.message().to_owned(), hint.to_owned())
            })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), (String, String)> {
        let wrong = |what: String, hint: &str| Err((what, hint.to_owned()));
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let node = &self.node;
        if node.is_empty() || node.len() > NODE_BYTES || !node.bytes().all(is_plain) {
            let hint = format!("use at most {NODE_BYTES} letters, digits, `-` and `_`");
            return wrong(format!("`node`: `{node}` is not a name"), &hint);
        }
        if self.nats.servers.is_empty() {
            let hint = "add one: servers = [\"nats://127.0.0.1:4222\"]";
            return wrong("`nats.servers` has no server".to_owned(), hint);
        }
        if let Some(server) = self.nats.servers.iter().find(|server| server.contains('@')) {
            // What stands before the `@` may be a secret.
            let (_, host) = server.rsplit_once('@').unwrap_or_default();
            return wrong(
                format!("`nats.servers`: a name or password stands before `@{host}`"),
                "name a file with `credentials`, or a variable with `token-variable` or `password-variable`",
            );
        }
        let ways = [
            self.nats.credentials.is_some(),
            self.nats.token_variable.is_some(),
            self.nats.user.is_some() || self.nats.password_variable.is_some(),
        ];
        if ways.iter().filter(|&&way| way).count() > 1 {
            let what =
                "`nats` has several of `credentials`, `token-variable` and `user`".to_owned();
            return wrong(what, "keep the one that the servers ask for");
        }
        if self.nats.user.is_some() != self.nats.password_variable.is_some() {
            let what = "`nats` has one of `user` and `password-variable`".to_owned();
            return wrong(what, "give both");
        }
        if ![1, 3, 5].contains(&self.set.replicas) {
            let what = format!("`set.replicas` is {}", self.set.replicas);
            return wrong(what, "use 1, 3 or 5, and as many servers at least");
        }
        if !(1..=REMEMBER_DAYS).contains(&self.set.remember_days) {
            let what = format!("`set.remember-days` is {}", self.set.remember_days);
            return wrong(what, &format!("use 1 to {REMEMBER_DAYS}"));
        }
        if let Some(Checkpoints { minutes: 0, .. }) = self.checkpoints {
            return wrong("`checkpoints.minutes` is 0".to_owned(), "use 1 or more");
        }
        Ok(())
    }

    /// Makes paths relative to the folder of the file.
    fn place(&mut self, folder: &Path) {
        let place = |path: &mut PathBuf| *path = folder.join(&*path);
        place(&mut self.events);
        self.components.iter_mut().for_each(place);
        self.nats.credentials.iter_mut().for_each(place);
        self.nats.ca.iter_mut().for_each(place);
        if let Some(Checkpoints {
            ledger,
            key,
            folder,
            ..
        }) = &mut self.checkpoints
        {
            [ledger, key, folder].into_iter().for_each(place);
        }
    }
}

/// All keys are known.
fn keys(table: &Table) -> Result<(), (String, String)> {
    for (section, known) in SECTIONS {
        let inner = match section {
            "" => Some(table),
            name => table.get(name).and_then(Value::as_table),
        };
        let Some(key) = inner.and_then(|inner| inner.keys().find(|key| !known.contains(&&***key)))
        else {
            continue;
        };
        let place = match section {
            "" => String::new(),
            name => format!(" in `[{name}]`"),
        };
        return Err((
            format!("unknown key `{}`{place}", key.escape_debug()),
            match nearest(key, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys are `{}`", known.join("`, `")),
            },
        ));
    }
    Ok(())
}

fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |name: &&str| strsim::damerau_levenshtein(key, name);
    let near = known.iter().copied().min_by_key(distance)?;
    (distance(&near) <= near.len().div_ceil(3)).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str =
        "node = 'a'\nevents = 'events.db'\n[nats]\nservers = ['nats://127.0.0.1:4222']\n";

    #[test]
    fn paths_are_relative_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nats.toml");
        let more = "credentials = '/run/a.creds'\n[set]\nreplicas = 1\n[checkpoints]\nledger = 'l'\nkey = 'k'\nfolder = 'kept'\n";
        fs::write(&path, format!("components = 'apps'\n{LEAST}{more}")).unwrap();
        let at = |name: &str| folder.path().join(name);
        let expected = Config {
            node: "a".to_owned(),
            events: at("events.db"),
            components: Some(at("apps")),
            nats: Nats {
                servers: vec!["nats://127.0.0.1:4222".to_owned()],
                credentials: Some("/run/a.creds".into()),
                token_variable: None,
                user: None,
                password_variable: None,
                ca: None,
            },
            set: Set {
                replicas: 1,
                remember_days: 7,
            },
            checkpoints: Some(Checkpoints {
                ledger: at("l"),
                key: at("k"),
                folder: at("kept"),
                minutes: 10,
            }),
        };
        assert_eq!(Config::read(&path).unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_named_with_what_to_do() {
        let cases = [
            (
                "nod = 'a'\n",
                "",
                "unknown key `nod`",
                "did you mean `node`?",
            ),
            (
                "",
                "token-varable = 'X'\n",
                "unknown key `token-varable` in `[nats]`",
                "did you mean `token-variable`?",
            ),
            (
                "",
                "[set]\nxyz = 1\n",
                "unknown key `xyz` in `[set]`",
                "the keys are `replicas`, `remember-days`",
            ),
            (
                "",
                "[set]\nreplicas = 2\n",
                "`set.replicas` is 2",
                "use 1, 3 or 5, and as many servers at least",
            ),
            (
                "",
                "[set]\nremember-days = 0\n",
                "`set.remember-days` is 0",
                "use 1 to 365",
            ),
            (
                "",
                "user = 'a'\n",
                "`nats` has one of `user` and `password-variable`",
                "give both",
            ),
            (
                "",
                "credentials = 'a'\ntoken-variable = 'T'\n",
                "`nats` has several of `credentials`, `token-variable` and `user`",
                "keep the one that the servers ask for",
            ),
            (
                "",
                "[checkpoints]\nledger = 'l'\n",
                "missing field `key`",
                "`host/nats/README.md` says what each key is",
            ),
        ];
        for (before, after, what, hint) in cases {
            let found = Config::parse(&format!("{before}{LEAST}{after}"));
            assert_eq!(found, Err((what.to_owned(), hint.to_owned())));
        }
        let named = LEAST.replace("'a'", "'a.b'");
        let what = "`node`: `a.b` is not a name".to_owned();
        assert_eq!(Config::parse(&named).unwrap_err().0, what);
        let secret = LEAST.replace("nats://", "nats://me:secret@");
        let (what, _) = Config::parse(&secret).unwrap_err();
        assert_eq!(
            what,
            "`nats.servers`: a name or password stands before `@127.0.0.1:4222`"
        );
    }
}
