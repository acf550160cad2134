//! Every limit that the host holds a micro-app to, with its unit in its name and its reason beside it. The report
//! has the limits that a report shows, and the contract has the limits on what is read before a component is
//! judged.

use std::time::Duration;

pub use fractalaw_contract::limits::SLOT_MEMORY_BYTES;
pub(crate) use fractalaw_contract::limits::{
    COMPILE_STACK_BYTES, COMPONENT_DEPTH, CORE_INSTANCES, DECLARATIONS, MEMORIES, TABLE_ELEMENTS,
    TABLES,
};
use fractalaw_manifest::Tier;
use fractalaw_report::Limits;
pub(crate) use fractalaw_report::limits::LISTED_BYTES;
pub use fractalaw_report::limits::{
    AUDIT_BYTES, AUDIT_ENTRIES, COMPONENT_BYTES, HANDLES, HOST_BYTES, HOST_CALLS,
    HOST_MEMORY_BYTES, OUTPUT_BYTES,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fractalaw_limits::limits! {
    /// The body of the largest function. Time and memory for compiling it grow faster than its size. The largest
    /// known function has 417 KiB: linkers generate it to relocate the data of CPython. The loops of interpreters
    /// have up to 170 KiB.
    pub(crate) const FUNCTION_BYTES: usize = 640 * KIB
        => "refused: `over-slot`";

    /// The bytes of a function's body times its locals. The compiler's tables reach this size if each local lives
    /// in each block.
    pub(crate) const FUNCTION_BYTES_TIMES_LOCALS: usize = 64 * MIB
        => "refused: `over-slot`";

    /// The same for all functions of a component together.
    pub(crate) const CODE_BYTES_TIMES_LOCALS: usize = 512 * MIB
        => "refused: `over-slot`";

    /// What compiling one function costs, in units: about one for each byte of plain code, see `compile_fit`. A
    /// function at this limit takes up to three seconds unoptimised, and 400 MiB.
    pub(crate) const FUNCTION_WORK: usize = 768 * KIB
        => "refused: `over-slot`";

    /// The same for all functions of a component together. It has room for the largest language runtimes: CPython
    /// has 20 Mi and SpiderMonkey 25 Mi.
    pub(crate) const CODE_WORK: usize = 40 * MIB
        => "refused: `over-slot`";

    /// What a part says of itself in an inspection: its own name, its version, its language. People and tools write some
    /// ten bytes.
    pub(crate) const PART_TEXT_BYTES: usize = KIB
        => "cut";

    /// Loops inside loops. The compiler's time grows with the square of the depth. People write a handful.
    pub(crate) const LOOP_DEPTH: usize = 100
        => "refused: `over-slot`";

    /// Parameters and results of one block together. The compiler's time grows with the square of their number.
    /// Compilers rarely give a block more than one value.
    pub(crate) const BLOCK_VALUES: usize = 16
        => "refused: `over-slot`";

    /// Results of one function: as many as come back in registers. Further results go through memory at every
    /// call, whatever the function itself pays. With sixteen results a unit of fuel takes four times as long as
    /// the median instruction's, with a thousand forty times. Compilers give a function one result.
    pub(crate) const FUNCTION_RESULTS: usize = 8
        => "refused: `over-slot`";

    /// Values in the types of all functions that parts of a composed component call. Wasmtime generates code to
    /// move each of them. This many lists take some twenty seconds to compile, unoptimised. A part that uses all
    /// of WASI has about a thousand values.
    pub(crate) const CROSSING_VALUES: usize = 50_000
        => "refused: `over-slot`";

    /// A component's manifest section. It has room for as many names as it may declare, each as long as it may
    /// be.
    pub(crate) const MANIFEST_BYTES: usize = 256 * KIB
        => "refused: `manifest`";

    /// The wall-clock time to compile one component, including the wait for other compilations. A large component has
    /// `COMPILE_TIME_PER_MIB` if that is more.
    pub const COMPILE_TIME: Duration = Duration::from_secs(60)
        => "refused: `compile-time`, or `compilers-busy` while others compile";

    /// The same for each MiB of a component. One with CPython twice has 34 MiB, and takes some 100 s of one processor,
    /// unoptimised.
    pub const COMPILE_TIME_PER_MIB: Duration = Duration::from_secs(4)
        => "as at `COMPILE_TIME`, if it is more";

    /// The components that one host compiles at once. Its memory for compiling is this many times that of one
    /// component.
    pub(crate) const COMPILES: usize = 2
        => "the next waits, at most `COMPILE_TIME`";

    /// The threads that compile one component. Each holds the memory that its function needs.
    pub(crate) const COMPILE_THREADS: usize = 4
        => "no more are started";

    /// The modules that Wasmtime puts between the parts of a composed component: one for each part that calls
    /// others.
    pub(crate) const ADAPTER_INSTANCES: u32 = 32
        => "refused: `not-compiled`";

    /// The runs that a host may have going at once. The pool reserves 16 GiB of address space for each, and
    /// processors have 128 TiB.
    pub const MAX_SLOTS: u32 = 4096
        => "the host does not start";

    /// The engines of one host, when threads run guests at the same time. Each has its part of the pool again, so a host
    /// reserves at most twice the address space of its slots, and 16 GiB for each engine. Past this many, cores share them.
    pub(crate) const SHARDS: usize = 16
        => "threads share engines";

    /// The compiled code of a micro-app that is copied to further engines. It has room for ten times what a guest in Rust
    /// has. Language runtimes have more, and their runs take much longer than what threads lose in one engine.
    pub(crate) const SPREAD_CODE_BYTES: usize = 4 * MIB
        => "it runs in the first engine only";

    /// A file that is read on the thread of its run, if its code is in the cache: this takes well under a millisecond, and
    /// starting another thread takes about as long.
    pub(crate) const AT_HAND_BYTES: u64 = MIB as u64
        => "it is read on a thread of its own";

    /// The standard input that `fractalaw run` reads for a guest.
    pub const STDIN_BYTES: usize = 64 * MIB
        => "the host does not run it";

    /// The stack for a guest's own frames. Wasmtime's default is half of it, which is too little for recursive
    /// parsers.
    pub(crate) const GUEST_STACK_BYTES: usize = MIB
        => "`stack-overflow`";

    /// The stack that is left to host functions above a guest that has used all of its own.
    pub(crate) const HOST_STACK_BYTES: usize = MIB
        => "left to host functions";

    /// The data that one call may hand from the guest to the host. It is several times what a query or an insert
    /// carries, and small enough for every slot to do it at once.
    pub const HOST_CALL_BYTES: usize = 16 * MIB
        => "`quota-exceeded`: `host-call-bytes`";

    /// The memory that one part of a composed component may be asked for at once, for data from another part. It
    /// is as much as a guest may hand to the host. Transcoding this much takes up to 25 ms, and nothing
    /// interrupts it.
    pub(crate) const CROSSING_BYTES: usize = 16 * MIB
        => "`quota-exceeded`: `crossing-bytes`";

    /// The threads of one host that read and write files. They are enough to keep disks busy, and few enough that
    /// all of them may wait for a server that never answers.
    pub(crate) const FILE_THREADS: usize = 64
        => "the next waits, at most to its deadline";

    /// The threads of these that may wait for one device. It is half of them, so a device that hangs leaves the
    /// other half.
    pub(crate) const FILE_THREADS_OF_A_DEVICE: usize = 32
        => "the next waits, at most to its deadline";

    /// The random bytes of one call. Keys and identifiers need less than a hundred.
    pub(crate) const RANDOM_BYTES: u64 = MIB as u64
        => "`trap`";

    /// The random bytes that are drawn before the host checks the run's deadline again. They take some
    /// milliseconds without optimisation.
    pub(crate) const RANDOM_PIECE_BYTES: u64 = 16 * KIB as u64
        => "the host looks at the deadline";

    /// The bytes that one call moves through a stream. A call that asks for more gets this many. WASI's own
    /// implementation reads files in pieces of this size as well.
    pub(crate) const STREAM_BYTES: usize = 64 * KIB
        => "moved up to it";

    /// The latest time at which a deterministic run may begin, since 1970: the start of 2150. Even with the
    /// longest deadline, no entry is later than the ledger can express, which is 2262.
    pub const CLOCK_MAX: Duration = Duration::from_secs(5_680_281_600)
        => "the host does not run it";

    /// The text of one audit entry, its three fields together: a long paragraph of law with its reference.
    pub const AUDIT_ENTRY_BYTES: usize = 64 * KIB
        => "`quota-exceeded`: `audit-entry-bytes`";

    /// A policy file. It has room for every app of a large installation, with a page each.
    pub(crate) const POLICY_BYTES: usize = 4 * MIB
        => "the policy is refused";

    /// The host calls of one run that a trace lists. Further calls are counted. A person reads some hundreds,
    /// while the heavy tier's budget pays for millions.
    pub const TRACE_CALLS: usize = 100_000
        => "listed up to it, counted past it";

    /// The period of the epoch ticker. A run is cut off at most this long after its deadline.
    pub(crate) const TICK: Duration = Duration::from_millis(10)
        => "a run ends at most this long after its deadline, or after the copying of a text between parts that is going on then";

    /// The frames of a guest's backtrace that a report shows.
    pub(crate) const BACKTRACE_FRAMES: usize = 20
        => "shown up to it";

    /// The names of all functions of one profile together. The largest language runtimes enter ten thousand
    /// functions.
    pub(crate) const PROFILE_NAMES_BYTES: usize = 4 * MIB
        => "the profile fails";

    /// The nodes in the call tree of one profile. Recursion adds none, so code that people wrote has some
    /// thousands. Code with more was made to have many.
    pub const PROFILE_NODES: usize = 250_000
        => "the profile fails";

    /// The calls from one node of the tree to another. Recursion adds these.
    pub(crate) const PROFILE_CALLS: usize = 4 * PROFILE_NODES
        => "the profile fails";

    /// How many times longer than the run itself its profiled twin may take. The twin calls the host twice for
    /// each call of its own. Its fuel ends it where the run's fuel ends the run, so this guards only against the
    /// unforeseen.
    pub(crate) const PROFILE_SLOWDOWN: u32 = 100
        => "the profile fails";
}

// Every tier fits into a slot of the pool, and one audit entry fits into the trail and into a host call.
const _: () = {
    let mut i = 0;
    while i < Tier::ALL.len() {
        assert!(Limits::of(Tier::ALL[i]).memory_bytes <= SLOT_MEMORY_BYTES);
        i += 1;
    }
    assert!(AUDIT_ENTRY_BYTES <= AUDIT_BYTES && AUDIT_ENTRY_BYTES <= HOST_CALL_BYTES);
};
