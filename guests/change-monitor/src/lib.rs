//! Finds what changed in the regulations that somebody ingested. A regulation has a version, and so has what was known of
//! it. For each that differs, it emits `regulatory-change` with `REGULATION;FROM;TO`, and knows the new version from then
//! on. If the run does not complete, nothing was emitted and nothing is known.

use micro_app::{emit, execute, query_as, record, sql, trigger};
use serde::Deserialize;

micro_app::main!(run);

#[derive(Deserialize)]
struct Change {
    regulation: String,
    known: u32,
    version: u32,
}

fn run() -> Result<String, String> {
    let source = trigger("EVENT_SOURCE").unwrap_or_else(|| "nobody".to_owned());
    let changes: Vec<Change> = query_as(
        "SELECT r.regulation, coalesce(k.version, 0) AS known, r.version
         FROM regulation r LEFT JOIN known_regulation k USING (regulation)
         WHERE r.version <> coalesce(k.version, 0) ORDER BY r.regulation",
    )?;
    for change in &changes {
        let Change {
            regulation,
            known,
            version,
        } = change;
        if version < known {
            return Err(format!(
                "`{regulation}` has version {version}, and version {known} was known\n\
                 hint: ingest the newer version again"
            ));
        }
        execute(sql!(
            "INSERT INTO known_regulation (regulation, version) VALUES (?, ?)
             ON CONFLICT (regulation) DO UPDATE SET version = excluded.version",
            &**regulation,
            *version
        ))?;
        record(
            "regulation-changed",
            &**regulation,
            format!("from version {known} to {version}"),
        );
        emit(
            "regulatory-change",
            format!("{regulation};{known};{version}"),
        )?;
    }
    Ok(format!(
        "{} changes in what {source} ingested",
        changes.len()
    ))
}
