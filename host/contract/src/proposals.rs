//! The WebAssembly proposals that a component may use, and what an author can do without the others.

use wasmparser::WasmFeatures;

/// What components may use: everything that compilers emit for the target wasm32-wasip2, including vector
/// instructions. Everything else is attack surface that no guest needs. The host's `engine.rs` configures the
/// engine the same way.
pub const ACCEPTED: WasmFeatures = WasmFeatures::WASM2
    .difference(WasmFeatures::GC_TYPES)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL);

/// A proposal that components may not use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// Async functions, lifts and lowers, streams and futures: WASI 0.3.
    Async,
    /// Threads and shared memory.
    Threads,
    /// Tail calls.
    TailCalls,
    /// Exceptions, in today's encoding or the earlier one.
    Exceptions,
    /// Garbage-collected types and typed references to functions.
    GarbageCollection,
    /// More than one memory in a module.
    MultiMemory,
    /// Memories and tables with 64-bit addresses.
    Memory64,
    /// Memories whose pages are not 64 KiB.
    CustomPageSizes,
    /// Arithmetic on 128 bits.
    WideArithmetic,
    /// Several stacks in one instance.
    StackSwitching,
    /// Memory that is discarded or protected.
    MemoryControl,
    /// What the component model has beyond WASI 0.2.
    ComponentModel,
    /// References to values of the host, `externref`.
    HostReferences,
}

/// In the order in which they are reported. The last is part of others, so it counts only alone.
pub(crate) const PROPOSALS: [Proposal; 13] = [
    Proposal::Async,
    Proposal::Threads,
    Proposal::TailCalls,
    Proposal::Exceptions,
    Proposal::GarbageCollection,
    Proposal::MultiMemory,
    Proposal::Memory64,
    Proposal::CustomPageSizes,
    Proposal::WideArithmetic,
    Proposal::StackSwitching,
    Proposal::MemoryControl,
    Proposal::ComponentModel,
    Proposal::HostReferences,
];

impl Proposal {
    /// Its official name.
    pub fn name(self) -> &'static str {
        match self {
            Proposal::Async => "component-model async",
            Proposal::Threads => "threads",
            Proposal::TailCalls => "tail calls",
            Proposal::Exceptions => "exception handling",
            Proposal::GarbageCollection => "garbage collection",
            Proposal::MultiMemory => "several memories in one module",
            Proposal::Memory64 => "64-bit memories",
            Proposal::CustomPageSizes => "custom page sizes",
            Proposal::WideArithmetic => "wide arithmetic",
            Proposal::StackSwitching => "stack switching",
            Proposal::MemoryControl => "memory control",
            Proposal::ComponentModel => "component-model features beyond WASI 0.2",
            Proposal::HostReferences => "references to values of the host",
        }
    }

    /// What the author can do without it.
    pub fn hint(self) -> &'static str {
        match self {
            Proposal::Async => "build it for WASI 0.2, with functions that are not async",
            Proposal::Threads => {
                "build it for `wasm32-wasip2`, without `-pthread` and the target feature `atomics`"
            }
            Proposal::TailCalls => {
                "build it without the target feature `tail-call` (C: without `-mtail-call`)"
            }
            Proposal::Exceptions => {
                "build it without WebAssembly exceptions (C++: `-fno-exceptions`; Rust: `panic = \"abort\"`)"
            }
            Proposal::GarbageCollection => {
                "build it with a toolchain that uses linear memory: this host has no garbage collector"
            }
            Proposal::MultiMemory => {
                "link it into one memory; parts that need one of their own are composed as components"
            }
            Proposal::Memory64 => "build it for a 32-bit target, such as `wasm32-wasip2`",
            Proposal::CustomPageSizes => "build it with pages of 64 KiB",
            Proposal::WideArithmetic => "build it without the target feature `wide-arithmetic`",
            Proposal::StackSwitching | Proposal::MemoryControl => {
                "build it without experimental proposals"
            }
            Proposal::ComponentModel => "build it with interfaces and types of WASI 0.2",
            Proposal::HostReferences => "build it without `externref`",
        }
    }

    pub(crate) fn features(self) -> WasmFeatures {
        match self {
            Proposal::Async => WasmFeatures::CM_ASYNC
                .union(WasmFeatures::CM_ASYNC_STACKFUL)
                .union(WasmFeatures::CM_MORE_ASYNC_BUILTINS)
                .union(WasmFeatures::CM_ERROR_CONTEXT),
            Proposal::Threads => WasmFeatures::THREADS
                .union(WasmFeatures::SHARED_EVERYTHING_THREADS)
                .union(WasmFeatures::CM_THREADING),
            Proposal::TailCalls => WasmFeatures::TAIL_CALL,
            Proposal::Exceptions => WasmFeatures::EXCEPTIONS.union(WasmFeatures::LEGACY_EXCEPTIONS),
            Proposal::GarbageCollection => WasmFeatures::GC
                .union(WasmFeatures::FUNCTION_REFERENCES)
                .union(WasmFeatures::CUSTOM_DESCRIPTORS),
            Proposal::MultiMemory => WasmFeatures::MULTI_MEMORY,
            Proposal::Memory64 => WasmFeatures::MEMORY64.union(WasmFeatures::CM64),
            Proposal::CustomPageSizes => WasmFeatures::CUSTOM_PAGE_SIZES,
            Proposal::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
            Proposal::StackSwitching => WasmFeatures::STACK_SWITCHING,
            Proposal::MemoryControl => WasmFeatures::MEMORY_CONTROL,
            Proposal::ComponentModel => WasmFeatures::CM_VALUES
                .union(WasmFeatures::CM_NESTED_NAMES)
                .union(WasmFeatures::CM_FIXED_LENGTH_LISTS)
                .union(WasmFeatures::CM_GC)
                .union(WasmFeatures::CM_MAP)
                .union(WasmFeatures::CM_IMPLEMENTS)
                .union(WasmFeatures::CM_CANON_NAMES)
                .union(WasmFeatures::COMPACT_IMPORTS),
            Proposal::HostReferences => WasmFeatures::GC_TYPES,
        }
    }
}
