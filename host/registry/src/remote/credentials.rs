//! The user and the password for a registry: from variables, or as Docker keeps them. They are never printed.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fractalaw_provenance::read_regular;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::helper::{self, Answer};
use crate::fault::{Fault, Kind};
use crate::limits::{DOCKER_CONFIG_BYTES, HELPER_TIME};

const USERNAME: &str = "FRACTALAW_REGISTRY_USERNAME";
const PASSWORD: &str = "FRACTALAW_REGISTRY_PASSWORD";

/// Who asks. It has no text of its own, so that it cannot be printed by mistake.
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
struct Auth {
    auth: Option<String>,
    identitytoken: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

impl Credentials {
    /// The credentials for this registry, if there are any.
    pub(super) fn find(host: &str) -> Result<Option<Credentials>, Fault> {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        match (variable(USERNAME), variable(PASSWORD)) {
            (Some(user), Some(password)) => {
                let password = Zeroizing::new(password);
                return Ok(Some(Credentials { user, password }));
            }
            (None, None) => {}
            (user, _) => {
                let (set, missing) = match user {
                    Some(_) => (USERNAME, PASSWORD),
                    None => (PASSWORD, USERNAME),
                };
                let what = format!("the variable `{set}` is set, and `{missing}` is not");
                return Err(Fault::usage(
                    what,
                    "set both, or none to use what Docker keeps",
                ));
            }
        }
        match docker_config()? {
            Some((path, config)) => config.find(host, &path),
            None => Ok(None),
        }
    }

    /// The value of the header for the registry itself.
    pub(super) fn basic(&self) -> Zeroizing<String> {
        let pair = Zeroizing::new(format!("{}:{}", self.user, *self.password));
        Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
    }
}

fn docker_config() -> Result<Option<(PathBuf, DockerConfig)>, Fault> {
    let own = env::var_os("DOCKER_CONFIG").filter(|folder| !folder.is_empty());
    let folder = own.map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker")));
    let Some(path) = folder.map(|folder| folder.join("config.json")) else {
        return Ok(None);
    };
    let bytes = match read_regular(&path, DOCKER_CONFIG_BYTES) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => {
            let what = format!("could not read `{}`: {error}", path.display());
            return Err(Fault::failed(
                what,
                "mend the file, or set `DOCKER_CONFIG` to another folder",
            ));
        }
    };
    // The parser's message could quote a secret, so only its place is said.
    let config = serde_json::from_slice(&bytes).map_err(|error| {
        let what = format!(
            "`{}` is not Docker's configuration, line {}",
            path.display(),
            error.line()
        );
        Fault::usage(
            what,
            "mend the file, or set `DOCKER_CONFIG` to another folder",
        )
    })?;
    Ok(Some((path, config)))
}

impl DockerConfig {
    fn find(&self, host: &str, path: &std::path::Path) -> Result<Option<Credentials>, Fault> {
        let keys = keys(host);
        for key in &keys {
            if let Some(helper) = self.cred_helpers.get(key) {
                return helped(helper, key);
            }
        }
        let auth = keys.iter().find_map(|key| self.auths.get(key));
        if let Some(text) = auth
            .and_then(|auth| auth.auth.as_ref())
            .filter(|text| !text.is_empty())
        {
            let pair = STANDARD.decode(text.as_bytes()).ok().map(Zeroizing::new);
            let pair = pair
                .as_ref()
                .and_then(|pair| std::str::from_utf8(pair).ok());
            let pair = pair.and_then(|pair| pair.split_once(':'));
            let Some((user, password)) = pair else {
                let what = format!("`{}` has no user and password for `{host}`", path.display());
                return Err(Fault::usage(what, "log in again with `docker login`"));
            };
            return Ok(Some(Credentials {
                user: user.to_owned(),
                password: Zeroizing::new(password.trim_end_matches('\0').to_owned()),
            }));
        }
        if auth.is_some_and(|auth| auth.identitytoken.is_some()) {
            let what = format!(
                "`{}` has an identity token for `{host}`, which is not supported",
                path.display()
            );
            return Err(Fault::usage(
                what,
                format!("set `{USERNAME}` and `{PASSWORD}`"),
            ));
        }
        match &self.creds_store {
            Some(helper) => helped(helper, &keys[0]),
            None => Ok(None),
        }
    }
}

/// The keys under which Docker keeps a registry's credentials, the usual one first.
fn keys(host: &str) -> Vec<String> {
    match host {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            vec!["https://index.docker.io/v1/".to_owned()]
        }
        host => vec![host.to_owned(), format!("https://{host}")],
    }
}

/// Asks a helper: the program `docker-credential-NAME` on the path.
fn helped(helper: &str, key: &str) -> Result<Option<Credentials>, Fault> {
    let program = format!("docker-credential-{helper}");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let asked = match helper.bytes().all(is_plain) {
        true => helper::ask(&program, key, HELPER_TIME),
        false => Err("is no name of a program".to_owned()),
    };
    let Answer { printed, ended } = asked.map_err(|why| failed(&program, &why))?;
    // The helper says in words that it has none.
    let has_none = String::from_utf8_lossy(&printed).contains("credentials not found");
    match (ended.success(), has_none) {
        (false, true) => Ok(None),
        (false, false) => Err(failed(&program, &format!("failed: {ended}"))),
        (true, _) => {
            let helped: Helped = serde_json::from_slice(&printed)
                .map_err(|_| failed(&program, "printed no credentials"))?;
            Ok(Some(Credentials {
                user: helped.username,
                password: Zeroizing::new(helped.secret),
            }))
        }
    }
}

fn failed(program: &str, why: &str) -> Fault {
    let what = format!("`{program}`, which Docker's configuration names, {why}");
    Fault::new(Kind::Failed, what).hint(format!("mend it, or set `{USERNAME}` and `{PASSWORD}`"))
}
