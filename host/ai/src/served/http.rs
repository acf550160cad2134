//! One request of HTTP/1.1 and its answer, on a connection of its own.
//!
//! The host needs no more than this: one `POST` to a server on the same machine, at most until the run's deadline, and an
//! answer of bounded size. A library for HTTP would bring ten crates to everybody who runs `hello-world`.

use std::io;

use fractalaw_catalogue::{Address, Place};
use fractalaw_host::capability::Account;

use crate::limits::{ANSWER_BYTES, HEADER_BYTES};
use crate::served::failed::Failed;
use crate::served::stream::{Stream, connected, patiently};

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Sends a `POST` with this body, and reads the answer.
pub(crate) fn post(
    address: &Address,
    function: &str,
    key: Option<&str>,
    body: &[u8],
    account: &Account,
) -> Result<Answer, Failed> {
    let mut connection = Connection {
        stream: connected(&address.place, account)?,
        account,
        read: Vec::new(),
        at: 0,
    };
    let host = match &address.place {
        Place::Tcp(at) => at.to_string(),
        Place::Unix(_) => "localhost".to_owned(),
    };
    let key = key.map_or_else(String::new, |key| {
        format!("Authorization: Bearer {key}\r\n")
    });
    let head = format!(
        "POST {}{function} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Accept: application/json\r\n{key}Content-Length: {}\r\n\r\n",
        address.path,
        body.len()
    );
    let sent = connection
        .send(head.as_bytes())
        .and_then(|()| connection.send(body));
    match sent {
        Ok(()) => connection.answer(),
        // A server may refuse a request before it has read all of it, and close the connection.
        Err(failed @ Failed::Broken(_)) => match connection.answer() {
            Err(Failed::Broken(_)) => Err(failed),
            answer => answer,
        },
        Err(failed) => Err(failed),
    }
}

struct Connection<'a> {
    stream: Box<dyn Stream>,
    account: &'a Account,
    /// What was read, and how much of it was taken.
    read: Vec<u8>,
    at: usize,
}

impl Connection<'_> {
    /// Does this on the stream until it was not interrupted by looking at the time.
    fn patiently<T>(
        &mut self,
        mut work: impl FnMut(&mut dyn Stream) -> io::Result<T>,
    ) -> Result<T, Failed> {
        let done = patiently(self.account, |time| {
            self.stream.wait_at_most(time)?;
            work(&mut *self.stream)
        })?;
        done.map_err(|error| Failed::Broken(error.to_string()))
    }

    fn send(&mut self, mut bytes: &[u8]) -> Result<(), Failed> {
        while !bytes.is_empty() {
            match self.patiently(|stream| stream.write(bytes))? {
                0 => return Err(Failed::Broken("the connection was closed".to_owned())),
                sent => bytes = &bytes[sent..],
            }
        }
        Ok(())
    }

    /// Reads more. False at the end of the stream.
    fn more(&mut self) -> Result<bool, Failed> {
        if self.read.len() > ANSWER_BYTES + HEADER_BYTES {
            return Err(Failed::TooLarge);
        }
        let mut bytes = [0; 16 * 1024];
        let count = self.patiently(|stream| stream.read(&mut bytes))?;
        self.read.extend_from_slice(&bytes[..count]);
        Ok(count > 0)
    }

    /// A line without its end.
    fn line(&mut self) -> Result<String, Failed> {
        loop {
            let rest = &self.read[self.at..];
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
                let line = String::from_utf8_lossy(line).into_owned();
                self.at += end + 1;
                return Ok(line);
            }
            if rest.len() > HEADER_BYTES {
                return Err(Failed::TooLarge);
            }
            if !self.more()? {
                return Err(Failed::Broken("the answer ends too early".to_owned()));
            }
        }
    }

    /// That many bytes.
    fn take(&mut self, count: usize) -> Result<Vec<u8>, Failed> {
        while self.read.len() - self.at < count {
            if !self.more()? {
                return Err(Failed::Broken("the answer ends too early".to_owned()));
            }
        }
        let taken = self.read[self.at..][..count].to_vec();
        self.at += count;
        Ok(taken)
    }

    fn answer(&mut self) -> Result<Answer, Failed> {
        let status = self.status()?;
        let (mut length, mut is_chunked, mut bytes) = (None, false, 0);
        loop {
            let line = self.line()?;
            bytes += line.len();
            if bytes > HEADER_BYTES {
                return Err(Failed::TooLarge);
            }
            let Some((name, value)) = line.split_once(':') else {
                match line.is_empty() {
                    true => break,
                    false => return Err(Failed::Broken("a header has no colon".to_owned())),
                }
            };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                let parsed = value.parse::<usize>();
                length =
                    Some(parsed.map_err(|_| Failed::Broken("its length is no number".to_owned()))?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                is_chunked = value.to_ascii_lowercase().ends_with("chunked");
            }
        }
        let body = match (is_chunked, length) {
            (true, _) => self.chunks()?,
            (false, Some(length)) if length > ANSWER_BYTES => return Err(Failed::TooLarge),
            (false, Some(length)) => self.take(length)?,
            (false, None) => {
                while self.more()? {}
                self.take(self.read.len() - self.at)?
            }
        };
        match body.len() > ANSWER_BYTES {
            true => Err(Failed::TooLarge),
            false => Ok(Answer { status, body }),
        }
    }

    /// The number of the first line. Interim answers such as `100 Continue` are passed over.
    fn status(&mut self) -> Result<u16, Failed> {
        loop {
            let line = self.line()?;
            let status = line.strip_prefix("HTTP/1.").and_then(|rest| {
                let (_, rest) = rest.split_once(' ')?;
                rest.get(..3)?.parse::<u16>().ok()
            });
            match status {
                Some(100..=199) => while !self.line()?.is_empty() {},
                Some(status) => return Ok(status),
                None => return Err(Failed::Broken("it does not begin as HTTP/1.1".to_owned())),
            }
        }
    }

    fn chunks(&mut self) -> Result<Vec<u8>, Failed> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16)
                .map_err(|_| Failed::Broken("a chunk's size is no number".to_owned()))?;
            if body.len().saturating_add(size) > ANSWER_BYTES {
                return Err(Failed::TooLarge);
            }
            if size == 0 {
                return Ok(body);
            }
            body.extend(self.take(size)?);
            if !self.line()?.is_empty() {
                return Err(Failed::Broken("a chunk is longer than its size".to_owned()));
            }
        }
    }
}
