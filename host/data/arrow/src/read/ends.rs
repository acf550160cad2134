//! Where values of any length begin and end.

/// Where values of any length end. Each begins where the one before it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends<'a> {
    ends: Offsets<'a>,
    /// Where the first value begins.
    first: usize,
}

#[derive(Clone, Copy, Debug)]
enum Offsets<'a> {
    Narrow(&'a [[u8; 4]]),
    Wide(&'a [[u8; 8]]),
}

impl<'a> Ends<'a> {
    /// The ends of so many values, which are all within so many bytes or items.
    pub(super) fn new(
        bytes: &'a [u8],
        are_wide: bool,
        rows: usize,
        within: usize,
    ) -> Result<Ends<'a>, &'static str> {
        if rows == 0 {
            let ends = Offsets::Narrow(&[]);
            return Ok(Ends { ends, first: 0 });
        }
        let count = rows.checked_add(1);
        let (ends, first) = if are_wide {
            let ends = bytes.as_chunks().0;
            let ends = count.and_then(|count| ends.get(..count)).ok_or(FEW_ENDS)?;
            (Offsets::Wide(ends), rising(ends.iter().map(wide), within)?)
        } else {
            let ends = bytes.as_chunks().0;
            let ends = count.and_then(|count| ends.get(..count)).ok_or(FEW_ENDS)?;
            (
                Offsets::Narrow(ends),
                rising(ends.iter().map(narrow), within)?,
            )
        };
        Ok(Ends { ends, first })
    }

    /// Where the value of a row begins and ends.
    pub(super) fn of(&self, row: usize) -> Option<(usize, usize)> {
        Some(match self.ends {
            Offsets::Narrow(ends) => (narrow(ends.get(row)?), narrow(ends.get(row + 1)?)),
            Offsets::Wide(ends) => (wide(ends.get(row)?), wide(ends.get(row + 1)?)),
        })
    }

    /// The same, counted from where the first value begins.
    pub(super) fn after_first(&self, row: usize) -> Option<(usize, usize)> {
        let (start, end) = self.of(row)?;
        Some((start.checked_sub(self.first)?, end.checked_sub(self.first)?))
    }

    /// Where all values are.
    pub(super) fn all(&self) -> (usize, usize) {
        let last = match self.ends {
            Offsets::Narrow(ends) => ends.last().map(narrow),
            Offsets::Wide(ends) => ends.last().map(wide),
        };
        (self.first, last.unwrap_or(self.first))
    }

    /// Where each value ends, from the beginning of the first.
    pub(super) fn each(&self) -> impl Iterator<Item = usize> {
        let (narrows, wides) = match self.ends {
            Offsets::Narrow(ends) => (ends, &[][..]),
            Offsets::Wide(ends) => (&[][..], ends),
        };
        let first = self.first;
        let ends = narrows.iter().map(narrow).chain(wides.iter().map(wide));
        ends.map(move |end| end - first)
    }
}

const FEW_ENDS: &str = "a column has fewer ends of values than rows";

fn narrow(end: &[u8; 4]) -> usize {
    // A negative number becomes a large one, which is outside.
    i32::from_le_bytes(*end).try_into().unwrap_or(usize::MAX)
}

fn wide(end: &[u8; 8]) -> usize {
    i64::from_le_bytes(*end).try_into().unwrap_or(usize::MAX)
}

/// The first of the ends, if they rise and are within so many bytes.
fn rising(ends: impl Iterator<Item = usize>, within: usize) -> Result<usize, &'static str> {
    let (mut first, mut before) = (None, 0);
    let mut rise = true;
    for end in ends {
        rise &= before <= end;
        before = end;
        first.get_or_insert(end);
    }
    match first {
        Some(first) if rise && before <= within => Ok(first),
        _ => Err("a value ends before it begins, or outside of its bytes"),
    }
}
