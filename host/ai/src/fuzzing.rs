//! What fuzz targets reach without a run, because a run for each input would take a hundred times as long.

use serde_json::Value;

use crate::canonical;
use crate::exact::{Sum, Tokens, cosine, table};
use crate::recording::{Line, Recording};

/// Splits texts into tokens, and makes their vectors. Returns the likeness of each text to the first one.
///
/// # Panics
///
/// If a promise about vectors is broken.
pub fn likenesses(texts: &[&str]) -> Vec<f32> {
    let sums: Vec<Sum> = texts
        .iter()
        .map(|text| {
            let tokens = Tokens::of(table(), text);
            // A character becomes at most a few others, and each token has at least one.
            assert!(tokens.count() <= 8 * text.chars().count() as u64);
            Sum::of(table(), &tokens)
        })
        .collect();
    for sum in &sums {
        let length: f64 = sum
            .normal()
            .iter()
            .map(|number| f64::from(*number).powi(2))
            .sum();
        assert!(length == 0.0 || (length - 1.0).abs() < 1e-5, "{length}");
    }
    let likeness = |sum| cosine(&sums[0], sum);
    sums.iter().map(likeness).collect()
}

/// Reads a recording. What was read is written as the same file again and again.
///
/// # Panics
///
/// If the same recording has two texts.
pub fn recording(text: &str) -> bool {
    let Ok(recording) = Recording::parse(text) else {
        return false;
    };
    let written = recording.text();
    let again = Recording::parse(&written).expect("what was written can be read");
    assert_eq!(again, recording);
    assert_eq!(again.text(), written);
    true
}

/// The canonical text of a value. It is the same value.
///
/// # Panics
///
/// If it is another one.
pub fn canonical(value: &Value) -> String {
    let text = canonical::text(value);
    let again: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(&again, value);
    text
}

/// The line of a recording with this question and this answer.
pub fn line(question: &Value, answer: &Value) -> String {
    let mut recording = Recording::default();
    recording.add(Line::new(question, answer, None));
    recording.text()
}
