//! Finds the sentences of a regulation that impose a duty or a prohibition, records each in the
//! audit trail and returns a summary. The regulation is standard input, or the granted file whose
//! path is the first argument.

mod modal;
mod numbering;
mod regulation;
mod summary;

use std::io::{self, Read};
use std::{env, fs};

use fractal::app::audit_log::{AuditEntry, record_event};
use modal::Force;
use summary::Summary;

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct DutyFinder;

impl Guest for DutyFinder {
    fn run() -> Result<String, String> {
        let mut summary = Summary::default();
        for sentence in regulation::sentences(&read_regulation()?) {
            let modal = modal::find(&sentence.text);
            summary.count(&sentence, modal);
            if let Some(modal) = modal {
                record_event(&AuditEntry {
                    event_type: match modal.force {
                        Force::Duty => "duty-found".into(),
                        Force::Prohibition => "prohibition-found".into(),
                    },
                    resource: sentence.reference,
                    detail: sentence.text,
                });
            }
        }
        Ok(summary.to_string())
    }
}

fn read_regulation() -> Result<String, String> {
    let (source, text) = match env::args().nth(1) {
        Some(path) => (format!("`{path}`"), fs::read_to_string(path)),
        None => ("standard input".into(), read_stdin()),
    };
    let text = text.map_err(|error| {
        format!(
            "cannot read {source}: {error}\nhint: it must be granted to the run, and be UTF-8 text"
        )
    })?;
    if text.trim().is_empty() {
        return Err(format!(
            "no regulation to read: {source} is empty\n\
             hint: pass the text on standard input, or the path of a granted file as the first argument"
        ));
    }
    Ok(text)
}

fn read_stdin() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

export!(DutyFinder);
