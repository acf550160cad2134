//! Vectors of texts: how often each run of three letters occurs, in fewer numbers than there are runs. Words of one stem
//! have most of them in common.

use crate::words;

/// Numbers of a vector: what the table's column is declared with.
pub(crate) const LENGTH: usize = 384;

/// The vector of a text, of length 1 unless the text has no words.
pub(crate) fn of(text: &str) -> [f32; LENGTH] {
    let mut vector = [0.0_f32; LENGTH];
    for word in words::of(text) {
        let letters: Vec<char> = [' '].into_iter().chain(word.chars()).chain([' ']).collect();
        for run in letters.windows(3) {
            let (place, sign) = place(run);
            vector[place] += sign;
        }
    }
    let length = vector
        .iter()
        .map(|number| number * number)
        .sum::<f32>()
        .sqrt();
    if length > 0.0 {
        for number in &mut vector {
            *number /= length;
        }
    }
    vector
}

/// Where a run of letters is counted, and with which sign. Different runs share a place. With equal signs, every text
/// would look a little like every other.
fn place(run: &[char]) -> (usize, f32) {
    // FNV-1a, and then the last step of MurmurHash3, because three letters alone do not reach all bits.
    let mut hash = run.iter().fold(0x811c_9dc5_u32, |hash, letter| {
        (hash ^ u32::from(*letter)).wrapping_mul(0x0100_0193)
    });
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^= hash >> 16;
    let sign = if hash >> 31 == 1 { -1.0 } else { 1.0 };
    (hash as usize % LENGTH, sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(one: &str, two: &str) -> f32 {
        of(one).iter().zip(of(two)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn words_of_one_stem_are_alike() {
        assert!(likeness("keep records", "record keeping") > 0.6);
        assert!(likeness("keep records", "recordkeeping") > 0.5);
        assert!(likeness("keep records", "discharge of sewage").abs() < 0.3);
    }

    #[test]
    fn small_words_and_order_do_not_matter() {
        assert!((likeness("the waste must be stored", "stored waste") - 1.0).abs() < 1e-6);
        assert_eq!(of("the of a"), [0.0; LENGTH]);
    }
}
