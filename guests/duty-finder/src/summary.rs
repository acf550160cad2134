//! Counts what was found, for each section and for each phrase.

use std::fmt;

use crate::modal::{Force, Modal};
use crate::regulation::Sentence;

/// The counts, in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    passages: usize,
    sections: Vec<(String, Counts)>,
    phrases: Vec<(&'static str, Counts)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    duties: usize,
    prohibitions: usize,
}

impl Counts {
    fn add(&mut self, force: Force) {
        match force {
            Force::Duty => self.duties += 1,
            Force::Prohibition => self.prohibitions += 1,
        }
    }
}

impl Summary {
    /// Counts one passage and the binding phrase found in it.
    pub(crate) fn count(&mut self, sentence: &Sentence, modal: Option<Modal>) {
        self.passages += 1;
        if let Some(Modal { phrase, force }) = modal {
            entry(&mut self.sections, sentence.section.clone()).add(force);
            entry(&mut self.phrases, phrase).add(force);
        }
    }
}

/// The counts under `key`, which is added if it is new.
fn entry<K: PartialEq>(table: &mut Vec<(K, Counts)>, key: K) -> &mut Counts {
    let at = table
        .iter()
        .position(|(found, _)| *found == key)
        .unwrap_or_else(|| {
            table.push((key, Counts::default()));
            table.len() - 1
        });
    &mut table[at].1
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let duties: usize = self.sections.iter().map(|(_, counts)| counts.duties).sum();
        let prohibitions: usize = self
            .sections
            .iter()
            .map(|(_, counts)| counts.prohibitions)
            .sum();
        write!(
            f,
            "{duties} duties and {prohibitions} prohibitions in {} passages",
            self.passages
        )?;
        table(f, "section", &self.sections)?;
        table(f, "phrase", &self.phrases)
    }
}

fn table(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    rows: &[(impl AsRef<str>, Counts)],
) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    let names = rows.iter().map(|(name, _)| name.as_ref());
    let width = names
        .chain([title])
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default();
    write!(f, "\n\n{title:width$}  duties  prohibitions")?;
    for (
        name,
        Counts {
            duties,
            prohibitions,
        },
    ) in rows
    {
        write!(
            f,
            "\n{:width$}  {duties:6}  {prohibitions:12}",
            name.as_ref()
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_the_order_of_the_text() {
        let mut summary = Summary::default();
        let must = Modal {
            phrase: "must",
            force: Force::Duty,
        };
        let may_not = Modal {
            phrase: "may not",
            force: Force::Prohibition,
        };
        for (section, modal) in [
            ("(b)", Some(must)),
            ("(a)", Some(may_not)),
            ("(b)", Some(must)),
            ("(c)", None),
        ] {
            let sentence = Sentence {
                reference: section.into(),
                section: section.into(),
                text: String::new(),
            };
            summary.count(&sentence, modal);
        }
        assert_eq!(
            summary.to_string(),
            "2 duties and 1 prohibitions in 4 passages\n\n\
             section  duties  prohibitions\n\
             (b)           2             0\n\
             (a)           0             1\n\n\
             phrase   duties  prohibitions\n\
             must          2             0\n\
             may not       0             1"
        );
    }
}
