//! Numbers of widths that Rust does not have.

use std::fmt;

/// A decimal number of 128 or 256 bits.
#[derive(Clone, Copy, PartialEq)]
pub struct Decimal<'a> {
    /// All digits as one whole number in two's complement, little-endian.
    bytes: &'a [u8],
    /// The digits that the type has.
    precision: u8,
    /// How many of the digits are behind the point. If it is negative, as many zeros follow the digits.
    scale: i8,
}

impl<'a> Decimal<'a> {
    pub(super) fn new(bytes: &'a [u8], precision: u8, scale: i8) -> Decimal<'a> {
        Decimal {
            bytes,
            precision,
            scale,
        }
    }

    /// The number as text, such as `-0.05`. Nothing if it has more digits than its type.
    pub fn text(&self) -> Option<String> {
        let is_negative = self.bytes.last().is_some_and(|byte| byte >> 7 == 1);
        let digits = digits(magnitude(self.bytes, is_negative));
        if digits.len() > self.precision.into() {
            return None;
        }
        let sign = if is_negative { "-" } else { "" };
        let behind = usize::from(self.scale.unsigned_abs());
        Some(if digits == "0" && self.scale <= 0 {
            digits
        } else if self.scale <= 0 {
            format!("{sign}{digits}{}", "0".repeat(behind))
        } else {
            let padded = format!("{digits:0>width$}", width = behind + 1);
            let (whole, part) = padded.split_at(padded.len() - behind);
            format!("{sign}{whole}.{part}")
        })
    }
}

impl fmt::Debug for Decimal<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Decimal({:?})", self.text())
    }
}

/// The number without its sign, in words of 32 bits, the least significant one first.
fn magnitude(bytes: &[u8], is_negative: bool) -> Vec<u32> {
    let (words, _) = bytes.as_chunks();
    let mut carry = is_negative;
    let magnitude = words.iter().map(|word| {
        let word = u32::from_le_bytes(*word);
        if !is_negative {
            return word;
        }
        let (word, more) = (!word).overflowing_add(carry.into());
        carry = more;
        word
    });
    magnitude.collect()
}

/// The decimal digits of a number in words of 32 bits.
fn digits(mut words: Vec<u32>) -> String {
    const AT_ONCE: u64 = 1_000_000_000;
    let mut groups = Vec::new();
    while words.iter().any(|word| *word != 0) {
        let mut rest = 0;
        for word in words.iter_mut().rev() {
            let number = rest << 32 | u64::from(*word);
            *word = (number / AT_ONCE) as u32;
            rest = number % AT_ONCE;
        }
        groups.push(rest);
    }
    let mut digits = groups.pop().unwrap_or(0).to_string();
    for group in groups.iter().rev() {
        digits.push_str(&format!("{group:09}"));
    }
    digits
}

/// A float of 16 bits: a sign, 5 bits of exponent and 10 of fraction.
pub(super) fn half(bits: u16) -> f64 {
    let sign = u64::from(bits >> 15) << 63;
    let exponent = u64::from(bits >> 10 & 0x1f);
    let fraction = u64::from(bits & 0x3ff);
    // In 64 bits, the fraction has 42 bits more, and the exponent counts from 1023 and not from 15.
    let number = |exponent: u64| f64::from_bits(sign | exponent << 52 | fraction << 42);
    match (exponent, fraction) {
        (0, 0) => number(0),
        (0, _) => {
            let magnitude = fraction as f64 / f64::from(1 << 24);
            if sign == 0 { magnitude } else { -magnitude }
        }
        (0x1f, _) => number(0x7ff),
        _ => number(exponent + 1023 - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::{Decimal, half};

    #[test]
    fn halves() {
        for (bits, number) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_953_125),
            (0x7bff, 65_504.0),
            (0x0400, 0.000_061_035_156_25),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x83ff, -6.097_555_160_522_461e-5),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), number, "{bits:x}");
        }
        assert!(half(0x8000).is_sign_negative());
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn decimals() {
        let min = format!("-{}", u128::MAX / 2 + 1);
        for (number, precision, scale, text) in [
            (0, 1, 0, Some("0")),
            (0, 1, 2, Some("0.00")),
            (-5, 10, 2, Some("-0.05")),
            (12_345, 5, 2, Some("123.45")),
            (12_345, 4, 2, None),
            (1_000_000_000, 38, 0, Some("1000000000")),
            (7, 38, -3, Some("7000")),
            (0, 38, -3, Some("0")),
            (i128::MIN, 39, 0, Some(&min)),
        ] {
            let bytes = number.to_le_bytes();
            let text = text.map(str::to_owned);
            assert_eq!(Decimal::new(&bytes, precision, scale).text(), text);
            let fill = if number < 0 { 0xff } else { 0 };
            let mut wide = [fill; 32];
            wide[..16].copy_from_slice(&bytes);
            assert_eq!(Decimal::new(&wide, precision, scale).text(), text);
        }
    }
}
