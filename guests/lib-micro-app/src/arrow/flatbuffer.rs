//! Reads FlatBuffers, the format of the heads of messages. Nothing that a buffer says is believed before it was checked.

/// The buffer is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

type Result<T> = std::result::Result<T, Malformed>;

/// `N` bytes at a place.
pub(crate) fn take<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N]> {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk::<N>)
        .copied()
        .ok_or(Malformed)
}

/// A table: fields that can be left out, found by their number.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    fields: usize,
    fields_end: usize,
}

/// A vector of `length` elements, the first of which is at `at`.
#[derive(Clone, Copy)]
pub(crate) struct Vector<'a> {
    bytes: &'a [u8],
    at: usize,
    length: usize,
}

impl<'a> Table<'a> {
    pub(crate) fn root(bytes: &'a [u8]) -> Result<Table<'a>> {
        Table::at(bytes, target(bytes, 0)?)
    }

    fn at(bytes: &'a [u8], at: usize) -> Result<Table<'a>> {
        let back = i64::from(i32::from_le_bytes(take(bytes, at)?));
        let fields = usize::try_from(at as i64 - back).map_err(|_| Malformed)?;
        let length = usize::from(u16::from_le_bytes(take(bytes, fields)?));
        Ok(Table {
            bytes,
            at,
            fields,
            fields_end: fields + length,
        })
    }

    /// Where the field is, if it is there.
    fn place(&self, field: usize) -> Result<Option<usize>> {
        let entry = self.fields + 4 + 2 * field;
        if entry + 2 > self.fields_end {
            return Ok(None);
        }
        let offset = usize::from(u16::from_le_bytes(take(self.bytes, entry)?));
        Ok((offset > 0).then_some(self.at + offset))
    }

    fn number<const N: usize>(&self, field: usize) -> Result<Option<[u8; N]>> {
        self.place(field)?
            .map(|at| take(self.bytes, at))
            .transpose()
    }

    pub(crate) fn u8(&self, field: usize) -> Result<u8> {
        Ok(self.number(field)?.map_or(0, u8::from_le_bytes))
    }

    pub(crate) fn i16(&self, field: usize, otherwise: i16) -> Result<i16> {
        Ok(self.number(field)?.map_or(otherwise, i16::from_le_bytes))
    }

    pub(crate) fn i32(&self, field: usize, otherwise: i32) -> Result<i32> {
        Ok(self.number(field)?.map_or(otherwise, i32::from_le_bytes))
    }

    pub(crate) fn i64(&self, field: usize) -> Result<i64> {
        Ok(self.number(field)?.map_or(0, i64::from_le_bytes))
    }

    pub(crate) fn table(&self, field: usize) -> Result<Option<Table<'a>>> {
        self.place(field)?
            .map(|at| Table::at(self.bytes, target(self.bytes, at)?))
            .transpose()
    }

    pub(crate) fn text(&self, field: usize) -> Result<&'a str> {
        let vector = self.vector(field, 1)?;
        let text = vector.bytes.get(vector.at..vector.at + vector.length);
        std::str::from_utf8(text.ok_or(Malformed)?).map_err(|_| Malformed)
    }

    /// A vector whose elements have so many bytes each; an empty one if it is left out.
    pub(crate) fn vector(&self, field: usize, element: usize) -> Result<Vector<'a>> {
        let Some(at) = self.place(field)? else {
            return Ok(Vector {
                bytes: self.bytes,
                at: 0,
                length: 0,
            });
        };
        let at = target(self.bytes, at)?;
        let length = u32::from_le_bytes(take(self.bytes, at)?) as usize;
        let bytes = length.checked_mul(element).ok_or(Malformed)?;
        let end = (at + 4).checked_add(bytes).ok_or(Malformed)?;
        if end > self.bytes.len() {
            return Err(Malformed);
        }
        Ok(Vector {
            bytes: self.bytes,
            at: at + 4,
            length,
        })
    }
}

impl<'a> Vector<'a> {
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The element of a vector of tables.
    pub(crate) fn table(&self, index: usize) -> Result<Table<'a>> {
        if index >= self.length {
            return Err(Malformed);
        }
        Table::at(self.bytes, target(self.bytes, self.at + 4 * index)?)
    }

    /// The element of a vector of pairs of 64-bit numbers, neither of which may be negative.
    pub(crate) fn pair(&self, index: usize) -> Result<(usize, usize)> {
        if index >= self.length {
            return Err(Malformed);
        }
        let at = self.at + 16 * index;
        let number = |at| {
            let number = i64::from_le_bytes(take(self.bytes, at)?);
            usize::try_from(number).map_err(|_| Malformed)
        };
        Ok((number(at)?, number(at + 8)?))
    }
}

/// What the offset at this place leads to: always further on, so that nothing contains itself.
fn target(bytes: &[u8], at: usize) -> Result<usize> {
    let offset = u32::from_le_bytes(take(bytes, at)?) as usize;
    if offset == 0 {
        return Err(Malformed);
    }
    at.checked_add(offset).ok_or(Malformed)
}
