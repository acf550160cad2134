//! Recorded answers: a file with a line for each question. It is readable, and the same questions and answers always make
//! the same file.
//!
//! A line is JSON with sorted keys: `answer`, `digest`, the SHA-256 of the canonical question as `key`, and the question as
//! `request`. `digest` is that of the model, if it was known. The lines are in the order of their keys.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fractalaw_catalogue::digest::is_digest;
use fractalaw_catalogue::whole_file;
use fractalaw_host::{HostError, PolicyError};
use serde_json::{Value, json};

use crate::canonical::{as_written, digest, sha256, text};
use crate::limits::RECORDING_BYTES;

/// What to do about answers that are missing or wrong.
const RECORD: &str =
    "record a real run anew with `--record FOLDER`: its answers are in `answers.jsonl` there";

/// What the host needs for a line besides its bytes.
const LINE_BYTES: u64 = 256;

/// The lines of a recording by key. They are kept as text: as values, the numbers of vectors would take several times as
/// much memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Recording(BTreeMap<String, String>);

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recorded {
    pub(crate) answer: Value,
    /// That of the model, if it was known.
    pub(crate) digest: Option<String>,
}

/// A question with its answer that is to be added.
pub(crate) struct Line {
    key: String,
    line: String,
}

impl Line {
    pub(crate) fn new(question: &Value, answer: &Value, of_model: Option<&str>) -> Line {
        let key = digest(question);
        let mut line = json!({ "answer": answer, "key": key, "request": question });
        if let Some(digest) = of_model {
            line["digest"] = json!(digest);
        }
        Line {
            line: text(&line),
            key,
        }
    }

    /// The host's memory that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        LINE_BYTES + self.line.len() as u64
    }
}

impl Recording {
    pub(crate) fn answer(&self, question: &Value) -> Option<Recorded> {
        // Only lines that could be read are here.
        parse(self.0.get(&digest(question))?).map(|(_, recorded)| recorded)
    }

    pub(crate) fn add(&mut self, line: Line) {
        self.0.insert(line.key, line.line);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Recording, HostError> {
        Ok(Recording::parse(&content(path)?).map_err(|number| wrong(path, number))?)
    }

    /// The answers in this text. An error is the number of a line.
    pub(crate) fn parse(content: &str) -> Result<Recording, usize> {
        let mut recording = Recording::default();
        for (number, line) in (1..).zip(content.lines()) {
            let (line, _) = parse(line).ok_or(number)?;
            if recording.0.insert(line.key, line.line).is_some() {
                return Err(number);
            }
        }
        Ok(recording)
    }

    /// Fails if answers cannot be added to this file. That is known before a run asks for them.
    pub(crate) fn check(path: &Path) -> Result<(), HostError> {
        match Recording::read(path) {
            Err(_) if !path.exists() => match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
                    Err(no_folder(path, folder).into())
                }
                _ => Ok(()),
            },
            read => read.map(drop),
        }
    }

    /// Adds these answers to a file, in place of earlier ones to the same questions. Other runs that write to the file at the
    /// same time do so before or after.
    pub(crate) fn write(&self, path: &Path) -> Result<(), HostError> {
        let failed = |source: io::Error| HostError::Capability {
            capability: "ai",
            source: format!(
                "could not write the recording `{}`: {source}",
                path.display()
            )
            .into(),
        };
        let held = whole_file::hold(path).map_err(failed)?;
        let mut all = match Recording::read(path) {
            Ok(recording) => recording,
            Err(_) if !path.exists() => Recording::default(),
            Err(error) => return Err(error),
        };
        all.0.extend(self.0.clone());
        let text = all.text();
        // A larger one would be written and never read.
        if text.len() as u64 > RECORDING_BYTES {
            return Err(failed(too_large()));
        }
        held.replace(&text).map_err(failed)
    }

    /// The content of the file.
    pub(crate) fn text(&self) -> String {
        self.0.values().flat_map(|line| [line, "\n"]).collect()
    }
}

/// The recordings that runs of a host replay. The same answers are in memory once, whichever runs use them, and those that
/// were used last stay there for the next run.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    /// By the SHA-256 of the file.
    used: Vec<(String, Weak<Recording>)>,
    last: Option<Arc<Recording>>,
}

