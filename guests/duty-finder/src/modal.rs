//! The words by which a regulation binds: "shall", "must", "is required to", and what they forbid.

/// What a sentence does to the person that it addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    Duty,
    Prohibition,
}

/// A binding phrase as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modal {
    pub(crate) phrase: &'static str,
    pub(crate) force: Force,
}

/// A phrase comes before those that it begins with.
const MODALS: [Modal; 7] = [
    Modal {
        phrase: "shall not",
        force: Force::Prohibition,
    },
    Modal {
        phrase: "must not",
        force: Force::Prohibition,
    },
    Modal {
        phrase: "may not",
        force: Force::Prohibition,
    },
    Modal {
        phrase: "shall",
        force: Force::Duty,
    },
    Modal {
        phrase: "must",
        force: Force::Duty,
    },
    Modal {
        phrase: "is required to",
        force: Force::Duty,
    },
    Modal {
        phrase: "are required to",
        force: Force::Duty,
    },
];

/// The first binding phrase of `sentence`: a later one qualifies what the first one orders.
pub(crate) fn find(sentence: &str) -> Option<Modal> {
    let words: Vec<&str> = sentence
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let modal = (0..words.len()).find_map(|at| {
        MODALS
            .into_iter()
            .find(|modal| begins_with(&words[at..], modal.phrase))
    })?;
    let force = if negates_its_subject(&words) {
        Force::Prohibition
    } else {
        modal.force
    };
    Some(Modal { force, ..modal })
}

fn begins_with(words: &[&str], phrase: &str) -> bool {
    let mut words = words.iter();
    phrase.split(' ').all(|expected| {
        words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(expected))
    })
}

/// "No employer shall" forbids; "no later than a month after, the employer shall" does not.
fn negates_its_subject(words: &[&str]) -> bool {
    const COMPARATIVES: [&str; 5] = ["fewer", "less", "later", "more", "sooner"];
    match words {
        [first, second, ..] => {
            first.eq_ignore_ascii_case("no")
                && !COMPARATIVES
                    .iter()
                    .any(|word| second.eq_ignore_ascii_case(word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sentence: &str, expected: Option<(&str, Force)>) {
        assert_eq!(
            find(sentence).map(|modal| (modal.phrase, modal.force)),
            expected,
            "{sentence}"
        );
    }

    #[test]
    fn duties() {
        check(
            "The employer shall keep a record.",
            Some(("shall", Force::Duty)),
        );
        check("MUST be locked", Some(("must", Force::Duty)));
        check(
            "Operators are\nrequired to report.",
            Some(("are required to", Force::Duty)),
        );
        check(
            "No later than 31 May, the operator shall report.",
            Some(("shall", Force::Duty)),
        );
    }

    #[test]
    fn prohibitions() {
        check(
            "Air may not be used.",
            Some(("may not", Force::Prohibition)),
        );
        check(
            "It must not, and shall be removed.",
            Some(("must not", Force::Prohibition)),
        );
        check(
            "No employer shall allow it.",
            Some(("shall", Force::Prohibition)),
        );
    }

    #[test]
    fn whole_words_only() {
        check("Marshall and the mustard.", None);
        check("He is not required to answer, and may refuse.", None);
        check("", None);
    }
}
