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
    analyse(text)
}

fn analyse(text: String) -> Result<String, String> {
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
    use micro_app::testing::Host;
    use native_host::SqliteTables;

    use super::{analyse, read};

    #[test]
    fn a_gap_is_a_row_an_entry_and_an_event_and_a_second_one_is_none_of_them() {
        let mut host = Host::new().tables(SqliteTables::seeded(&[
            "../../tests/cases/gap-analyser/schema.sql",
            "../../tests/cases/gap-analyser/obligation.csv",
        ]));
        let said = host.run(|| analyse("EU-2024/1781;1;2".to_owned()));
        assert_eq!(said.as_deref(), Ok("1 gaps in version 2 of `EU-2024/1781`"));
        let trail =
            ["[gap-found] keep a digital product passport — checked against version 1 of 2"];
        assert_eq!(host.trail(), trail);
        let event = (
            "gap-found",
            &b"keep a digital product passport;EU-2024/1781;2"[..],
        );
        assert_eq!(host.emitted(), [event]);

        // The key of the table refuses it.
        assert!(host.run(|| analyse("EU-2024/1781;1;2".to_owned())).is_err());
        assert_eq!(host.trail(), trail);
        assert_eq!(host.emitted(), [event]);
    }

    #[test]
    fn a_change_is_a_regulation_and_two_versions() {
        assert_eq!(read("EU-2024/1781;1;2\n"), Some(("EU-2024/1781", 2)));
        for text in ["", "a", "a;1", ";1;2", "a;1;two", "a;1;2;3"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