impl Replayed {
    /// What a file has now, with its SHA-256.
    pub(crate) fn read(
        replayed: &Mutex<Replayed>,
        path: &Path,
    ) -> Result<(Arc<Recording>, String), HostError> {
        let content = content(path)?;
        let digest = sha256(content.as_bytes());
        // Another run that wants the same waits until it is there.
        let mut replayed = replayed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used = replayed.used.iter();
        let known = used.find(|(of, _)| *of == digest);
        let recording = match known.and_then(|(_, recording)| recording.upgrade()) {
            Some(recording) => recording,
            None => {
                let parsed = Recording::parse(&content).map_err(|number| wrong(path, number))?;
                let recording = Arc::new(parsed);
                let used = (digest.clone(), Arc::downgrade(&recording));
                replayed.used.push(used);
                recording
            }
        };
        replayed.last = Some(Arc::clone(&recording));
        replayed.used.retain(|(_, used)| used.strong_count() > 0);
        Ok((recording, digest))
    }
}

/// A device has no end, and a pipe waits for its other end.
fn content(path: &Path) -> Result<String, HostError> {
    let read = || -> io::Result<String> {
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let mut content = String::new();
        fs::File::open(path)?
            .take(RECORDING_BYTES + 1)
            .read_to_string(&mut content)?;
        match content.len() as u64 > RECORDING_BYTES {
            true => Err(too_large()),
            false => Ok(content),
        }
    };
    read().map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(path).into(),
        _ => unreadable(path, error),
    })
}

fn too_large() -> io::Error {
    io::Error::other(format!("it is larger than {RECORDING_BYTES} bytes"))
}

fn parse(line: &str) -> Option<(Line, Recorded)> {
    let mut line: Value = serde_json::from_str(line).ok()?;
    as_written(&mut line);
    let fields = line.as_object_mut()?;
    let (answer, question) = (fields.remove("answer")?, fields.remove("request")?);
    let key = fields.remove("key")?;
    let of_model = match fields.remove("digest") {
        Some(of_model) => Some(of_model.as_str().filter(|text| is_digest(text))?.to_owned()),
        None => None,
    };
    let line = Line::new(&question, &answer, of_model.as_deref());
    let is_whole = fields.is_empty() && key.as_str() == Some(&line.key);
    let recorded = Recorded {
        answer,
        digest: of_model,
    };
    is_whole.then_some((line, recorded))
}

fn missing(path: &Path) -> PolicyError {
    PolicyError::usage(
        format!("the recording `{}` does not exist", path.display()),
        RECORD,
    )
}

fn no_folder(path: &Path, folder: &Path) -> PolicyError {
    PolicyError::usage(
        format!(
            "the recording `{}` is to be in `{}`, which is no folder",
            path.display(),
            folder.display()
        ),
        "make the folder first",
    )
}

fn unreadable(path: &Path, source: io::Error) -> HostError {
    HostError::Read {
        path: path.to_owned(),
        source,
    }
}

fn wrong(path: &Path, number: usize) -> PolicyError {
    PolicyError {
        path: Some(path.to_owned()),
        line: Some(number),
        message: "the line is no answer with the key of its question, or is there twice".to_owned(),
        hint: RECORD.to_owned(),
        is_usage: true,
    }
}

/// The error for an answer of another model with the same name.
pub(crate) fn of_another(path: &Path, model: &str, recorded: &str, listed: &str) -> HostError {
    let error = PolicyError::usage(
        format!(
            "the recording `{}` has an answer of a model `{model}` with the digest {recorded}, expected {listed}",
            path.display()
        ),
        RECORD,
    );
    error.into()
}

/// The error for a question that was not recorded.
pub(crate) fn not_recorded(path: &Path, model: &str, question: &Value) -> HostError {
    let error = PolicyError::usage(
        format!(
            "the recording `{}` has no answer of the model `{model}` to the request with the key {}",
            path.display(),
            digest(question)
        ),
        RECORD,
    );
    error.into()
}

#[cfg(test)]
mod tests;
