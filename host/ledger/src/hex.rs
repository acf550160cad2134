//! Bytes as lower-case hexadecimal digits, for details, checkpoints and key files.

use std::fmt;

/// Writes two digits for each byte. Each run in a ledger writes a digest several times, so they are not formatted one by one.
pub(crate) fn write(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
    let text: Vec<u8> = bytes.iter().flat_map(digits).collect();
    f.write_str(str::from_utf8(&text).expect("digits are ASCII"))
}

/// Reads exactly `N` bytes. Returns `None` for anything except digits in either case.
pub(crate) fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |c: u8| char::from(c).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

/// A type around bytes that is read, shown and stored as hexadecimal digits.
macro_rules! hex_text {
    ($name:ident, $bytes:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::hex::write(&self.0, f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                crate::hex::read::<$bytes>(text)
                    .map($name)
                    .ok_or_else(|| format!("expected {} hexadecimal digits", 2 * $bytes))
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }
    };
}
pub(crate) use hex_text;

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn only_whole_digits_of_the_right_number_are_read() {
        assert_eq!(read("00fF10"), Some([0, 255, 16]));
        for wrong in [
            "", "00ff1", "00ff100", "00fg10", "+0ff10", "00 f10", "0ßf10",
        ] {
            assert_eq!(read::<3>(wrong), None, "{wrong}");
        }
    }
}
