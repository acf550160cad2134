//! The names of a guest's functions, readable and with a bounded length. A mangled name of fifty bytes can stand
//! for a readable name of a million, and there are as many names as a guest has functions.

use std::fmt::{self, Write};

use crate::limits::FUNCTION_NAME_BYTES;

/// The mark at the end of a name that was cut.
const CUT: &str = " … (cut)";

/// The name as people write it.
pub fn readable(mangled: &str) -> String {
    let mut name = Bounded::default();
    // Text past the bound is not written, so the demangler does not produce it.
    let _ = write!(name, "{:#}", rustc_demangle::demangle(mangled));
    name.finish()
}

/// A name that is not mangled.
pub fn plain(name: &str) -> String {
    let mut bounded = Bounded::default();
    let _ = bounded.write_str(name);
    bounded.finish()
}

/// A text that takes no more bytes than a name may have.
#[derive(Default)]
struct Bounded {
    text: String,
    is_cut: bool,
}

impl Bounded {
    fn finish(mut self) -> String {
        if self.is_cut {
            self.text.push_str(CUT);
        }
        self.text
    }
}

impl Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = FUNCTION_NAME_BYTES - self.text.len();
        if part.len() <= room {
            self.text.push_str(part);
            return Ok(());
        }
        let end = part.floor_char_boundary(room);
        self.text.push_str(&part[..end]);
        self.is_cut = true;
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A type that names itself again and again: 45 bytes for a million.
    const BOMB: &str = "_RYFG_FGyyEvRYFF_EvRYFFEvERLB_B_B_ERLRjB_B_B_";

    #[test]
    fn names_are_readable_and_cut_with_a_mark() {
        assert_eq!(
            readable("_ZN4core3fmt5write17h0123456789abcdefE"),
            "core::fmt::write"
        );
        assert_eq!(readable("malloc"), "malloc");
        let bomb = readable(BOMB);
        assert_eq!(bomb.len(), FUNCTION_NAME_BYTES + CUT.len());
        assert!(bomb.ends_with(CUT));
        let whole = "x".repeat(FUNCTION_NAME_BYTES);
        assert_eq!(plain(&whole), whole);
        assert_eq!(readable(&whole), whole);
        assert_eq!(plain(&(whole.clone() + "y")), whole.clone() + CUT);
        // A character is not cut in the middle.
        let wide = "ä".repeat(FUNCTION_NAME_BYTES);
        let cut = plain(&("x".to_owned() + &wide));
        assert_eq!(cut.len(), FUNCTION_NAME_BYTES - 1 + CUT.len());
    }
}
