//! Limits on what is read of a component before and while it is judged. The host's `limits.rs` has all others.

fractalaw_limits::limits! {
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

    /// Components and modules inside each other. Components that tools compose have three or four levels.
    pub const COMPONENT_DEPTH: u32 = 32
        => "refused: `too-deep`";

    /// The core modules that one component may instantiate, including those nested in it. Each part of a composed
    /// component has its own module, two from wit-component, and an adapter if it was made for WASI 0.1. A
    /// component with CPython has 33: shared libraries, and a stub for each interface of WASI that is left out.
    pub const CORE_INSTANCES: u32 = 64
        => "refused: `over-slot`";

    /// The instances of components that one component makes, also inside of what it instantiates. Composed ones have
    /// one for each part, and one for each interface that a part exports. Each takes some ten nanoseconds of
    /// every run, for which nobody pays.
    pub const COMPONENT_INSTANCES: u32 = 256
        => "refused: `over-slot`";

    /// The items that the compiler copies to make the instances of a component: whatever is handed in or out, with all
    /// that is inside of it. Each takes some hundred bytes, as a declaration does, and small components can
    /// have any number of them. The largest of those that tools make have some thousands.
    pub const COPIES: usize = 500_000
        => "refused: `over-slot`";

    /// The linear memories of one component: one for each part of a composed one. Each takes 4 GiB of a slot's
    /// address space, used or not.
    pub const MEMORIES: u32 = 4
        => "refused: `over-slot`";

    /// The tables of one component: two for each part, its own and the shim's, and twice that for reserve.
    pub const TABLES: u32 = 16
        => "refused: `over-slot`";

    /// The linear memory that one slot of the pool holds, for all memories of a run together. It is the heavy
    /// tier's.
    pub const SLOT_MEMORY_BYTES: usize = 256 << 20
        => "refused: `over-slot`; growing, to the tier's: `memory-limit`";

    /// The elements of one table of a run. Compilers add one for each function whose address is taken. The
    /// largest components have some ten thousand.
    pub const TABLE_ELEMENTS: usize = 100_000
        => "refused: `over-slot`; growing: `memory-limit`";
}
