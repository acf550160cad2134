//! The vectors of all-MiniLM-L6-v2 beside those of onnxruntime. `tests/minilm/reference.py` made them.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::client::embed;
use crate::folders::fetched;
use crate::program::Program;

const DIMENSIONS: usize = 384;

#[test]
fn vectors_are_those_of_onnxruntime() {
    let Some(folder) = fetched() else {
        return;
    };
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/minilm");
    let sentences = fs::read_to_string(here.join("sentences.txt")).unwrap();
    let sentences: Vec<&str> = sentences.lines().collect();
    let expected = fs::read(here.join("expected.f32")).unwrap();
    let expected: Vec<f32> = expected
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    assert_eq!((sentences.len(), expected.len()), (50, 50 * DIMENSIONS));

    let program = Program::at_a_port(&folder);
    let asked = json!({ "model": "all-minilm-l6-v2", "input": sentences });
    let (status, answer) = embed(&program.address, &asked);
    assert_eq!(status, 200, "{answer}");
    let mut worst: f64 = 1.0;
    for (at, expected) in expected.chunks_exact(DIMENSIONS).enumerate() {
        let vector: Vec<f32> =
            serde_json::from_value(answer["data"][at]["embedding"].clone()).unwrap();
        let cosine = cosine(&vector, expected);
        assert!(cosine > 0.9999, "{cosine}: {}", sentences[at]);
        worst = worst.min(cosine);
    }
    println!("the smallest cosine is {worst}");
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}
