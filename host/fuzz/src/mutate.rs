//! Makes inputs from other inputs. The same seed gives the same inputs on every machine.

/// A small generator (SplitMix64). It need not be good, but it must never change.
pub struct Random(u64);

impl Random {
    /// The generator with this seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Bytes that mean something in many formats: ends of ranges, of LEB128 numbers and of text.
const TELLING: [&[u8]; 10] = [
    &[0],
    &[0xff],
    &[0x7f],
    &[0x80],
    &[0x0b],
    b"\n",
    b"\x1b[2J",
    b"\xc2\x9b",
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
];

/// The largest input. Separate tests check large inputs.
const MOST_BYTES: usize = 1 << 20;

/// One of the seeds with one to eight changes.
pub fn mutate(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let Some(seed) = seeds.get(random.below(seeds.len())) else {
        return Vec::new();
    };
    let mut bytes = seed.clone();
    for _ in 0..1 + random.below(8) {
        change(&mut bytes, seeds, random);
    }
    bytes.truncate(MOST_BYTES);
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = at + random.below((bytes.len() - at).min(64) + 1);
    match random.below(8) {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        2 if at < bytes.len() => bytes[at] = random.next() as u8,
        3 => drop(bytes.splice(
            at..end,
            TELLING[random.below(TELLING.len())].iter().copied(),
        )),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let piece = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            drop(bytes.splice(to..to, piece));
        }
        6 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len() + 1);
            let piece = other[from..(from + (end - at)).min(other.len())].to_vec();
            drop(bytes.splice(at..end, piece));
        }
        // Rarely, because little of the rest of the input is then read.
        7 if random.below(4) == 0 => bytes.truncate(at),
        _ => bytes.insert(at, random.next() as u8),
    }
}
