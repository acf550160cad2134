//! Which characters BERT's tokenizer drops, and at which it splits.
//!
//! The categories are those of the Unicode version that the reference tokenizer has, through the same crate.

use unicode_categories::UnicodeCategories;

/// Between words. Other control characters that Unicode counts as spaces are dropped, and so join what is beside them.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r') || (c.is_whitespace() && !c.is_other())
}

/// Control characters and the like. Spaces were taken out before.
pub(super) fn is_dropped(c: char) -> bool {
    c == '\0' || c == '\u{fffd}' || c.is_other()
}

/// An accent, when it is decomposed.
pub(super) fn is_mark(c: char) -> bool {
    c.is_mark_nonspacing()
}

/// A word of its own: punctuation, and Chinese characters.
pub(super) fn is_alone(c: char) -> bool {
    c.is_ascii_punctuation() || c.is_punctuation() || is_chinese(c)
}

fn is_chinese(c: char) -> bool {
    matches!(
        u32::from(c),
        0x4E00..=0x9FFF
            | 0x3400..=0x4DBF
            | 0x2_0000..=0x2_A6DF
            | 0x2_A700..=0x2_B73F
            | 0x2_B740..=0x2_B81F
            | 0x2_B920..=0x2_CEAF
            | 0xF900..=0xFAFF
            | 0x2_F800..=0x2_FA1F
    )
}
