//! Vectors as sums of integers, and what is computed from them.
//!
//! Sums and products are exact. What follows is one square root, one product and one division, each rounded once as
//! IEEE 754 says. So every processor gives the same bits.

use crate::exact::table::{DIMENSIONS, Table};
use crate::exact::tokens::Tokens;

/// The sum of the rows of a text's tokens.
///
/// A factor is below 2^16 and a value below 2^7, so an `i64` holds the sum of 2^40 rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sum([i64; DIMENSIONS]);

impl Sum {
    pub(crate) fn of(table: &Table, tokens: &Tokens) -> Sum {
        let mut sum = [0; DIMENSIONS];
        for token in &tokens.known {
            let (factor, values) = table.row(*token);
            for (sum, value) in sum.iter_mut().zip(values) {
                *sum += factor * i64::from(value.cast_signed());
            }
        }
        Sum(sum)
    }

    /// The sum of several texts' sums.
    pub(crate) fn all(sums: &[Sum]) -> Sum {
        let mut all = [0; DIMENSIONS];
        for sum in sums {
            for (all, sum) in all.iter_mut().zip(sum.0) {
                *all += sum;
            }
        }
        Sum(all)
    }

    /// The vector of length 1 with this direction. A text without known tokens has zeros.
    pub(crate) fn normal(&self) -> Vec<f32> {
        let length = rounded(dot(self, self)).sqrt();
        let scaled = |value: &i64| match length > 0.0 {
            true => (*value as f64 / length) as f32,
            false => 0.0,
        };
        self.0.iter().map(scaled).collect()
    }
}

/// The cosine of the angle between two sums, from -1 to 1. It is 0 if one of them has no direction.
pub(crate) fn cosine(a: &Sum, b: &Sum) -> f32 {
    let lengths = (rounded(dot(a, a)) * rounded(dot(b, b))).sqrt();
    match lengths > 0.0 {
        true => ((rounded(dot(a, b)) / lengths) as f32).clamp(-1.0, 1.0),
        false => 0.0,
    }
}

fn dot(a: &Sum, b: &Sum) -> i128 {
    let products = a.0.iter().zip(b.0);
    products.map(|(a, b)| i128::from(*a) * i128::from(b)).sum()
}

/// The nearest number that a float can be.
fn rounded(number: i128) -> f64 {
    number as f64
}
