//! Imports `ai-classify`. A host that does not offer or grant it must say so before the first audit entry, not at the
//! call.

use fractal::app::ai_classify::classify;
use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

const SENTENCE: &str = "The employer shall provide portable fire extinguishers.";

struct AsksForAi;

impl Guest for AsksForAi {
    fn run() -> Result<String, String> {
        record_event(&AuditEntry {
            event_type: "classification-asked".into(),
            resource: "asks-for-ai".into(),
            detail: SENTENCE.into(),
        });
        let categories = ["duty", "prohibition", "permission"].map(String::from);
        let ranking = classify(SENTENCE, &categories).map_err(|error| error.message)?;
        let best = ranking.first().ok_or("the classifier named no category")?;
        Ok(format!("{}: {:.2}", best.category, best.score))
    }
}

export!(AsksForAi);
