//! Writes FlatBuffers, from front to back: a table, then what it leads to.

/// A buffer that is being written. It begins with the place of its first table.
pub(crate) struct Buffer {
    /// What is written, and room for more, which is zero.
    bytes: Vec<u8>,
    end: usize,
}

/// Most heads have less.
const ROOM_BYTES: usize = 2048;

/// A field of a table.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    /// Left out.
    Absent,
    U8(u8),
    I16(i16),
    I32(i32),
    I64(i64),
    /// Leads to something that is written later.
    Offset,
}

/// Where an offset stands that leads nowhere yet.
#[derive(Clone, Copy)]
pub(crate) struct Offset(usize);

impl Slot {
    /// Where it is in a table that ended at `end`, and where the table ends with it.
    fn place(self, end: usize) -> (usize, usize) {
        let bytes = match self {
            Slot::Absent => return (end, end),
            Slot::U8(_) => 1,
            Slot::I16(_) => 2,
            Slot::I32(_) | Slot::Offset => 4,
            Slot::I64(_) => 8,
        };
        let place = end.next_multiple_of(bytes);
        (place, place + bytes)
    }
}

impl Buffer {
    pub(crate) fn new() -> (Buffer, Offset) {
        let mut buffer = Buffer {
            bytes: vec![0; ROOM_BYTES],
            end: 0,
        };
        let root = buffer.offset();
        (buffer, root)
    }

    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.end);
        self.bytes
    }

    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.make_room(N);
        if let Some(room) = self.bytes[self.end..].first_chunk_mut() {
            *room = bytes;
        }
        self.end += N;
    }

    fn make_room(&mut self, bytes: usize) {
        if self.bytes.len() - self.end < bytes {
            self.bytes.resize(2 * (self.end + bytes), 0);
        }
    }

    fn offset(&mut self) -> Offset {
        let at = self.end;
        self.number(0);
        Offset(at)
    }

    fn number(&mut self, number: usize) {
        // Heads of messages have some kilobytes.
        self.put((number as u32).to_le_bytes());
    }

    fn short(&mut self, number: usize) {
        self.put((number as u16).to_le_bytes());
    }

    fn align(&mut self, to: usize) {
        self.make_room(to);
        self.end = self.end.next_multiple_of(to);
    }

    /// What `from` leads to begins here.
    fn lead(&mut self, from: Offset) {
        let offset = (self.end - from.0) as u32;
        self.bytes[from.0..from.0 + 4].copy_from_slice(&offset.to_le_bytes());
    }

    /// Writes a table that `from` leads to, and gives the offsets of its first fields of that kind.
    pub(crate) fn table<const OFFSETS: usize>(
        &mut self,
        from: Offset,
        slots: &[Slot],
    ) -> [Offset; OFFSETS] {
        // The table itself is to be at a multiple of 8.
        let fields = 4 + 2 * slots.len();
        self.align(8);
        self.make_room(8);
        self.end += fields.next_multiple_of(8) - fields;
        self.short(fields);
        let end = slots.iter().fold(4, |end, slot| slot.place(end).1);
        self.short(end);
        let mut end = 4;
        for slot in slots {
            let (place, after) = slot.place(end);
            self.short(if after > end { place } else { 0 });
            end = after;
        }
        self.lead(from);
        let table = self.end;
        self.number(fields);
        let mut offsets = [Offset(0); OFFSETS];
        let mut found = 0;
        for slot in slots {
            let (place, _) = slot.place(self.end - table);
            self.make_room(8);
            if !matches!(slot, Slot::Absent) {
                self.end = table + place;
            }
            match *slot {
                Slot::Absent => {}
                Slot::U8(number) => self.put([number]),
                Slot::I16(number) => self.put(number.to_le_bytes()),
                Slot::I32(number) => self.put(number.to_le_bytes()),
                Slot::I64(number) => self.put(number.to_le_bytes()),
                Slot::Offset => {
                    let offset = self.offset();
                    if let Some(place) = offsets.get_mut(found) {
                        *place = offset;
                    }
                    found += 1;
                }
            }
        }
        offsets
    }

    pub(crate) fn text(&mut self, from: Offset, text: &str) {
        self.align(4);
        self.lead(from);
        self.number(text.len());
        self.make_room(text.len() + 1);
        self.bytes[self.end..self.end + text.len()].copy_from_slice(text.as_bytes());
        // It ends with a zero byte.
        self.end += text.len() + 1;
    }

    /// Writes a vector of offsets that lead nowhere yet.
    pub(crate) fn offsets(&mut self, from: Offset, length: usize) -> Vec<Offset> {
        self.align(4);
        self.lead(from);
        self.number(length);
        (0..length).map(|_| self.offset()).collect()
    }

    /// Writes a vector of pairs.
    pub(crate) fn pairs(&mut self, from: Offset, pairs: &[(usize, usize)]) {
        // The first pair is to be at a multiple of 8, behind the length.
        self.align(8);
        self.number(0);
        self.lead(from);
        self.number(pairs.len());
        for (first, second) in pairs {
            self.put((*first as u64).to_le_bytes());
            self.put((*second as u64).to_le_bytes());
        }
    }
}
