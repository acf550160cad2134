//! Recorded answers: a file with a line for each question. It is readable, and the same questions and answers always make
//! the same file.
//!
//! A line is JSON with sorted keys: `answer`, the SHA-256 of the canonical question as `key`, and the question as
//! `request`. The lines are in the order of their keys.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use fractalaw_host::{HostError, PolicyError};
use serde_json::{Value, json};

use crate::canonical::{digest, text};
use crate::limits::RECORDING_BYTES;

/// Questions with their answers, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Recording(BTreeMap<String, (Value, Value)>);

impl Recording {
    pub(crate) fn answer(&self, question: &Value) -> Option<&Value> {
        self.0.get(&digest(question)).map(|(_, answer)| answer)
    }

    pub(crate) fn add(&mut self, question: Value, answer: Value) {
        self.0.insert(digest(&question), (question, answer));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Recording, HostError> {
        let content = content(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => HostError::from(missing(path)),
            _ => unreadable(path, error),
        })?;
        let mut recording = Recording::default();
        for (number, line) in (1..).zip(content.lines()) {
            let (key, question, answer) = parse(line).ok_or_else(|| wrong(path, number))?;
            if recording.0.insert(key, (question, answer)).is_some() {
                return Err(wrong(path, number).into());
            }
        }
        Ok(recording)
    }

    /// Adds these answers to a file, in place of earlier ones to the same questions.
    pub(crate) fn write(&self, path: &Path) -> Result<(), HostError> {
        let mut all = match Recording::read(path) {
            Ok(recording) => recording,
            Err(_) if !path.exists() => Recording::default(),
            Err(error) => return Err(error),
        };
        all.0.extend(self.0.clone());
        let mut content = String::new();
        for (key, (question, answer)) in &all.0 {
            content += &text(&json!({ "answer": answer, "key": key, "request": question }));
            content.push('\n');
        }
        // A reader finds the old file or the new one, and never a part.
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        let written = fs::write(&new, content).and_then(|()| fs::rename(&new, path));
        written.map_err(|source| HostError::Capability {
            capability: "ai",
            source: format!(
                "could not write the recording `{}`: {source}",
                path.display()
            )
            .into(),
        })
    }
}

/// A device has no end, and a pipe waits for its other end.
fn content(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut content = String::new();
    let most = RECORDING_BYTES;
    fs::File::open(path)?
        .take(most + 1)
        .read_to_string(&mut content)?;
    match content.len() as u64 > most {
        true => Err(io::Error::other(format!("it is larger than {most} bytes"))),
        false => Ok(content),
    }
}

fn parse(line: &str) -> Option<(String, Value, Value)> {
    let mut line: Value = serde_json::from_str(line).ok()?;
    let fields = line.as_object_mut()?;
    let (answer, question) = (fields.remove("answer")?, fields.remove("request")?);
    let key = fields.remove("key")?.as_str()?.to_owned();
    (fields.is_empty() && key == digest(&question)).then_some((key, question, answer))
}

fn missing(path: &Path) -> PolicyError {
    PolicyError {
        path: None,
        line: None,
        message: format!("the recording `{}` does not exist", path.display()),
        hint: format!(
            "record the answers of a real run with `--record {}`",
            path.display()
        ),
        is_usage: true,
    }
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
        hint: format!("record the answers anew with `--record {}`", path.display()),
        is_usage: true,
    }
}

/// The error for a question that was not recorded.
pub(crate) fn not_recorded(path: &Path, model: &str, question: &Value) -> HostError {
    let error = PolicyError {
        path: None,
        line: None,
        message: format!(
            "the recording `{}` has no answer of the model `{model}` to the request with the key {}",
            path.display(),
            digest(question)
        ),
        hint: format!(
            "record the answers of a real run with `--record {}`",
            path.display()
        ),
        is_usage: true,
    };
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str) -> Value {
        json!({ "kind": "embed", "model": "m", "texts": [text] })
    }

    #[test]
    fn what_is_written_is_read_and_the_order_of_recording_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["one.jsonl", "other.jsonl"].map(|name| folder.path().join(name));
        let texts = ["a", "b\n\"", "c"];
        for (file, order) in files.iter().zip([[0, 1, 2], [2, 1, 0]]) {
            for place in order {
                let mut recording = Recording::default();
                recording.add(question(texts[place]), json!({ "embeddings": [[place]] }));
                recording.write(file).unwrap();
            }
        }
        let [one, other] = files
            .each_ref()
            .map(|file| fs::read_to_string(file).unwrap());
        assert_eq!(one, other);
        assert_eq!(one.lines().count(), 3);
        assert!(one.lines().is_sorted_by_key(|line| parse(line).unwrap().0));
        let recording = Recording::read(&files[0]).unwrap();
        assert_eq!(
            recording.answer(&question("c")),
            Some(&json!({ "embeddings": [[2]] }))
        );
        assert_eq!(recording.answer(&question("d")), None);
        // A second answer to the same question takes the place of the first.
        let mut again = Recording::default();
        again.add(question("c"), json!({ "embeddings": [[9]] }));
        again.write(&files[0]).unwrap();
        let recording = Recording::read(&files[0]).unwrap();
        assert_eq!(
            recording.answer(&question("c")),
            Some(&json!({ "embeddings": [[9]] }))
        );
    }

    #[test]
    fn a_file_that_was_changed_by_hand_is_wrong_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("answers.jsonl");
        let mut recording = Recording::default();
        recording.add(question("a"), json!({}));
        recording.write(&file).unwrap();
        let line = fs::read_to_string(&file).unwrap();
        for (content, number) in [
            (line.replace("[\"a\"]", "[\"b\"]"), 1),
            (format!("{line}{line}"), 2),
            (format!("{line}\n"), 2),
            (line.replace("\"key\"", "\"keys\""), 1),
            ("{".to_owned(), 1),
        ] {
            fs::write(&file, &content).unwrap();
            let error = Recording::read(&file).unwrap_err();
            let place = format!("`{}`:{number}: ", file.display());
            assert!(error.to_string().starts_with(&place), "{content}: {error}");
            // What stands there is not written over.
            assert!(recording.write(&file).is_err());
            assert_eq!(fs::read_to_string(&file).unwrap(), content);
        }
        assert!(Recording::read(folder.path()).is_err());
    }
}
