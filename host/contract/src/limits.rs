//! Limits on what is read of a component before and while it is judged. The host's `limits.rs` has all others.

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

numbers! { u32 u64 usize }

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
        pub const TABLE: &[$crate::limits::Limit] = &[
            $($crate::limits::Limit {
                name: stringify!($name),
                value: || $crate::limits::Shown::shown(&$name),
                there: $there,
            },)+
        ];
    };
}

crate::limits! {
    /// Types, imports, functions, elements and so on that a component and everything nested in it declares. Each
    /// takes some hundred bytes of the compiler's memory. The largest runtimes have a hundred thousand.
    pub const DECLARATIONS: usize = 500_000
        => "refused: `over-slot`";

    /// Types, instances and components inside each other. Those that tools make have some ten levels. Parser and
    /// compiler call themselves for each level, and the validator allows 100.
    pub const TYPE_DEPTH: u32 = 64
        => "refused: `too-deep`";

    /// The stack of a thread that reads or compiles a component. It is four times Rust's default, because parts of
    /// both are recursive. The deepest nesting that is allowed takes 0.75 MiB of it, unoptimised.
    pub const COMPILE_STACK_BYTES: usize = 8 << 20
        => "reserved for each";

    /// The type of a function, written out. An offered function's has some hundred bytes. A type that contains
    /// another twice is twice as long, and forty such types in a row would be a terabyte.
    pub const SHAPE_BYTES: usize = 16 << 10
        => "`cargo xtask` does not build it";

    /// The name of a guest's function in a backtrace or a profile. The longest names that compilers make from what
    /// people write have some hundreds of bytes.
    pub const FUNCTION_NAME_BYTES: usize = 1 << 10
        => "cut, with a mark";
}
