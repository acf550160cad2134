//! Takes the text of a regulation apart: paragraphs, their numbers, their sentences.

use crate::numbering::{Numbering, split_label};

/// One sentence and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sentence {
    /// The provision, as lawyers cite it: `§ 1910.157(f)(15)(i)`.
    pub(crate) reference: String,
    /// The outer part of the reference, to count by: `§ 1910.157(f)`.
    pub(crate) section: String,
    /// The words, with single spaces between them and without the number in front.
    pub(crate) text: String,
}

/// What a regulation consists of, in reading order.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Heading(String),
    Label(&'a str),
    Text(&'a str),
}

/// The sentences of `text`. A list is one sentence up to its colon, and one for each item.
pub(crate) fn sentences(text: &str) -> Vec<Sentence> {
    let paragraphs = paragraphs(text);
    let pieces: Vec<Piece<'_>> = paragraphs
        .iter()
        .flat_map(|paragraph| pieces(paragraph))
        .collect();
    let mut heading = String::new();
    let mut numbering = Numbering::default();
    let mut sentences = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Heading(found) => {
                heading.clone_from(found);
                numbering.clear();
            }
            Piece::Label(label) => {
                let next = pieces[at + 1..].iter().find_map(|piece| match piece {
                    Piece::Label(label) => Some(*label),
                    _ => None,
                });
                numbering.advance(label, next);
            }
            Piece::Text(text) => sentences.push(Sentence {
                reference: cite(&heading, &numbering.path(usize::MAX)),
                section: cite(&heading, &numbering.path(1)),
                text: (*text).into(),
            }),
        }
    }
    sentences
}

fn cite(heading: &str, path: &str) -> String {
    match (heading, path) {
        ("", "") => "unnumbered".into(),
        _ => format!("{heading}{path}"),
    }
}

/// The paragraphs of `text` with single spaces between words. An empty line ends one, and so does a
/// line that begins with a number or a heading, unless the line before it is unfinished and only
/// mentions them.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let begins = split_label(&line).is_some() || split_heading(&line).is_some();
        match paragraphs.last_mut().filter(|_| open) {
            _ if line.is_empty() => {}
            Some(paragraph) if !(begins && is_finished(paragraph)) => {
                paragraph.push(' ');
                paragraph.push_str(&line);
            }
            _ => paragraphs.push(line.clone()),
        }
        open = !line.is_empty();
    }
    paragraphs
}

/// Whether a paragraph may end here: at a stop, between the items of a list, or as a title, which
/// has no stop.
fn is_finished(paragraph: &str) -> bool {
    paragraph.ends_with(['.', ':', ';', '—', ')'])
        || paragraph.ends_with("; and")
        || paragraph.ends_with("; or")
        || split_heading(paragraph).is_some()
}

fn pieces(paragraph: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = paragraph;
    if let Some((heading, after)) = split_heading(paragraph) {
        pieces.push(Piece::Heading(heading));
        rest = after;
    }
    while !rest.is_empty() {
        // A number with nothing behind it is a cell of a table, not a provision.
        if let Some((label, text)) = split_label(rest).filter(|(_, text)| !text.is_empty()) {
            pieces.push(Piece::Label(label));
            rest = text;
        } else {
            let (sentence, after) = rest.split_at(sentence_end(rest));
            pieces.push(Piece::Text(sentence));
            rest = after.trim_start();
        }
    }
    pieces
}

/// Splits a heading off the beginning of a paragraph:
/// `("§ 1910.157", "Portable fire extinguishers.")`.
fn split_heading(paragraph: &str) -> Option<(String, &str)> {
    const NAMES: [&str; 6] = ["§", "Art.", "Article", "Regulation", "Rule", "Section"];
    let (name, after) = paragraph.split_once(' ')?;
    let (number, title) = after.split_once(' ').unwrap_or((after, ""));
    let number = number.trim_end_matches(['.', ':']);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '–'));
    // "Article 6 of this Regulation shall apply" begins a sentence; a title begins with a capital.
    let is_title = !title.starts_with(char::is_lowercase);
    (NAMES.contains(&name) && is_number && is_title).then(|| (format!("{name} {number}"), title))
}

