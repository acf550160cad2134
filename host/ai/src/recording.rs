//! Recorded answers: a file with a line for each question. It is readable, and the same questions and answers always make
//! the same file.
//!
//! A line is JSON with sorted keys: `answer`, `digest`, the SHA-256 of the canonical question as `key`, and the question as
//! `request`. `digest` is that of the model, if it was known. The lines are in the order of their keys.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use fractalaw_catalogue::digest::is_digest;
use fractalaw_catalogue::whole_file;
use fractalaw_host::{HostError, PolicyError};
use serde_json::{Value, json};

use crate::canonical::{as_written, digest, sha256, text};
use crate::limits::RECORDING_BYTES;

/// What to do about answers that are missing or wrong.
const RECORD: &str =
    "record a real run anew with `--record FOLDER`: its answers are in `answers.jsonl` there";

/// Questions with their answers, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Recording(BTreeMap<String, Recorded>);

/// A question with its answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recorded {
    question: Value,
    pub(crate) answer: Value,
    /// That of the model, if it was known.
    pub(crate) digest: Option<String>,
}

impl Recording {
    pub(crate) fn answer(&self, question: &Value) -> Option<&Recorded> {
        self.0.get(&digest(question))
    }

    pub(crate) fn add(&mut self, question: Value, answer: Value, of_model: Option<String>) {
        let recorded = Recorded {
            answer,
            digest: of_model,
            question,
        };
        self.0.insert(digest(&recorded.question), recorded);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a file. Returns its SHA-256 too.
    pub(crate) fn read(path: &Path) -> Result<(Recording, String), HostError> {
        let content = content(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => HostError::from(missing(path)),
            _ => unreadable(path, error),
        })?;
        let recording = Recording::parse(&content).map_err(|number| wrong(path, number))?;
        Ok((recording, sha256(content.as_bytes())))
    }

    /// The answers in this text. An error is the number of a line.
    pub(crate) fn parse(content: &str) -> Result<Recording, usize> {
        let mut recording = Recording::default();
        for (number, line) in (1..).zip(content.lines()) {
            let (key, recorded) = parse(line).ok_or(number)?;
            if recording.0.insert(key, recorded).is_some() {
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
            Ok((recording, _)) => recording,
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
        let mut content = String::new();
        for (key, recorded) in &self.0 {
            let Recorded {
                question,
                answer,
                digest,
            } = recorded;
            let mut line = json!({ "answer": answer, "key": key, "request": question });
            if let Some(digest) = digest {
                line["digest"] = json!(digest);
            }
            content += &text(&line);
            content.push('\n');
        }
        content
    }
}

/// A device has no end, and a pipe waits for its other end.
fn content(path: &Path) -> io::Result<String> {
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
}

fn too_large() -> io::Error {
    io::Error::other(format!("it is larger than {RECORDING_BYTES} bytes"))
}

fn parse(line: &str) -> Option<(String, Recorded)> {
    let mut line: Value = serde_json::from_str(line).ok()?;
    as_written(&mut line);
    let fields = line.as_object_mut()?;
    let (answer, question) = (fields.remove("answer")?, fields.remove("request")?);
    let key = fields.remove("key")?.as_str()?.to_owned();
    let of_model = match fields.remove("digest") {
        Some(of_model) => Some(of_model.as_str().filter(|text| is_digest(text))?.to_owned()),
        None => None,
    };
    let is_whole = fields.is_empty() && key == digest(&question);
    let recorded = Recorded {
        question,
        answer,
        digest: of_model,
    };
    is_whole.then_some((key, recorded))
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
mod tests {
    use std::thread;

    use super::*;
    use crate::canonical::as_number;

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
                let answer = json!({ "embeddings": [[place]] });
                recording.add(question(texts[place]), answer, None);
                recording.write(file).unwrap();
            }
        }
        let [one, other] = files
            .each_ref()
            .map(|file| fs::read_to_string(file).unwrap());
        assert_eq!(one, other);
        assert_eq!(one.lines().count(), 3);
        assert!(one.lines().is_sorted_by_key(|line| parse(line).unwrap().0));
        let answer = |file: &Path, text: &str| {
            let (recording, digest) = Recording::read(file).unwrap();
            assert_eq!(digest, sha256(&fs::read(file).unwrap()));
            recording.answer(&question(text)).cloned()
        };
        let recorded = answer(&files[0], "c").unwrap();
        assert_eq!(recorded.answer, json!({ "embeddings": [[2]] }));
        assert_eq!(recorded.digest, None);
        assert_eq!(answer(&files[0], "d"), None);
        // A second answer to the same question takes the place of the first.
        let mut again = Recording::default();
        let of_model = sha256(b"m");
        again.add(
            question("c"),
            json!({ "embeddings": [[9]] }),
            Some(of_model.clone()),
        );
        again.write(&files[0]).unwrap();
        let recorded = answer(&files[0], "c").unwrap();
        assert_eq!(recorded.answer, json!({ "embeddings": [[9]] }));
        assert_eq!(recorded.digest, Some(of_model));
    }

    #[test]
    fn runs_that_write_at_the_same_time_lose_no_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("answers.jsonl");
        thread::scope(|scope| {
            for writer in 0..8 {
                let file = &file;
                scope.spawn(move || {
                    for line in 0..16 {
                        let mut recording = Recording::default();
                        recording.add(question(&format!("{writer} {line}")), json!({}), None);
                        recording.write(file).unwrap();
                    }
                });
            }
        });
        let (recording, _) = Recording::read(&file).unwrap();
        assert_eq!(recording.0.len(), 8 * 16);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn every_number_is_read_as_it_was_written() {
        let mut bits = 1_u32;
        let numbers = std::iter::from_fn(|| {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some(f32::from_bits(bits))
        });
        let numbers: Vec<_> = numbers
            .filter(|number| number.is_finite())
            .take(5_000)
            .collect();
        let mut recording = Recording::default();
        for number in &numbers {
            let question = json!({ "kind": "generate", "temperature": as_number(*number) });
            recording.add(question, json!([as_number(*number)]), None);
        }
        let text = recording.text();
        assert_eq!(Recording::parse(&text).unwrap().text(), text);
    }

    #[test]
    fn a_recording_that_could_not_be_read_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("answers.jsonl");
        let mut recording = Recording::default();
        recording.add(question("a"), json!({}), None);
        recording.write(&file).unwrap();
        let before = fs::read(&file).unwrap();
        let long = "x".repeat(usize::try_from(RECORDING_BYTES).unwrap());
        recording.add(question("b"), json!(long), None);
        let error = recording.write(&file).unwrap_err();
        let expected = format!(
            "could not write the recording `{}`: it is larger than 67108864 bytes",
            file.display()
        );
        assert!(format!("{error:?}").contains(&expected), "{error:?}");
        assert_eq!(fs::read(&file).unwrap(), before);
    }

    #[test]
    fn a_file_that_was_changed_by_hand_is_wrong_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("answers.jsonl");
        let mut recording = Recording::default();
        recording.add(question("a"), json!({}), Some(sha256(b"m")));
        recording.write(&file).unwrap();
        let line = fs::read_to_string(&file).unwrap();
        for (content, number) in [
            (line.replace("[\"a\"]", "[\"b\"]"), 1),
            (format!("{line}{line}"), 2),
            (format!("{line}\n"), 2),
            (line.replace("\"key\"", "\"keys\""), 1),
            (line.replace(&sha256(b"m"), "m"), 1),
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
