//! Requests to one repository, with what the registry wants to know of who asks.

use std::cell::RefCell;

use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use super::credentials::Credentials;
use super::http::{Answer, Ask, Http, Method, authority};
use crate::fault::{Fault, Kind};
use crate::limits::{SHOWN_CHARACTERS, TOKEN_BYTES};
use crate::reference::{Repository, is_loopback};

/// A repository, and the key to it once the registry asked for one.
pub(super) struct Session {
    http: Http,
    /// The host as references have it.
    host: String,
    base: Url,
    /// The value of the header `Authorization`.
    authorization: RefCell<Option<Zeroizing<String>>>,
    /// What no message may show: the password, and what was sent of it or for it.
    secrets: RefCell<Vec<Zeroizing<String>>>,
}

/// How a registry wants to be asked.
#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

#[derive(Deserialize)]
struct TokenText {
    token: Option<String>,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<ErrorText>,
}

#[derive(Deserialize)]
struct ErrorText {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Session {
    pub(super) fn new(repository: &Repository, insecure: bool) -> Result<Session, Fault> {
        let Repository { host, path } = repository;
        let scheme = match insecure || is_loopback(host) {
            true => "http",
            false => "https",
        };
        let served_by = match &**host {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            host => host,
        };
        let base = Url::parse(&format!("{scheme}://{served_by}/v2/{path}/"));
        let base = base.map_err(|error| {
            Fault::usage(
                format!("`{host}` is no host: {error}"),
                "look at the reference",
            )
        })?;
        Ok(Session {
            http: Http::new(&authority(&base), insecure),
            host: host.clone(),
            base,
            authorization: RefCell::new(None),
            secrets: RefCell::default(),
        })
    }

    /// Makes a request to the repository.
    pub(super) fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, Fault> {
        let url = self.base.join(path);
        let url =
            url.map_err(|error| Fault::new(Kind::Failed, format!("`{path}` is no path: {error}")))?;
        self.ask_at(method, url, headers, body)
    }

