//! Reports which stacks emitted more than their permit allows since a point in time, its only argument. It adds each of them
//! to the table `breach`.
//!
//! It is written in DuckDB's SQL. So it needs a database behind the ADBC driver of DuckDB, and not SQLite.

mod excess;

use std::{env, process};

use micro_app::{insert, query_as, record, sql};

use crate::excess::{Breach, Excess};

micro_app::main!(run);

fn run() -> Result<String, String> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [since] = &args[..] else {
        eprintln!("usage: emission-report SINCE, such as 2026-02-01T00:00:00Z");
        process::exit(2);
    };
    let found: Vec<Excess> = query_as(sql!(
        "SELECT s.site, s.pollutant, count(*)::BIGINT AS readings, min(r.taken) AS since,
                struct_pack(worst := max(r.mg), average := round(avg(r.mg), 2), permitted := s.permitted_mg) AS level,
                to_json(struct_pack(site := s.site, pollutant := s.pollutant, hours := list(hour(r.taken::TIMESTAMP) ORDER BY r.taken)))::VARCHAR
                    AS evidence
         FROM reading r JOIN stack s ON r.stack = s.id
         WHERE r.taken >= ?::TIMESTAMPTZ AND r.mg > s.permitted_mg
         GROUP BY s.site, s.pollutant, s.permitted_mg
         ORDER BY s.site, s.pollutant",
        since
    ))?;
    for excess in &found {
        record("limit-exceeded", &*excess.site, excess.to_string());
    }
    let breaches: Vec<Breach<'_>> = found.iter().map(Excess::breach).collect();
    let added = insert("breach", &breaches)?;
    let lines: Vec<String> = found
        .iter()
        .map(|excess| format!("\n{}: {excess}", excess.site))
        .collect();
    Ok(format!(
        "{added} limits exceeded since {since}{}",
        lines.concat()
    ))
}
