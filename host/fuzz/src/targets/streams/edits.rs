//! Edits of valid Arrow streams. They know the frames of a stream: a mark, the length of the metadata, the metadata
//! and the body.

use crate::choices::Choices;

/// The first byte of an input that is a stream as it stands.
const PLAIN_MARK: u8 = 0xff;

/// What begins a frame.
const MARK: [u8; 4] = [0xff; 4];

pub(super) fn plain(stream: &[u8]) -> Vec<u8> {
    [&[PLAIN_MARK], stream].concat()
}

/// The stream of an input, which may be one of the valid ones with edits.
pub(super) fn stream(bytes: &[u8], valid: &[Vec<u8>]) -> Vec<u8> {
    if let Some((&PLAIN_MARK, rest)) = bytes.split_first() {
        return rest.to_vec();
    }
    let mut choices = Choices::new(bytes);
    let mut stream = valid[choices.below(valid.len())].clone();
    for _ in 0..16 {
        if choices.is_over() {
            break;
        }
        edit(&mut stream, valid, &mut choices);
    }
    stream
}

fn edit(stream: &mut Vec<u8>, valid: &[Vec<u8>], choices: &mut Choices<'_>) {
    let frames = frames(stream);
    let Some(frame) = frames.get(choices.below(frames.len())).cloned() else {
        return;
    };
    let metadata =
        frame.start + 8..(frame.start + 8 + word(stream, frame.start + 4)).min(frame.end);
    match choices.below(12) {
        0 => number(stream, frame.start + 4, choices),
        1..=4 => {
            let at = metadata.start + 4 * choices.below(metadata.len() / 4);
            number(stream, at, choices);
        }
        5 => {
            let at = metadata.start + choices.wide(metadata.len());
            if let Some(byte) = stream.get_mut(at) {
                *byte = choices.byte();
            }
        }
        6..=7 => {
            let body = metadata.end..frame.end;
            number(
                stream,
                body.start + 4 * choices.wide(body.len() / 4),
                choices,
            );
        }
        8 => drop(stream.drain(frame)),
        9 => {
            let (copy, to) = (
                stream[frame].to_vec(),
                frames[choices.below(frames.len())].start,
            );
            drop(stream.splice(to..to, copy));
        }
        10 => {
            let other = &valid[choices.below(valid.len())];
            let of_other = self::frames(other);
            if let Some(piece) = of_other.get(choices.below(of_other.len())) {
                drop(stream.splice(frame, other[piece.clone()].iter().copied()));
            }
        }
        _ => stream.truncate(choices.wide(stream.len())),
    }
}

/// Where each frame is. A mark inside of a body counts too: then an edit is as good there.
fn frames(stream: &[u8]) -> Vec<std::ops::Range<usize>> {
    let starts = (0..stream.len().saturating_sub(7)).step_by(8);
    let starts: Vec<usize> = starts.filter(|at| stream[*at..at + 4] == MARK).collect();
    let ends = starts.iter().skip(1).copied().chain([stream.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| *start..end)
        .collect()
}

fn word(stream: &[u8], at: usize) -> usize {
    let bytes = stream
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, |bytes| u32::from_le_bytes(bytes) as usize)
}

/// Replaces a number of four or eight bytes, or changes it a little.
fn number(stream: &mut [u8], at: usize, choices: &mut Choices<'_>) {
    let is_long = choices.rarely(4);
    let Some(bytes) = stream.get_mut(at..at + if is_long { 8 } else { 4 }) else {
        return;
    };
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    let old = i64::from_le_bytes(wide);
    let new = match choices.below(12) {
        0 => 0,
        1 => 1,
        2 => -1,
        3 => i64::from(i32::MAX),
        4 => i64::from(i32::MIN),
        5 => i64::MAX,
        6 => i64::MIN,
        7 => old.wrapping_add(1),
        8 => old.wrapping_sub(1),
        9 => old.wrapping_mul(2),
        10 => old ^ (1 << choices.below(32)),
        _ => choices.byte().into(),
    };
    bytes.copy_from_slice(&new.to_le_bytes()[..bytes.len()]);
}
