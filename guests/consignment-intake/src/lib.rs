//! Takes consignments in from standard input, a line each: number, carrier and weight in kilograms, with `;` between.
//!
//! The carrier leaves when it has the receipt, so each consignment must be kept at once, whatever becomes of the lines after
//! it. Its manifest asks for a transaction for each call. A line that was taken in before is taken in once: after a crash,
//! whoever sends the lines sends all of them again.

use std::io;

use micro_app::{execute, record, sql};

micro_app::main!(run);

fn run() -> Result<String, String> {
    let (mut taken, mut known) = (0, 0);
    for (at, line) in io::stdin().lines().enumerate() {
        let line = line.map_err(|error| format!("cannot read standard input: {error}"))?;
        let (number, carrier, weight) = read(&line).ok_or_else(|| {
            format!(
                "line {}: `{line}` is no consignment\n\
                 hint: expected `NUMBER;CARRIER;KILOGRAMS`; the lines before it are taken in",
                at + 1
            )
        })?;
        let added = execute(sql!(
            "INSERT INTO consignment (number, carrier, weight_kg) VALUES (?, ?, ?) ON CONFLICT (number) DO NOTHING",
            number,
            carrier,
            weight
        ))?;
        if added == 1 {
            record("taken-in", number, format!("{weight} kg from {carrier}"));
            taken += 1;
        } else {
            known += 1;
        }
    }
    Ok(format!("{taken} taken in, {known} known before"))
}

fn read(line: &str) -> Option<(&str, &str, u32)> {
    let mut fields = line.split(';').map(str::trim);
    let (number, carrier, weight) = (fields.next()?, fields.next()?, fields.next()?);
    let is_whole = !number.is_empty() && !carrier.is_empty() && fields.next().is_none();
    Some((number, carrier, weight.parse().ok()?)).filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_line_is_a_consignment() {
        assert_eq!(
            read("C-1; Fenland Haulage ;1200"),
            Some(("C-1", "Fenland Haulage", 1_200))
        );
        for line in [
            "", "C-1;a", "C-1;a;b", "C-1;;1", ";a;1", "C-1;a;1;", "C-1;a;-1",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
