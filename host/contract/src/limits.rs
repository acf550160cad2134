//! Bounds on what is read of a component before and while it is judged. `limits.rs` of the host has all others.

/// Types, imports, functions, elements and so on that a component and all that is nested in it declares. Each
/// takes some hundred bytes of the compiler's memory. The largest runtimes have a hundred thousand.
pub const DECLARATIONS: usize = 500_000;

/// Types, instances and components inside each other: those that tools make have some ten levels. Parser and
/// compiler call themselves for each, and the validator allows 100.
pub const TYPE_DEPTH: u32 = 64;

/// Stack of a thread that reads or compiles a component: four times what Rust gives one, because parts of both are
/// recursive. What is nested as deep as it may be takes 0.75 MiB of it, unoptimised.
pub const COMPILE_STACK_BYTES: usize = 8 << 20;

/// The type of a function, written out. That of an offered one has some hundred bytes. A type that has another twice
/// is twice as long, and forty such in a row would be a terabyte.
pub const SHAPE_BYTES: usize = 16 << 10;

/// Name of a guest's function in a backtrace or a profile: the longest that compilers make of what people write have
/// some hundreds.
pub const FUNCTION_NAME_BYTES: usize = 1 << 10;
