//! FlatBuffers, in which Arrow writes the heads of messages. Nothing in them is trusted.
//!
//! A table names its fields in a list, its vtable, which gives the place of each. Offsets to other tables, texts and
//! vectors lead forward. Only what is asked for is read, so nothing is visited twice.

type Checked<T> = Result<T, &'static str>;

const OUTSIDE: &str = "an offset leads outside of its head";
const UNALIGNED: &str = "an offset leads to an unaligned place";

/// A table within the bytes of a head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where each field is, from the beginning of the table: 2 bytes for each, 0 if it is left out.
    places: &'a [u8],
}

/// Values of one size, one after another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vector<'a> {
    bytes: &'a [u8],
    /// Where the values begin in `bytes`.
    at: usize,
    values: usize,
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Checked<[u8; N]> {
    // Places are counted from the beginning of the head. The format aligns each number to its size.
    if !at.is_multiple_of(N) {
        return Err(UNALIGNED);
    }
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
    found.copied().ok_or(OUTSIDE)
}

fn forward(bytes: &[u8], at: usize) -> Checked<usize> {
    let offset = u32::from_le_bytes(take(bytes, at)?) as usize;
    at.checked_add(offset).ok_or(OUTSIDE)
}

impl<'a> Table<'a> {
    /// The table that the head begins with.
    pub(super) fn root(bytes: &'a [u8]) -> Checked<Table<'a>> {
        Table::at(bytes, forward(bytes, 0)?)
    }

    fn at(bytes: &'a [u8], at: usize) -> Checked<Table<'a>> {
        let back = i64::from(i32::from_le_bytes(take(bytes, at)?));
        let vtable = i64::try_from(at).ok().and_then(|at| at.checked_sub(back));
        let vtable = vtable.and_then(|vtable| usize::try_from(vtable).ok());
        let vtable = vtable.ok_or(OUTSIDE)?;
        let length = usize::from(u16::from_le_bytes(take(bytes, vtable)?));
        if length < 4 || !length.is_multiple_of(2) {
            return Err("a table has no list of its fields");
        }
        let list = bytes.get(vtable..).and_then(|rest| rest.get(4..length));
        Ok(Table {
            bytes,
            at,
            places: list.ok_or(OUTSIDE)?,
        })
    }

    /// Where a field is, unless it is left out.
    fn place(&self, field: usize) -> Option<usize> {
        let (places, _) = self.places.as_chunks::<2>();
        let place = places.get(field).map(|place| u16::from_le_bytes(*place))?;
        (place > 0).then(|| self.at.saturating_add(place.into()))
    }

    fn number<const N: usize>(&self, field: usize) -> Checked<Option<[u8; N]>> {
        self.place(field).map(|at| take(self.bytes, at)).transpose()
    }

    pub(super) fn u8(&self, field: usize) -> Checked<u8> {
        Ok(self.number(field)?.map_or(0, u8::from_le_bytes))
    }

    pub(super) fn bool(&self, field: usize) -> Checked<bool> {
        Ok(self.u8(field)? != 0)
    }

    /// A number, or this one if it is left out.
    pub(super) fn i16(&self, field: usize, otherwise: i16) -> Checked<i16> {
        Ok(self.number(field)?.map_or(otherwise, i16::from_le_bytes))
    }

    /// A number, or this one if it is left out.
    pub(super) fn i32(&self, field: usize, otherwise: i32) -> Checked<i32> {
        Ok(self.number(field)?.map_or(otherwise, i32::from_le_bytes))
    }

    pub(super) fn i64(&self, field: usize) -> Checked<i64> {
        Ok(self.number(field)?.map_or(0, i64::from_le_bytes))
    }

    pub(super) fn table(&self, field: usize) -> Checked<Option<Table<'a>>> {
        let Some(at) = self.place(field) else {
            return Ok(None);
        };
        Table::at(self.bytes, forward(self.bytes, at)?).map(Some)
    }

    pub(super) fn text(&self, field: usize) -> Checked<Option<&'a [u8]>> {
        // A zero byte ends each text.
        let Some(text) = self.vector(field, 1, 1)? else {
            return Ok(None);
        };
        if text.bytes.get(text.at + text.values) != Some(&0) {
            return Err("a text has no end");
        }
        text.all().map(Some)
    }

    /// A vector of values of this size.
    pub(super) fn vector(
        &self,
        field: usize,
        size: usize,
        alignment: usize,
    ) -> Checked<Option<Vector<'a>>> {
        let Some(at) = self.place(field) else {
            return Ok(None);
        };
        let at = forward(self.bytes, at)?;
        let values = u32::from_le_bytes(take(self.bytes, at)?) as usize;
        let at = at + 4;
        if !at.is_multiple_of(alignment) {
            return Err(UNALIGNED);
        }
        let end = values
            .checked_mul(size)
            .and_then(|size| at.checked_add(size));
        if end.is_none_or(|end| end > self.bytes.len()) {
            return Err("a vector is longer than its head");
        }
        Ok(Some(Vector {
            bytes: self.bytes,
            at,
            values,
        }))
    }
}

impl<'a> Vector<'a> {
    pub(super) fn len(&self) -> usize {
        self.values
    }

    /// The bytes of a vector of bytes.
    fn all(&self) -> Checked<&'a [u8]> {
        let bytes = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.get(..self.values));
        bytes.ok_or(OUTSIDE)
    }

    /// A table of a vector of tables.
    pub(super) fn table(&self, index: usize) -> Checked<Table<'a>> {
        let at = forward(self.bytes, self.at + 4 * index)?;
        Table::at(self.bytes, at)
    }

    /// A number of a vector of numbers.
    pub(super) fn i64(&self, index: usize) -> Checked<i64> {
        take(self.bytes, self.at + 8 * index).map(i64::from_le_bytes)
    }

    /// Two numbers of a vector of pairs.
    pub(super) fn pair(&self, index: usize) -> Checked<(i64, i64)> {
        Ok((self.i64(2 * index)?, self.i64(2 * index + 1)?))
    }
}
