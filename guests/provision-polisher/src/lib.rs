//! Has a model say each provision of a regulation in plain words, and keeps what can be relied on.
//!
//! The provisions are in a table. Each that has no plain words yet is a prompt. If the answer is sure enough and has the numbers
//! of the provision, it goes into the table. Otherwise a person is to look at it. If the model's server allows no further
//! call, what is done so far is kept.

mod numbers;

use micro_app::contract::fractal::app::ai_inference::{GenerateRequest, generate};
use micro_app::{execute, query_as, record, sql};
use serde::Deserialize;

const INSTRUCTIONS: &str =
    "Say in one plain sentence what the provision requires. Keep every number.";
const MOST_TOKENS: u32 = 80;

/// An answer of which the model is less sure is for a person to read.
const LEAST_CONFIDENCE: f32 = 0.5;

/// The error code for a server that allows no further call now.
const QUOTA: u32 = 3;

#[derive(Deserialize)]
struct Provision {
    id: String,
    text: String,
}

micro_app::main!(run);

fn run() -> Result<String, String> {
    let provisions: Vec<Provision> =
        query_as("SELECT id, text FROM provision WHERE plain IS NULL ORDER BY id")?;
    let (mut polished, mut unclear) = (0, 0);
    for provision in &provisions {
        let answer = match generate(&request(provision)) {
            Ok(answer) => answer,
            Err(error) if error.code == QUOTA => {
                record("polishing-paused", &*provision.id, error.message);
                break;
            }
            Err(error) => {
                return Err(format!(
                    "the model failed ({}): {}",
                    error.code, error.message
                ));
            }
        };
        let plain = answer.text.trim();
        if let Some(why) = doubt(&provision.text, plain, answer.confidence) {
            record("provision-unclear", &*provision.id, why);
            unclear += 1;
            continue;
        }
        execute(sql!(
            "UPDATE provision SET plain = ? WHERE id = ?",
            plain,
            &*provision.id
        ))?;
        record("provision-polished", &*provision.id, plain);
        polished += 1;
    }
    let left = provisions.len() - polished - unclear;
    Ok(format!(
        "{polished} polished, {unclear} unclear, {left} left"
    ))
}

fn request(provision: &Provision) -> GenerateRequest {
    GenerateRequest {
        system_prompt: Some(INSTRUCTIONS.to_owned()),
        user_prompt: provision.text.clone(),
        max_tokens: MOST_TOKENS,
        temperature: 0.0,
    }
}

/// Why an answer cannot be relied on.
fn doubt(text: &str, plain: &str, confidence: f32) -> Option<String> {
    if confidence < LEAST_CONFIDENCE {
        return Some(format!("the model is sure by {confidence:.2} only"));
    }
    let missing = numbers::missing(text, plain);
    (!missing.is_empty()).then(|| format!("without the number {}", missing.join(", ")))
}

#[cfg(test)]
mod tests {
    use micro_app::query_as;
    use micro_app::testing::Host;
    use native_host::{Answers, SqliteTables};

    use super::run;

    /// The provisions and the answers of the cases.
    fn host(answers: &str) -> Host {
        let files = ["schema.sql", "provision.csv", answers]
            .map(|file| format!("../../tests/cases/provision-polisher/{file}"));
        Host::new()
            .tables(SqliteTables::seeded(&[&files[0], &files[1]]))
            .models(Answers::read(&files[2]))
    }

    fn polished(host: &mut Host) -> Vec<String> {
        host.run(|| query_as("SELECT id FROM provision WHERE plain IS NOT NULL ORDER BY id"))
            .unwrap()
    }

    #[test]
    fn what_was_polished_before_the_server_paused_is_kept() {
        let mut host = host("no-more-today.jsonl");
        assert_eq!(polished(&mut host), ["33(2)"]);
        let said = host.run(run);
        assert_eq!(said.as_deref(), Ok("1 polished, 2 unclear, 1 left"));
        assert_eq!(polished(&mut host), ["33(1)", "33(2)"]);
        assert_eq!(
            host.trail().last().unwrap(),
            "[polishing-paused] 33(5) — the server of the model `scripted` allows no further call now (status 429)"
        );
    }

    #[test]
    fn what_was_polished_before_the_server_failed_is_lost() {
        let mut host = host("fails.jsonl");
        assert_eq!(
            host.run(run).unwrap_err(),
            "the model failed (5): the server of the model `scripted` failed (status 500)"
        );
        assert_eq!(polished(&mut host), ["33(2)"]);
        assert_eq!(host.trail().len(), 3);
    }
}
