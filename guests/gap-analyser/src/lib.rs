//! A regulation changed: which obligations were checked against an older version? Each is a gap, which is written down and
//! told with `gap-found` and `OBLIGATION;REGULATION;VERSION`.

use std::io;

use micro_app::{emit, insert, query_as, record, sql};
use serde::{Deserialize, Serialize};

micro_app::main!(run);

#[derive(Deserialize)]
struct Obligation {
    obligation: String,
    checked_version: u32,
}

#[derive(Serialize)]
struct Gap<'a> {
    obligation: &'a str,
    regulation: &'a str,
    version: u32,
}

fn run() -> Result<String, String> {
    let text = io::read_to_string(io::stdin()).map_err(|error| format!("no payload: {error}"))?;
    let (regulation, version) = read(&text)
        .ok_or_else(|| format!("`{text}` is no change\nhint: expected `REGULATION;FROM;TO`"))?;
    let obligations: Vec<Obligation> = query_as(sql!(
        "SELECT obligation, checked_version FROM obligation
         WHERE regulation = ? AND checked_version < ? ORDER BY obligation",
        regulation,
        version
    ))?;
    let gaps: Vec<Gap<'_>> = obligations
        .iter()
        .map(|of| Gap {
            obligation: &of.obligation,
            regulation,
            version,
        })
        .collect();
    insert("gap", &gaps)?;
    for Obligation {
        obligation,
        checked_version,
    } in &obligations
    {
        record(
            "gap-found",
            &**obligation,
            format!("checked against version {checked_version} of {version}"),
        );
        emit("gap-found", format!("{obligation};{regulation};{version}"))?;
    }
    Ok(format!(
        "{} gaps in version {version} of `{regulation}`",
        gaps.len()
    ))
}

fn read(text: &str) -> Option<(&str, u32)> {
    let mut fields = text.trim_end().split(';');
    let (regulation, _, version) = (fields.next()?, fields.next()?, fields.next()?);
    let is_whole = !regulation.is_empty() && fields.next().is_none();
    Some((regulation, version.parse().ok()?)).filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_change_is_a_regulation_and_two_versions() {
        assert_eq!(read("EU-2024/1781;1;2\n"), Some(("EU-2024/1781", 2)));
        for text in ["", "a", "a;1", ";1;2", "a;1;two", "a;1;2;3"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
