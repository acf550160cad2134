//! The numbers in a text.

/// The numbers of a text that another lacks, in their order.
pub(crate) fn missing<'t>(text: &'t str, other: &str) -> Vec<&'t str> {
    let found: Vec<_> = numbers(other).collect();
    numbers(text)
        .filter(|number| !found.contains(number))
        .collect()
}

fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| !c.is_ascii_digit() && c != '.' && c != ',');
    let parts = parts.map(|part| part.trim_matches(['.', ',']));
    parts.filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_left_out_or_changed_is_missing() {
        let text = "within 72 hours, of 1,000 l or 2.5 t, under section 7.";
        assert_eq!(missing(text, "7: 2.5 t or 1,000 l in 72 h"), [""; 0]);
        assert_eq!(missing(text, "72 hours, 1000 l, 2.5 t"), ["1,000", "7"]);
    }
}
