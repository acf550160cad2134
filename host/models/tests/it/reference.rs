//! What SmolLM2 writes, beside what `tests/smollm2/reference.py` computes from the same file.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use crate::client::chat;
use crate::folders::fetched;
use crate::program::Program;

/// How far a log-probability may be from the reference, which does not round what it multiplies. The largest difference
/// that was seen is 0.14.
const TOLERANCE: f64 = 0.3;

#[derive(Deserialize)]
struct Expected {
    system: Option<String>,
    user: String,
    prompt_tokens: u64,
    text: String,
    logprobs: Vec<f64>,
    /// How much more probable each token is than the second one.
    gaps: Vec<f64>,
}

#[test]
fn smollm2_writes_what_the_reference_computes() {
    let Some(folder) = fetched() else {
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smollm2/expected.json");
    let expected: Vec<Expected> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let program = Program::at_a_port(&folder);
    let mut worst: f64 = 0.0;
    for expected in expected {
        let system = expected
            .system
            .map(|text| json!({ "role": "system", "content": text }));
        let user = json!({ "role": "user", "content": expected.user });
        let messages: Vec<_> = system.into_iter().chain([user]).collect();
        let (status, answer) = chat(
            &program.address,
            &json!({
                "model": "smollm2-135m-instruct",
                "messages": messages,
                "temperature": 0,
                "max_tokens": expected.logprobs.len(),
                "logprobs": true,
            }),
        );
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["usage"]["prompt_tokens"], expected.prompt_tokens);
        let choice = &answer["choices"][0];
        let tokens = choice["logprobs"]["content"].as_array().unwrap();
        // Where two tokens are about as probable, the other one may be taken, and the texts part there.
        let certain = expected.gaps.iter().take_while(|gap| **gap > TOLERANCE);
        let certain = certain.count();
        let is_all = certain == expected.logprobs.len();
        let text = choice["message"]["content"].as_str().unwrap();
        match is_all {
            true => assert_eq!(text, expected.text),
            false => {
                let read: String = tokens[..certain.min(tokens.len())]
                    .iter()
                    .map(|token| token["token"].as_str().unwrap())
                    .collect();
                assert!(expected.text.starts_with(&read), "{text}");
            }
        }
        for (token, expected) in tokens.iter().zip(&expected.logprobs).take(certain) {
            let difference = (token["logprob"].as_f64().unwrap() - expected).abs();
            assert!(difference < TOLERANCE, "{difference}: {token}");
            worst = worst.max(difference);
        }
        println!(
            "{text:?}: {certain} of {} tokens compared",
            expected.logprobs.len()
        );
    }
    println!("the largest difference of a log-probability is {worst}");
}