/// Where the first sentence of `text` ends, its stop included.
fn sentence_end(text: &str) -> usize {
    for (at, stop) in text
        .char_indices()
        .filter(|(_, c)| matches!(c, '.' | '!' | '?' | '—'))
    {
        let end = at + stop.len_utf8();
        let after = &text[end..];
        let ends = match stop {
            // "(a) Scope—(1) General" is two provisions; elsewhere a dash is only a dash.
            '—' => after.starts_with('(') && split_label(after).is_some(),
            '.' if is_abbreviation(&text[..at]) => false,
            _ => after
                .trim_start_matches([')', '"', '”', '’'])
                .strip_prefix(' ')
                .is_some_and(begins_sentence),
        };
        if ends {
            return end + after.len() - after.trim_start_matches([')', '"', '”', '’']).len();
        }
    }
    text.len()
}

fn begins_sentence(text: &str) -> bool {
    let opening = text.trim_start_matches(['(', '[', '"', '“', '‘', '§', ' ']);
    opening.starts_with(char::is_uppercase)
        || (text.starts_with('(') && split_label(text).is_some())
}

/// Whether the stop after `text` belongs to its last word.
fn is_abbreviation(text: &str) -> bool {
    const ABBREVIATIONS: [&str; 33] = [
        "art", "arts", "apr", "aug", "cf", "dec", "dr", "e.g", "eq", "feb", "fig", "i.e", "inc",
        "jan", "jul", "jun", "mar", "mr", "mrs", "ms", "no", "nos", "nov", "oct", "para", "paras",
        "reg", "sec", "sept", "seq", "u.s", "u.s.c", "vs",
    ];
    let word = text.rsplit([' ', '(', '[']).next().unwrap_or_default();
    ABBREVIATIONS
        .iter()
        .any(|abbreviation| word.eq_ignore_ascii_case(abbreviation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = sentences(text);
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.reference.as_str(), it.text.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_section_of_the_code_of_federal_regulations() {
        check(
            "§ 1.2 Ladders.\n\n(a) Scope. (1) This applies to 3.5 m ladders.\nIt always does.\n\n\
             (2)(i) See § 1.3. The rest is law.\n\n(b) Use—(1) General. Climb, e.g. Up.",
            &[
                ("§ 1.2", "Ladders."),
                ("§ 1.2(a)", "Scope."),
                ("§ 1.2(a)(1)", "This applies to 3.5 m ladders."),
                ("§ 1.2(a)(1)", "It always does."),
                ("§ 1.2(a)(2)(i)", "See § 1.3."),
                ("§ 1.2(a)(2)(i)", "The rest is law."),
                ("§ 1.2(b)", "Use—"),
                ("§ 1.2(b)(1)", "General."),
                ("§ 1.2(b)(1)", "Climb, e.g. Up."),
            ],
        );
    }

    #[test]
    fn an_article_of_a_regulation_of_the_european_union() {
        check(
            "Article 33\nNotification\n1. The notice shall:\n(a) be short; and\n(b) follow Art. 5(1).\n\
             2. It must be sent.",
            &[
                ("Article 33", "Notification"),
                ("Article 33(1)", "The notice shall:"),
                ("Article 33(1)(a)", "be short; and"),
                ("Article 33(1)(b)", "follow Art. 5(1)."),
                ("Article 33(2)", "It must be sent."),
            ],
        );
    }

    #[test]
    fn hard_wrapped_lines_that_only_mention_a_provision() {
        check(
            "(a) As laid down in\n(b) and in\nArticle 6 of this text.",
            &[("(a)", "As laid down in (b) and in Article 6 of this text.")],
        );
    }

    #[test]
    fn text_without_numbers() {
        check(
            "He said \"Stop.\" Then (Not now.) left.",
            &[
                ("unnumbered", "He said \"Stop.\""),
                ("unnumbered", "Then (Not now.) left."),
            ],
        );
        check("  \n\n", &[]);
    }

    #[test]
    fn a_number_alone_is_a_cell_of_a_table() {
        check(
            "(f) Text.\n\n(1)\n\n12",
            &[("(f)", "Text."), ("(f)", "(1)"), ("(f)", "12")],
        );
    }
}
