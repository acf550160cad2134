//! One request over HTTP, with a bound on everything: sizes, times and redirects. Nothing goes without encryption to
//! another machine unless somebody said so.

use std::io::Read;
use std::sync::Arc;

use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body, http};
use url::Url;

use crate::fault::{Fault, Kind};
use crate::limits::{ANSWER_TIME, CONNECT_TIME, ERROR_BYTES, HEAD_BYTES, REDIRECTS, REQUEST_TIME};
use crate::reference::is_loopback;

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    Post,
    Put,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
        }
    }

    /// Whether a redirect is followed. What changes something goes to where it was sent.
    fn follows(self) -> bool {
        matches!(self, Method::Get | Method::Head)
    }
}

/// Makes requests.
pub(super) struct Http {
    agent: Agent,
    /// Whether the registry is on this machine. What else is here is reached without encryption only then.
    is_here: bool,
    /// The host that may be reached without encryption, although it is another machine.
    plain_host: Option<String>,
}

/// A request.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// It is sent only to the host of the URL, and not where a redirect leads.
    pub(super) authorization: Option<&'a str>,
    pub(super) body: Option<&'a [u8]>,
}

/// The answer.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: http::HeaderMap,
    body: Body,
    url: Url,
}

impl Http {
    pub(super) fn new(registry: &str, insecure: bool) -> Http {
        let certificates = rustls_native_certs::load_native_certs().certs;
        let certificates: Vec<_> = certificates
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::Specific(Arc::new(certificates)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(HEAD_BYTES)
            .timeout_connect(Some(CONNECT_TIME))
            .timeout_recv_response(Some(ANSWER_TIME))
            .timeout_global(Some(REQUEST_TIME))
            .user_agent(concat!("fractalaw-registry/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build());
        let is_here = is_loopback(registry);
        // A proxy is another machine.
        if is_here {
            config = config.proxy(None);
        }
        Http {
            agent: config.build().into(),
            is_here,
            plain_host: insecure.then(|| registry.to_owned()),
        }
    }

    /// Makes a request, and follows redirects of those that only read.
    pub(super) fn send(&self, ask: Ask<'_>) -> Result<Answer, Fault> {
        let Ask {
            method,
            mut url,
            headers,
            mut authorization,
            body,
        } = ask;
        for _ in 0..=REDIRECTS {
            self.check(&url)?;
            let mut request = http::Request::builder()
                .method(method.name())
                .uri(url.as_str());
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            let sent = match body {
                Some(body) => request.body(body).map(|request| self.agent.run(request)),
                None => request.body(()).map(|request| self.agent.run(request)),
            };
            // The error of a header that is none has no value in it.
            let sent = sent.map_err(|error| {
                Fault::new(Kind::Failed, format!("could not make a request: {error}"))
            })?;
            let (head, body) = sent.map_err(|error| failed(&url, &error))?.into_parts();
            let answer = Answer {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
                url: url.clone(),
            };
            let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
            if !is_redirect || !method.follows() {
                return Ok(answer);
            }
            url = answer.location()?;
            if authority(&url) != authority(&answer.url) {
                authorization = None;
            }
        }
        let host = url.host_str().unwrap_or_default();
        Err(Fault::failed(
            format!("`{host}` redirects more than {REDIRECTS} times"),
            "ask who runs the registry",
        ))
    }

    /// Checks that nothing goes without encryption to another machine, and to this one only for a registry that is here.
    fn check(&self, url: &Url) -> Result<(), Fault> {
        let host = authority(url);
        let is_beside = self.is_here && is_loopback(&host);
        let may_be_plain = is_beside || self.plain_host.as_ref() == Some(&host);
        match url.scheme() {
            "https" => Ok(()),
            "http" if may_be_plain => Ok(()),
            scheme => Err(Fault::refused(
                format!("a request would go to `{host}` over `{scheme}`, expected `https`"),
                "the registry leads there: ask who runs it, and use nothing that came that way",
            )),
        }
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The values of a header that may be there several times.
    pub(super) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
    }

    /// Where the answer leads.
    pub(super) fn location(&self) -> Result<Url, Fault> {
        let place = self
            .header("location")
            .and_then(|place| self.url.join(place).ok());
        place.ok_or_else(|| {
            let host = authority(&self.url);
            Fault::failed(
                format!("`{host}` answers {} and not where to go on", self.status),
                "ask who runs the registry",
            )
        })
    }

    /// The body, which has at most so many bytes.
    pub(super) fn bytes(self, most_bytes: u64) -> Result<Vec<u8>, Fault> {
        let url = self.url.clone();
        let bytes = self.read(most_bytes.saturating_add(1));
        let bytes = bytes.map_err(|error| {
            Fault::failed(
                format!("the answer of `{}` breaks off: {error}", authority(&url)),
                "try again",
            )
        })?;
        match bytes.len() as u64 <= most_bytes {
            true => Ok(bytes),
            false => Err(Fault::refused(
                format!(
                    "`{}` sends more than {most_bytes} bytes for `{}`",
                    authority(&url),
                    url.path()
                ),
                "ask who runs the registry",
            )),
        }
    }

    /// The beginning of a body that says what went wrong.
    pub(super) fn beginning(self) -> Vec<u8> {
        self.read(ERROR_BYTES).unwrap_or_default()
    }

    fn read(self, most_bytes: u64) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let reader = self.body.into_with_config().limit(u64::MAX).reader();
        reader.take(most_bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The host of a URL, with the port if it has one of its own.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether the two sides could not agree on encryption. A certificate that is not trusted comes as an error of reading.
fn is_of_tls(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
        ureq::Error::Io(error) => error
            .get_ref()
            .is_some_and(|inner| inner.is::<rustls::Error>()),
        _ => false,
    }
}

fn failed(url: &Url, error: &ureq::Error) -> Fault {
    let hint = match error {
        _ if is_of_tls(error) => {
            "the system's certificates are trusted, and those of `SSL_CERT_FILE` if it is set; `--insecure` is for registries \
             without TLS"
        }
        ureq::Error::HostNotFound => "look at the host in the reference",
        _ => "look whether the registry runs, and whether this machine reaches it",
    };
    Fault::failed(
        format!("could not reach `{}`: {error}", authority(url)),
        hint,
    )
}
