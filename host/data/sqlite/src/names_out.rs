//! The names of a result's columns.
//!
//! SQLite makes the names of a subquery's columns differ: `x`, `x:1` and so on. From the sixth of the same name on, it takes
//! random numbers. They are another each time that the statement is compiled. Two runs of a guest must not see that.

use std::collections::BTreeSet;

use crate::ffi::Statement;

/// The first number that SQLite takes at random is larger than this.
const COUNTED: u32 = 4;

/// The names of the columns, as SQLite has them.
pub(crate) fn of(statement: &Statement) -> Vec<String> {
    (0..statement.columns())
        .map(|column| statement.name(column))
        .collect()
}

/// Whether a name may have a random number.
pub(crate) fn may_be_random(name: &str) -> bool {
    parts(name).is_some()
}

/// The text before the number, if it is a number that may be random.
fn parts(name: &str) -> Option<&str> {
    let (text, number) = name.rsplit_once(':')?;
    let number: u32 = number.parse().ok()?;
    (number > COUNTED).then_some(text)
}

/// Replaces random numbers by the next ones in order. They are where the names differ from those of another compilation of
/// the same statement.
pub(crate) fn settle(names: &mut [String], others: &[String]) {
    let is_random: Vec<bool> = names
        .iter()
        .zip(others)
        .map(|(name, other)| name != other && may_be_random(name))
        .collect();
    let kept = names.iter().zip(&is_random);
    let mut taken: BTreeSet<String> = kept
        .filter(|(_, is_random)| !**is_random)
        .map(|(name, _)| name.clone())
        .collect();
    for (name, _) in names.iter_mut().zip(is_random).filter(|(_, is)| *is) {
        let text = parts(name).unwrap_or_default().to_owned();
        let settled = (COUNTED + 1..)
            .map(|number| format!("{text}:{number}"))
            .find(|settled| !taken.contains(settled));
        if let Some(settled) = settled {
            taken.insert(settled.clone());
            *name = settled;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::settle;

    #[test]
    fn only_random_numbers_are_replaced() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut found = names(&["x", "x:4", "x:77", "x:5", "x:y", "z:9", "x:88", "é:6"]);
        let again = names(&["x", "x:4", "x:12", "x:5", "x:z", "z:9", "x:13", "é:7"]);
        settle(&mut found, &again);
        let expected = names(&["x", "x:4", "x:6", "x:5", "x:y", "z:9", "x:7", "é:5"]);
        assert_eq!(found, expected);
    }
}
