//! Recorded answers of models: the file that `fractalaw run --record FOLDER` makes, and that a case replays.

use std::fs;

use micro_app::contract::fractal::app::ai_classify::Classification;
use micro_app::contract::fractal::app::ai_embeddings::AiError;
use micro_app::contract::fractal::app::ai_inference::{GenerateRequest, GenerateResponse};
use micro_app::testing::Models;
use serde_json::{Value, json};

use crate::files::found;

/// The answers of a file. A question that it has no answer to fails the test.
pub struct Answers {
    path: String,
    /// Questions without the model's name, and their answers.
    answers: Vec<(Value, Value)>,
}

impl Answers {
    /// Reads a file. The path begins at the folder of the guest.
    ///
    /// # Panics
    ///
    /// If it is not a file of recorded answers.
    #[track_caller]
    pub fn read(path: &str) -> Answers {
        let text = match fs::read_to_string(found(path)) {
            Ok(text) => text,
            Err(error) => panic!("cannot read `{path}`: {error}"),
        };
        let answers = (1..).zip(text.lines()).map(|(number, line)| {
            let Some(pair) = pair(line) else {
                panic!("`{path}`, line {number}: expected a recorded answer");
            };
            pair
        });
        Answers {
            path: path.to_owned(),
            answers: answers.collect(),
        }
    }

    /// The answer to a question, or the error that was recorded as the answer.
    fn answer(&self, question: &Value) -> Result<&Value, AiError> {
        let Some((_, answer)) = self.answers.iter().find(|(known, _)| known == question) else {
            panic!(
                "`{}` has no answer to {question}\n\
                 hint: record a run that asks this, with `fractalaw run --record FOLDER`, and use its `answers.jsonl`",
                self.path
            );
        };
        match answer.get("error") {
            Some(error) => Err(AiError {
                code: number(&error["code"]),
                message: text(&error["message"]),
            }),
            None => Ok(answer),
        }
    }
}

impl Models for Answers {
    fn embed(&mut self, texts: &[String]) -> Result<Vec<Vec<f32>>, AiError> {
        let answer = self.answer(&json!({ "kind": "embed", "texts": texts }))?;
        let vectors = answer["embeddings"].as_array().into_iter().flatten();
        let numbers = |vector: &Value| vector.as_array().into_iter().flatten().map(float).collect();
        Ok(vectors.map(numbers).collect())
    }

    fn classify(
        &mut self,
        _text: &str,
        _categories: &[String],
    ) -> Result<Vec<Classification>, AiError> {
        panic!(
            "recorded answers have vectors and texts, and no classifications\n\
             hint: implement `micro_app::testing::Models` in the test, with the ranking that it needs"
        );
    }

    fn generate(&mut self, request: &GenerateRequest) -> Result<GenerateResponse, AiError> {
        // A recording has the shortest decimal number that stands for the same one.
        let temperature: Value = (request.temperature + 0.0)
            .to_string()
            .parse::<f64>()
            .map_or(Value::Null, Value::from);
        let answer = self.answer(&json!({
            "kind": "generate",
            "max-tokens": request.max_tokens,
            "system-prompt": request.system_prompt,
            "temperature": temperature,
            "user-prompt": request.user_prompt,
        }))?;
        Ok(GenerateResponse {
            text: text(&answer["text"]),
            tokens_used: number(&answer["tokens-used"]),
            confidence: float(&answer["confidence"]),
        })
    }
}

/// A question and its answer. A policy says which model is asked, and a guest does not know it.
fn pair(line: &str) -> Option<(Value, Value)> {
    let mut line: Value = serde_json::from_str(line).ok()?;
    let mut question = line.get_mut("request")?.take();
    question.as_object_mut()?.remove("model");
    Some((question, line.get_mut("answer")?.take()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u32 {
    let number = value.as_u64().unwrap_or_default();
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn float(value: &Value) -> f32 {
    value.as_f64().unwrap_or_default() as f32
}
