//! What is written is read, by whoever comes and at the same time, and what is wrong stays as it is.

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
            recording.add(Line::new(&question(texts[place]), &answer, None));
            recording.write(file).unwrap();
        }
    }
    let [one, other] = files
        .each_ref()
        .map(|file| fs::read_to_string(file).unwrap());
    assert_eq!(one, other);
    assert_eq!(one.lines().count(), 3);
    assert!(
        one.lines()
            .is_sorted_by_key(|line| parse(line).unwrap().0.key)
    );
    let answer = |file: &Path, text: &str| {
        let recording = Recording::read(file).unwrap();
        recording.answer(&question(text))
    };
    let recorded = answer(&files[0], "c").unwrap();
    assert_eq!(recorded.answer, json!({ "embeddings": [[2]] }));
    assert_eq!(recorded.digest, None);
    assert_eq!(answer(&files[0], "d"), None);
    // A second answer to the same question takes the place of the first.
    let mut again = Recording::default();
    let of_model = sha256(b"m");
    again.add(Line::new(
        &question("c"),
        &json!({ "embeddings": [[9]] }),
        Some(&of_model),
    ));
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
                    recording.add(Line::new(
                        &question(&format!("{writer} {line}")),
                        &json!({}),
                        None,
                    ));
                    recording.write(file).unwrap();
                }
            });
        }
    });
    let recording = Recording::read(&file).unwrap();
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
        recording.add(Line::new(&question, &json!([as_number(*number)]), None));
    }
    let text = recording.text();
    assert_eq!(Recording::parse(&text).unwrap().text(), text);
}

#[test]
fn a_recording_that_could_not_be_read_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    let mut recording = Recording::default();
    recording.add(Line::new(&question("a"), &json!({}), None));
    recording.write(&file).unwrap();
    let before = fs::read(&file).unwrap();
    let long = "x".repeat(usize::try_from(RECORDING_BYTES).unwrap());
    recording.add(Line::new(&question("b"), &json!(long), None));
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
    recording.add(Line::new(&question("a"), &json!({}), Some(&sha256(b"m"))));
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

/// What runs at the same time or one after the other replay is read and kept once.
#[test]
fn the_same_answers_are_in_memory_once() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["one.jsonl", "same.jsonl", "other.jsonl"].map(|name| folder.path().join(name));
    for (file, text) in files.iter().zip(["a", "a", "b"]) {
        let mut recording = Recording::default();
        recording.add(Line::new(&question(text), &json!([0.5]), None));
        recording.write(file).unwrap();
    }
    let replayed = Mutex::default();
    let read = |file: &Path| Replayed::read(&replayed, file).unwrap();
    let (one, digest) = read(&files[0]);
    assert_eq!(digest, sha256(&fs::read(&files[0]).unwrap()));
    let (same, _) = read(&files[1]);
    assert!(Arc::ptr_eq(&one, &same));
    // A run that goes on keeps its own. What nobody uses goes when others were used.
    let (other, digest) = read(&files[2]);
    assert!(Arc::ptr_eq(&one, &read(&files[0]).0));
    let is_kept = Arc::downgrade(&other);
    drop(other);
    assert!(is_kept.upgrade().is_none());
    let is_kept = Arc::downgrade(&one);
    drop((one, same));
    assert!(is_kept.upgrade().is_some());
    let (other, again) = read(&files[2]);
    assert_eq!(again, digest);
    assert!(is_kept.upgrade().is_none());
    // A file that changes is another one.
    let mut changed = Recording::default();
    changed.add(Line::new(&question("c"), &json!([1]), None));
    changed.write(&files[2]).unwrap();
    let (now, digest) = read(&files[2]);
    assert_ne!((&now, digest), (&other, again));
    assert_eq!(now.answer(&question("c")).unwrap().answer, json!([1]));
    assert_eq!(now.answer(&question("d")), None);
}
