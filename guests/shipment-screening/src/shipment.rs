//! A line of standard input as a shipment.

use std::str::FromStr;

use crate::acme::rules::check;

/// A shipment by its number.
pub(crate) struct Shipment {
    pub(crate) number: String,
    pub(crate) item: check::Shipment,
}

impl FromStr for Shipment {
    type Err = String;

    fn from_str(line: &str) -> Result<Shipment, String> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [number, goods, destination, kilograms] = fields[..] else {
            return Err(format!(
                "{} fields, expected 4: number, goods, country, kilograms",
                fields.len()
            ));
        };
        let kilograms = kilograms
            .parse()
            .map_err(|_| format!("`{kilograms}` is no number of kilograms"))?;
        Ok(Shipment {
            number: number.to_owned(),
            item: check::Shipment {
                goods: goods.to_owned(),
                destination: destination.to_owned(),
                kilograms,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Shipment;

    #[test]
    fn a_line_has_four_fields_and_the_last_is_a_number() {
        let shipment: Shipment = "S-1, 8471300000 ,NO,12".parse().unwrap();
        assert_eq!(shipment.number, "S-1");
        assert_eq!(shipment.item.goods, "8471300000");
        assert_eq!(shipment.item.destination, "NO");
        assert_eq!(shipment.item.kilograms, 12);
        for (line, problem) in [
            (
                "",
                "1 fields, expected 4: number, goods, country, kilograms",
            ),
            ("S-1,84,NO,a lot", "`a lot` is no number of kilograms"),
        ] {
            let found = line.parse::<Shipment>().err();
            assert_eq!(found.as_deref(), Some(problem), "{line}");
        }
    }
}
