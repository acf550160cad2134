//! The numbers of provisions: `(c)(1)(ii)(A)`, `5.`. A number alone does not tell its level; what
//! came before does.

/// How a level counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Digits,
    LowerLetters,
    UpperLetters,
    LowerRoman,
    UpperRoman,
}

const STYLES: [Style; 5] = [
    Style::Digits,
    Style::LowerLetters,
    Style::UpperLetters,
    Style::LowerRoman,
    Style::UpperRoman,
];

/// The numbers from the outermost level to the innermost, at one place in a text.
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    label: String,
    style: Style,
    ordinal: u32,
}

impl Numbering {
    pub(crate) fn clear(&mut self) {
        self.levels.clear();
    }

    /// Moves to the provision that `label` numbers. `next` is the label after it, which tells the
    /// letter i from the numeral.
    pub(crate) fn advance(&mut self, label: &str, next: Option<&str>) {
        let readings: Vec<(Style, u32)> = STYLES
            .into_iter()
            .filter_map(|style| Some((style, ordinal(label, style)?)))
            .collect();
        let opens_roman = label == "i" && matches!(next, Some("ii" | "A"));
        let continued = self
            .levels
            .iter()
            .rposition(|level| readings.contains(&(level.style, level.ordinal + 1)));
        let (depth, style, ordinal) = if let (Some(depth), false) = (continued, opens_roman) {
            let level = &self.levels[depth];
            (depth, level.style, level.ordinal + 1)
        } else if let Some((style, ordinal)) = readings
            .iter()
            .rev()
            .copied()
            .find(|(_, ordinal)| *ordinal == 1)
        {
            // A first number opens a level, unless it starts the innermost list again.
            let restarts = self.levels.last().is_some_and(|level| level.style == style);
            (self.levels.len() - usize::from(restarts), style, ordinal)
        } else if let Some((style, ordinal)) = readings.first().copied() {
            // Out of sequence, as in an excerpt.
            let depth = self
                .levels
                .iter()
                .rposition(|level| level.style == style)
                .unwrap_or(self.levels.len());
            (depth, style, ordinal)
        } else {
            return;
        };
        self.levels.truncate(depth);
        self.levels.push(Level {
            label: label.into(),
            style,
            ordinal,
        });
    }

    /// The labels of the outermost `levels` levels, or of as many as there are: `(c)(1)`.
    pub(crate) fn path(&self, levels: usize) -> String {
        self.levels
            .iter()
            .take(levels)
            .map(|level| format!("({})", level.label))
            .collect()
    }
}

/// Splits the label off the beginning of `text`: `("15", "(i) The …")` for `(15)(i) The …`,
/// `("2", "The …")` for `2. The …`.
pub(crate) fn split_label(text: &str) -> Option<(&str, &str)> {
    let (label, rest) = match text.strip_prefix('(') {
        Some(inner) => inner.split_once(')')?,
        None => text
            .split_once(". ")
            .filter(|(label, _)| ordinal(label, Style::Digits).is_some())?,
    };
    STYLES
        .iter()
        .any(|style| ordinal(label, *style).is_some())
        .then(|| (label, rest.trim_start()))
}

/// Which number `label` is, from 1, when read in `style`.
fn ordinal(label: &str, style: Style) -> Option<u32> {
    let value = match style {
        Style::Digits if label.len() <= 3 && label.bytes().all(|byte| byte.is_ascii_digit()) => {
            label.parse().ok()?
        }
        Style::LowerLetters => letters(label, b'a')?,
        Style::UpperLetters => letters(label, b'A')?,
        Style::LowerRoman if label.bytes().all(|byte| byte.is_ascii_lowercase()) => roman(label)?,
        Style::UpperRoman if label.bytes().all(|byte| byte.is_ascii_uppercase()) => roman(label)?,
        _ => return None,
    };
    (value > 0).then_some(value)
}

/// `a` to `z`, then `aa`, `bb` and so on, as legislation counts.
fn letters(label: &str, first: u8) -> Option<u32> {
    let letter = *label.as_bytes().first()?;
    let position = letter
        .checked_sub(first)
        .filter(|position| *position < 26)?;
    let rounds = u32::try_from(label.len())
        .ok()
        .filter(|rounds| *rounds <= 3)?;
    label
        .bytes()
        .all(|byte| byte == letter)
        .then(|| (rounds - 1) * 26 + u32::from(position) + 1)
}

/// A roman numeral below 100, in its usual spelling.
fn roman(label: &str) -> Option<u32> {
    const TENS: [&str; 10] = ["", "x", "xx", "xxx", "xl", "l", "lx", "lxx", "lxxx", "xc"];
    const ONES: [&str; 10] = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
    let label = label.to_ascii_lowercase();
    (1..100_u8)
        .find(|value| {
            label.strip_prefix(TENS[usize::from(value / 10)]) == Some(ONES[usize::from(value % 10)])
        })
        .map(u32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks `labels` and checks the path at each of them.
    #[track_caller]
    fn check(labels: &[&str], expected: &[&str]) {
        let mut numbering = Numbering::default();
        let mut paths = Vec::new();
        for (at, label) in labels.iter().enumerate() {
            numbering.advance(label, labels.get(at + 1).copied());
            paths.push(numbering.path(usize::MAX));
        }
        assert_eq!(paths, expected);
    }

    #[test]
    fn levels_of_the_code_of_federal_regulations() {
        check(
            &[
                "a", "1", "i", "ii", "A", "B", "1", "2", "C", "iii", "2", "b",
            ],
            &[
                "(a)",
                "(a)(1)",
                "(a)(1)(i)",
                "(a)(1)(ii)",
                "(a)(1)(ii)(A)",
                "(a)(1)(ii)(B)",
                "(a)(1)(ii)(B)(1)",
                "(a)(1)(ii)(B)(2)",
                "(a)(1)(ii)(C)",
                "(a)(1)(iii)",
                "(a)(2)",
                "(b)",
            ],
        );
    }

    #[test]
    fn the_letter_i_and_the_numeral() {
        check(
            &["h", "1", "i", "ii", "2", "i", "1"],
            &[
                "(h)",
                "(h)(1)",
                "(h)(1)(i)",
                "(h)(1)(ii)",
                "(h)(2)",
                "(i)",
                "(i)(1)",
            ],
        );
    }

    #[test]
    fn excerpts_and_lists_that_start_again() {
        check(
            &["e", "3", "5", "1", "2"],
            &["(e)", "(e)(3)", "(e)(5)", "(e)(1)", "(e)(2)"],
        );
    }

    #[test]
    fn labels() {
        assert_eq!(split_label("(15)(i) The"), Some(("15", "(i) The")));
        assert_eq!(split_label("2. The"), Some(("2", "The")));
        assert_eq!(split_label("(Not permitted)"), None);
        assert_eq!(split_label("(22.9 m) or"), None);
        assert_eq!(split_label("The end. "), None);
    }

    #[test]
    fn numerals() {
        assert_eq!(
            ["i", "iv", "ix", "xl", "xcix", "iiii", ""].map(roman),
            [Some(1), Some(4), Some(9), Some(40), Some(99), None, None,]
        );
        assert_eq!(ordinal("bb", Style::LowerLetters), Some(28));
        assert_eq!(ordinal("0", Style::Digits), None);
    }
}
