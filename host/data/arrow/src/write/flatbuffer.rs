//! FlatBuffers, in which Arrow writes the heads of messages, from their end to their beginning.
//!
//! What a table refers to is written before it and so stands behind it. Tables with the same fields at the same places
//! share one list of them, their vtable. That and the order are as the crate `flatbuffers` has them, so the bytes are
//! the same.

/// The bytes so far, the last one first.
#[derive(Default)]
pub(super) struct Head {
    reversed: Vec<u8>,
    /// Each list of fields, and where it is.
    vtables: Vec<(Vec<u8>, usize)>,
    alignment: usize,
}

/// Where something is: the bytes from its beginning to the end of the head.
#[derive(Clone, Copy)]
pub(super) struct Place(usize);

/// A field of a table. A number that is 0 is left out, because that is its default.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    U8(u8),
    I16(i16),
    /// It is written even if it is 0.
    Always(i16),
    I32(i32),
    I64(i64),
    Place(Place),
}

impl Head {
    /// Pads, so that something of this length begins at a multiple of `alignment`.
    fn align(&mut self, length: usize, alignment: usize) {
        self.alignment = self.alignment.max(alignment);
        let end = (self.reversed.len() + length).next_multiple_of(alignment);
        self.reversed.resize(end - length, 0);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.reversed.extend(bytes.iter().rev());
    }

    fn number(&mut self, bytes: &[u8]) {
        self.align(bytes.len(), bytes.len());
        self.put(bytes);
    }

    /// Writes how far it is from here to something that is already written.
    fn forward(&mut self, to: Place) {
        self.align(4, 4);
        let far = self.reversed.len() + 4 - to.0;
        self.put(&(far as u32).to_le_bytes());
    }

    fn here(&self) -> Place {
        Place(self.reversed.len())
    }

    pub(super) fn text(&mut self, text: &str) -> Place {
        self.align(text.len() + 1, 4);
        self.put(&[0]);
        self.put(text.as_bytes());
        self.number(&(text.len() as u32).to_le_bytes());
        self.here()
    }

    /// A vector of tables.
    pub(super) fn tables(&mut self, tables: &[Place]) -> Place {
        self.align(4 * tables.len(), 4);
        for table in tables.iter().rev() {
            self.forward(*table);
        }
        self.number(&(tables.len() as u32).to_le_bytes());
        self.here()
    }

    /// A vector of pairs of 64-bit numbers.
    pub(super) fn pairs(&mut self, pairs: &[(usize, usize)]) -> Place {
        self.align(16 * pairs.len(), 8);
        for (first, second) in pairs.iter().rev() {
            self.put(&(*second as u64).to_le_bytes());
            self.put(&(*first as u64).to_le_bytes());
        }
        self.number(&(pairs.len() as u32).to_le_bytes());
        self.here()
    }

    /// A table with these fields, in the order in which they are written.
    pub(super) fn table(&mut self, slots: &[(usize, Slot)]) -> Place {
        let end = self.reversed.len();
        let mut fields = Vec::with_capacity(slots.len());
        for (field, slot) in slots {
            match *slot {
                Slot::U8(0) | Slot::I16(0) | Slot::I32(0) | Slot::I64(0) => continue,
                Slot::U8(number) => self.number(&[number]),
                Slot::I16(number) | Slot::Always(number) => self.number(&number.to_le_bytes()),
                Slot::I32(number) => self.number(&number.to_le_bytes()),
                Slot::I64(number) => self.number(&number.to_le_bytes()),
                Slot::Place(place) => self.forward(place),
            }
            fields.push((*field, self.reversed.len()));
        }
        // Where its list of fields is. That is known below.
        self.number(&[0; 4]);
        let table = self.reversed.len();
        let vtable = self.vtable(table, end, &fields);
        let far = (vtable as i64 - table as i64) as i32;
        let place = &mut self.reversed[table - 4..table];
        place.copy_from_slice(&far.to_be_bytes());
        Place(table)
    }

    /// The place of the list of a table's fields, which is written unless there is an equal one.
    fn vtable(&mut self, table: usize, end: usize, fields: &[(usize, usize)]) -> usize {
        let count = fields.iter().map(|(field, _)| field + 1).max().unwrap_or(0);
        let mut words = vec![0; 2 + count];
        words[0] = 2 * words.len();
        words[1] = table - end;
        for (field, place) in fields {
            words[2 + field] = table - place;
        }
        let list: Vec<u8> = words
            .iter()
            .flat_map(|word| (*word as u16).to_le_bytes())
            .collect();
        if let Some((_, place)) = self.vtables.iter().find(|(known, _)| *known == list) {
            return *place;
        }
        self.put(&list);
        let place = self.reversed.len();
        self.vtables.push((list, place));
        place
    }

    /// The head, which begins with the place of its table.
    pub(super) fn finish(mut self, root: Place) -> Vec<u8> {
        self.align(4, self.alignment);
        self.forward(root);
        self.reversed.reverse();
        self.reversed
    }
}