    /// Makes a request to where the registry led. Another host does not get the key.
    pub(super) fn ask_at(
        &self,
        method: Method,
        url: Url,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, Fault> {
        let is_own = authority(&url) == authority(&self.base);
        let send = || {
            let authorization = self.authorization.borrow();
            let authorization = authorization.as_deref().map(String::as_str);
            self.http.send(Ask {
                method,
                url: url.clone(),
                headers,
                authorization: authorization.filter(|_| is_own),
                body,
            })
        };
        let answer = send()?;
        if answer.status != 401 || !is_own {
            return Ok(answer);
        }
        self.authorize(&answer)?;
        let again = send()?;
        match again.status {
            401 => Err(self.denied(again)),
            _ => Ok(again),
        }
    }

    /// Does what the registry asks for.
    fn authorize(&self, answer: &Answer) -> Result<(), Fault> {
        let mut challenges = answer
            .headers("www-authenticate")
            .filter_map(Challenge::read);
        let credentials = Credentials::find(&self.host)?;
        if let Some(credentials) = &credentials {
            self.hide(&credentials.password);
            self.hide_key(&credentials.basic());
        }
        let key = match (challenges.next(), credentials) {
            (Some(Challenge::Basic), Some(credentials)) => credentials.basic(),
            (Some(Challenge::Basic), None) => {
                return Err(Fault::failed(
                    format!(
                        "`{}` asks who you are, and there are no credentials for it",
                        self.host
                    ),
                    CREDENTIALS,
                ));
            }
            (Some(bearer), credentials) => self.token(&bearer, credentials.as_ref())?,
            (None, _) => {
                return Err(Fault::failed(
                    format!(
                        "`{}` asks for credentials in a way that is not known",
                        self.host
                    ),
                    "registries ask for `Basic` or `Bearer`",
                ));
            }
        };
        *self.authorization.borrow_mut() = Some(key);
        Ok(())
    }

    /// Gets a token from the server that the registry names.
    fn token(
        &self,
        challenge: &Challenge,
        credentials: Option<&Credentials>,
    ) -> Result<Zeroizing<String>, Fault> {
        let failed = |why: &str| {
            Fault::failed(
                format!("`{}` {why}", self.host),
                "ask who runs the registry",
            )
        };
        let Challenge::Bearer {
            realm,
            service,
            scope,
        } = challenge
        else {
            return Err(failed("asks for credentials in two ways"));
        };
        let mut url = Url::parse(realm).map_err(|_| failed("names no server of tokens"))?;
        for (name, value) in [("service", service), ("scope", scope)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        let basic = credentials.map(Credentials::basic);
        let answer = self.http.send(Ask {
            method: Method::Get,
            url,
            headers: &[],
            authorization: basic.as_deref().map(String::as_str),
            body: None,
        })?;
        match answer.status {
            200 => {}
            401 | 403 => return Err(self.denied(answer)),
            _ => return Err(self.unexpected(answer)),
        }
        let bytes = Zeroizing::new(answer.bytes(TOKEN_BYTES)?);
        let text: Option<TokenText> = serde_json::from_slice(&bytes).ok();
        let token = text.and_then(|text| text.token.or(text.access_token));
        let token = token.ok_or_else(|| failed("names a server that gives no token"))?;
        let token = Zeroizing::new(token);
        self.hide(&token);
        Ok(Zeroizing::new(format!("Bearer {}", *token)))
    }

    fn hide(&self, secret: &str) {
        if !secret.is_empty() {
            let mut secrets = self.secrets.borrow_mut();
            secrets.push(Zeroizing::new(secret.to_owned()));
            // The longest comes first, so that a shorter one cannot cut it.
            secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// Hides what stands behind the scheme in the header `Authorization`.
    fn hide_key(&self, authorization: &str) {
        self.hide(authorization.split_once(' ').map_or("", |(_, key)| key));
    }

    fn denied(&self, answer: Answer) -> Fault {
        let said = self.said(answer);
        Fault::failed(
            format!("`{}` refuses the credentials: {said}", self.host),
            CREDENTIALS,
        )
    }

    /// The error for an answer that nobody waited for.
    pub(super) fn unexpected(&self, answer: Answer) -> Fault {
        let status = answer.status;
        let said = self.said(answer);
        let fault = Fault::new(Kind::Failed, format!("`{}` answers {said}", self.host));
        match status {
            403 => fault.hint(CREDENTIALS),
            404 => fault.hint("look at the repository in the reference"),
            429 => fault.hint("the registry takes no more requests for a while: try again later"),
            _ => fault.hint("ask who runs the registry"),
        }
    }

    /// What an answer says, without secrets.
    fn said(&self, answer: Answer) -> String {
        let status = answer.status;
        let body = answer.beginning();
        let errors: Option<Errors> = serde_json::from_slice(&body).ok();
        let first = errors.and_then(|errors| errors.errors.into_iter().next());
        let said = first.map(|error| format!("{}: {}", error.code, error.message));
        let said = said.unwrap_or_default();
        let secrets = self.secrets.borrow();
        let shown = |said: String, secret: &Zeroizing<String>| said.replace(&**secret, "…");
        let said = secrets.iter().fold(said, shown);
        let said: String = said.chars().take(SHOWN_CHARACTERS).collect();
        format!("{status} {said}").trim_end().to_owned()
    }
}

const CREDENTIALS: &str = "log in with `docker login`, or set `FRACTALAW_REGISTRY_USERNAME` and \
                           `FRACTALAW_REGISTRY_PASSWORD`; the account must be allowed to do this there";

impl Challenge {
    /// Reads the header `WWW-Authenticate`.
    fn read(header: &str) -> Option<Challenge> {
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Challenge::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service, mut scope) = (None, None, None);
        let mut rest = rest.trim_start();
        while let Some((name, after)) = rest.split_once('=') {
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => after
                    .split_once(',')
                    .map_or((after, ""), |(value, _)| (value, &after[value.len()..])),
            };
            let value = Some(value.to_owned());
            match &*name.trim().to_ascii_lowercase() {
                "realm" => realm = value,
                "service" => service = value,
                "scope" => scope = value,
                _ => {}
            }
            rest = after.trim_start_matches([',', ' ']);
        }
        Some(Challenge::Bearer {
            realm: realm?,
            service,
            scope,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| {
            Some(Challenge::Bearer {
                realm: realm.to_owned(),
                service: service.map(str::to_owned),
                scope: scope.map(str::to_owned),
            })
        };
        for (header, challenge) in [
            ("Basic realm=\"x\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                r#"Bearer realm="https://a/token",service="r, s",scope="repository:x:pull,push""#,
                bearer(
                    "https://a/token",
                    Some("r, s"),
                    Some("repository:x:pull,push"),
                ),
            ),
            (
                "Bearer realm=https://a/token, service=s",
                bearer("https://a/token", Some("s"), None),
            ),
            ("Bearer service=\"s\"", None),
            ("Bearer realm=\"unclosed", None),
            ("Digest realm=\"x\"", None),
            ("", None),
        ] {
            assert_eq!(Challenge::read(header), challenge, "{header}");
        }
    }
}
