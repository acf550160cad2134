//! A line of standard input as an item of the entry.

use std::str::FromStr;

/// Goods in a container.
#[derive(Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) container: String,
    pub(crate) goods: String,
    pub(crate) origin: String,
    pub(crate) value_cents: u64,
}

impl FromStr for Item {
    type Err = String;

    fn from_str(line: &str) -> Result<Item, String> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [container, goods, origin, value] = fields[..] else {
            return Err(format!(
                "{} fields, expected 4: container, goods, origin, value in cents",
                fields.len()
            ));
        };
        let value_cents = value
            .parse()
            .map_err(|_| format!("`{value}` is no number of cents"))?;
        Ok(Item {
            container: container.to_owned(),
            goods: goods.to_owned(),
            origin: origin.to_owned(),
            value_cents,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Item;

    #[test]
    fn a_line_has_four_fields_and_the_last_is_a_number() {
        let found: Result<Item, String> = "CSQU 305438 3, 8703 ,JP,250000".parse();
        let expected = Item {
            container: "CSQU 305438 3".to_owned(),
            goods: "8703".to_owned(),
            origin: "JP".to_owned(),
            value_cents: 250_000,
        };
        assert_eq!(found, Ok(expected));
        for (line, problem) in [
            (
                "",
                "1 fields, expected 4: container, goods, origin, value in cents",
            ),
            ("CSQU3054383,8703,JP,-1", "`-1` is no number of cents"),
        ] {
            assert_eq!(line.parse::<Item>(), Err(problem.to_owned()), "{line}");
        }
    }
}
