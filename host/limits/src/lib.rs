//! Declares the limits of a crate with what happens at each, so that the page on security, `.github/SECURITY.md`, can be
//! held to the code.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

use std::time::Duration;

/// A limit as the page on security shows it, `.github/SECURITY.md`.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The name of its constant.
    pub name: &'static str,
    /// Its value: a number, or a time with its unit.
    pub value: fn() -> String,
    /// What happens at the limit.
    pub there: &'static str,
}

impl Limit {
    /// The limits as a table.
    pub fn table(limits: &[Limit]) -> String {
        let mut table = "| limit | value | what happens there |\n|---|---|---|\n".to_owned();
        for limit in limits {
            let Limit { name, value, there } = limit;
            table += &format!("| `{name}` | {} | {there} |\n", value());
        }
        table
    }

    /// Checks that the page on security has these limits under the name of their file.
    ///
    /// # Panics
    ///
    /// If it has others.
    pub fn check(page: &str, file: &str, limits: &[Limit]) {
        let expected = format!("\n`{file}`:\n\n{}\n", Limit::table(limits));
        assert!(
            page.contains(&expected),
            "the limits under `{file}` in `.github/SECURITY.md` are others, expected\n{expected}"
        );
    }
}

/// A value for people.
pub trait Shown {
    /// The number, or the time with its unit.
    fn shown(&self) -> String;
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Shown for $number {
            fn shown(&self) -> String {
                self.to_string()
            }
        })*
    };
}

numbers! { i32 u32 u64 usize }

impl Shown for &str {
    fn shown(&self) -> String {
        (*self).to_owned()
    }
}

impl Shown for Duration {
    fn shown(&self) -> String {
        match self.subsec_millis() {
            0 => format!("{} s", self.as_secs()),
            _ => format!("{} ms", self.as_millis()),
        }
    }
}

/// Declares the limits of a crate: constants, each with its reason, its value, and what happens at the limit.
/// `TABLE` lists them in order.
#[macro_export]
macro_rules! limits {
    ($($(#[$reason:meta])+ $vis:vis const $name:ident: $type:ty = $value:expr => $there:literal;)+) => {
        $($(#[$reason])+ $vis const $name: $type = $value;)+

        /// All limits of this crate.
        pub const TABLE: &[$crate::Limit] = &[
            $($crate::Limit {
                name: stringify!($name),
                value: || $crate::Shown::shown(&$name),
                there: $there,
            },)+
        ];
    };
}
