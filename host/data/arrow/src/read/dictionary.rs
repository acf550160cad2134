//! The dictionaries of a stream.

use std::collections::BTreeMap;

use super::column::Column;
use super::value::Value;

/// All dictionaries, those that were replaced too. Columns that were read before refer to them.
#[derive(Debug, Default)]
pub(super) struct Dictionaries<'a> {
    /// Which of the dictionaries each number stands for now.
    current: BTreeMap<i64, usize>,
    all: Vec<Dictionary<'a>>,
}

/// The values of a dictionary. What a stream adds to them becomes a further part. Columns that were read before refer to
/// the first values only, so nothing is copied.
#[derive(Debug, Default)]
struct Dictionary<'a> {
    /// Each part, with the number of values before it.
    parts: Vec<(usize, Column<'a>)>,
    values: usize,
}

impl<'a> Dictionaries<'a> {
    /// The dictionary that a number stands for now, and how many values it has. It is left out of the stream if it
    /// would have none.
    pub(super) fn now(&self, number: i64) -> (Option<usize>, usize) {
        let at = self.current.get(&number).copied();
        let dictionary = at.and_then(|at| self.all.get(at));
        (at, dictionary.map_or(0, |dictionary| dictionary.values))
    }

    /// Begins a dictionary, or adds to the one that is there.
    pub(super) fn add(
        &mut self,
        number: i64,
        values: Column<'a>,
        to_it: bool,
    ) -> Result<(), &'static str> {
        if !to_it {
            self.current.insert(number, self.all.len());
            self.all.push(Dictionary::default());
        }
        let at = self.current.get(&number).copied();
        let dictionary = at.and_then(|at| self.all.get_mut(at));
        let dictionary = dictionary.ok_or("it adds to a dictionary that is not there")?;
        let more = dictionary.values.checked_add(values.rows);
        let more = more.ok_or("a dictionary has too many values")?;
        dictionary.parts.push((dictionary.values, values));
        dictionary.values = more;
        Ok(())
    }

    /// The value that a key stands for.
    pub(super) fn value(&self, at: Option<usize>, key: usize) -> Result<Value<'a>, &'static str> {
        let dictionary = at.and_then(|at| self.all.get(at));
        let parts = dictionary.map_or(&[][..], |dictionary| &dictionary.parts);
        let after = parts.partition_point(|(before, _)| *before <= key);
        let part = after.checked_sub(1).and_then(|at| parts.get(at));
        let (before, values) = part.ok_or("a key of no value")?;
        values.value(key - before)
    }
}
