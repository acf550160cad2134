//! Every bound that the host holds a micro-app to, each with its unit in its name and its reason
//! beside it. Those that a report shows are the report's, and those on what is read before it is judged are the contract's.

use std::time::Duration;

pub(crate) use fractalaw_contract::limits::{COMPILE_STACK_BYTES, DECLARATIONS};
use fractalaw_manifest::Tier;
use fractalaw_report::Limits;
pub(crate) use fractalaw_report::limits::LISTED_BYTES;
pub use fractalaw_report::limits::{
    AUDIT_BYTES, AUDIT_ENTRIES, COMPONENT_BYTES, HANDLES, HOST_BYTES, HOST_CALLS,
    HOST_MEMORY_BYTES, OUTPUT_BYTES,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fractalaw_contract::limits! {
    /// Body of the largest function. Compiling one takes time and memory that grow faster than its size. The largest that
    /// is known has 417 KiB: what linkers make to relocate the data of CPython. Interpreters' loops have up to 170.
    pub(crate) const FUNCTION_BYTES: usize = 640 * KIB
        => "refused: `over-slot`";

    /// Body of a function in bytes times its locals: a compiler's tables are as large where each local lives
    /// in each block.
    pub(crate) const FUNCTION_BYTES_TIMES_LOCALS: usize = 64 * MIB
        => "refused: `over-slot`";

    /// The same, all functions of a component together.
    pub(crate) const CODE_BYTES_TIMES_LOCALS: usize = 512 * MIB
        => "refused: `over-slot`";

    /// What compiling one function costs, in units: about one a byte of plain code, see `compile_fit`. At this bound
    /// one takes up to three seconds unoptimised, and 400 MiB.
    pub(crate) const FUNCTION_WORK: usize = 768 * KIB
        => "refused: `over-slot`";

    /// The same, all functions of a component together: room for the largest language runtimes, of which CPython has 20 Mi
    /// and SpiderMonkey 25.
    pub(crate) const CODE_WORK: usize = 40 * MIB
        => "refused: `over-slot`";

    /// Loops inside loops: the compiler's time grows with the square of it. People write a handful.
    pub(crate) const LOOP_DEPTH: usize = 100
        => "refused: `over-slot`";

    /// Parameters and results of one block together: the compiler's time grows with the square of it. Compilers
    /// that give a block more than one value are rare.
    pub(crate) const BLOCK_VALUES: usize = 16
        => "refused: `over-slot`";

    /// Results of one function: as many as come back in registers. More go through memory, at every call, whatever the
    /// function itself pays: with sixteen a unit of fuel takes four times as long as that of the median instruction, with a
    /// thousand forty times. Compilers give a function one.
    pub(crate) const FUNCTION_RESULTS: usize = 8
        => "refused: `over-slot`";

    /// Values in the types of all functions that parts of a composed component call: for each, code is made that moves it. So
    /// many lists take some twenty seconds, unoptimised; a part that uses all of WASI has some thousand values.
    pub(crate) const CROSSING_VALUES: usize = 50_000
        => "refused: `over-slot`";

    /// Components and modules inside each other: those that tools compose have three or four levels.
    pub(crate) const COMPONENT_DEPTH: u32 = 32
        => "refused: `too-deep`";

    /// A component's manifest section: room for as many names as it may declare, each as long as it may be.
    pub(crate) const MANIFEST_BYTES: usize = 256 * KIB
        => "refused: `manifest`";

    /// Wall-clock time to compile one component, waiting for others included.
    pub const COMPILE_TIME: Duration = Duration::from_secs(60)
        => "refused: `compile-time`, or `compilers-busy` while others compile";

    /// Components that one host compiles at once: what it holds for that is as many times a component's own.
    pub(crate) const COMPILES: usize = 2
        => "the next waits, at most `COMPILE_TIME`";

    /// Threads that compile one component: each holds what its function needs.
    pub(crate) const COMPILE_THREADS: usize = 4
        => "no more are started";

    /// Core modules that one component may instantiate, in all that is nested in it: each part of a composed
    /// component has its own, the two of wit-component, and where it was made for preview 1 an adapter. One of CPython
    /// has 33: shared libraries, and one in the place of each interface of WASI that is left out.
    pub(crate) const CORE_INSTANCES: u32 = 64
        => "refused: `over-slot`";

    /// Modules that Wasmtime puts between the parts of a composed component: one for each part that calls others.
    pub(crate) const ADAPTER_INSTANCES: u32 = 32
        => "refused: `not-compiled`";

    /// Linear memories of one component, one for each part of a composed one. Each takes 4 GiB of a slot's address
    /// space, used or not.
    pub(crate) const MEMORIES: u32 = 4
        => "refused: `over-slot`";

    /// Tables of one component: two for each part, its own and the shim's, and as many again.
    pub(crate) const TABLES: u32 = 16
        => "refused: `over-slot`";

    /// Runs that a host may have going at once: their pool reserves 16 GiB of address space each, and
    /// processors have 128 TiB.
    pub const MAX_SLOTS: u32 = 4096
        => "the host does not start";

    /// Standard input that `fractalaw run` reads for a guest.
    pub const STDIN_BYTES: usize = 64 * MIB
        => "the host does not run it";

    /// Linear memory that one pool slot can hold, for all memories of a run together: the heavy tier's.
    pub const SLOT_MEMORY_BYTES: usize = 256 * MIB
        => "refused: `over-slot`; growing, to the tier's: `memory-limit`";

    /// Elements that one table of a run may hold. Compilers make one for each function whose address is
    /// taken; the largest components have some ten thousand.
    pub(crate) const TABLE_ELEMENTS: usize = 100_000
        => "refused: `over-slot`; growing: `memory-limit`";

    /// Stack of a guest's own frames: Wasmtime's default is half of it, too little for recursive parsers.
    pub(crate) const GUEST_STACK_BYTES: usize = MIB
        => "`stack-overflow`";

    /// Stack left to host functions above a guest that used all of its own.
    pub(crate) const HOST_STACK_BYTES: usize = MIB
        => "left to host functions";

    /// Data that one call may hand from the guest to the host: several times what a query or an insert
    /// carries, and little enough for every slot to do it at once.
    pub const HOST_CALL_BYTES: usize = 16 * MIB
        => "`quota-exceeded`: `host-call-bytes`";

    /// Room that one part of a composed component is asked for at once, for what another hands to it: as much as a guest
    /// hands to the host. Transcoding so much takes up to 25 ms, in which nothing interrupts it.
    pub(crate) const CROSSING_BYTES: usize = 16 * MIB
        => "`quota-exceeded`: `crossing-bytes`";

    /// Threads of one host on which files are read and written: enough to keep disks busy, few enough that all of them
    /// may wait for a server that never answers.
    pub(crate) const FILE_THREADS: usize = 64
        => "the next waits, at most to its deadline";

    /// Of these, as many as may wait for one device: a half, so that one that hangs leaves the other half.
    pub(crate) const FILE_THREADS_OF_A_DEVICE: usize = 32
        => "the next waits, at most to its deadline";

    /// Random bytes for one call. Keys and identifiers need less than a hundred.
    pub(crate) const RANDOM_BYTES: u64 = MIB as u64
        => "`trap`";

    /// Random bytes that are drawn before the host looks at the run's deadline again: some milliseconds' work where
    /// nothing is optimised.
    pub(crate) const RANDOM_PIECE_BYTES: u64 = 16 * KIB as u64
        => "the host looks at the deadline";

    /// Bytes that one call moves through a stream; a call that asks for more is given as many. Files are read in pieces
    /// of this size by WASI's own implementation as well.
    pub(crate) const STREAM_BYTES: usize = 64 * KIB
        => "moved up to it";

    /// The latest time at which a deterministic run may begin, since 1970: the start of 2150. With the longest deadline
    /// there is, no entry is later than the ledger can say, which is 2262.
    pub const CLOCK_MAX: Duration = Duration::from_secs(5_680_281_600)
        => "the host does not run it";

    /// Text of one audit entry, its three fields together: a long paragraph of law with its reference.
    pub const AUDIT_ENTRY_BYTES: usize = 64 * KIB
        => "`quota-exceeded`: `audit-entry-bytes`";

    /// A policy file: each app of a large installation with a page of its own.
    pub(crate) const POLICY_BYTES: usize = 4 * MIB
        => "the policy is refused";

    /// Host calls of one run that a trace lists; further ones are counted. A person reads some hundreds; a
    /// budget of the heavy tier pays for millions.
    pub const TRACE_CALLS: usize = 100_000
        => "listed up to it, counted past it";

    /// Period of the epoch ticker: a run is cut off at most this long after its deadline.
    pub(crate) const TICK: Duration = Duration::from_millis(10)
        => "a run ends at most this long after its deadline, or after the copying of a text between parts that is going on then";

    /// Frames of a guest's backtrace that a report shows.
    pub(crate) const BACKTRACE_FRAMES: usize = 20
        => "shown up to it";

    /// Names of all functions of one profile together. The largest language runtimes enter ten thousand.
    pub(crate) const PROFILE_NAMES_BYTES: usize = 4 * MIB
        => "the profile fails";

    /// Places in the call tree of one profile. Recursion adds none, so that code that people wrote has some
    /// thousands; past this, it was made to have many.
    pub const PROFILE_NODES: usize = 250_000
        => "the profile fails";

    /// Calls that lead from one of these places to another: recursion adds these.
    pub(crate) const PROFILE_CALLS: usize = 4 * PROFILE_NODES
        => "the profile fails";

    /// How much longer than the run itself its profiled twin may take, which calls the host twice for each call
    /// of its own. Its fuel ends it where the run's does; this only guards against what nobody thought of.
    pub(crate) const PROFILE_SLOWDOWN: u32 = 100
        => "the profile fails";
}

// Every tier fits into a slot of the pool, and every host call into the guest's trail or payload.
const _: () = {
    let mut i = 0;
    while i < Tier::ALL.len() {
        assert!(Limits::of(Tier::ALL[i]).memory_bytes <= SLOT_MEMORY_BYTES);
        i += 1;
    }
    assert!(AUDIT_ENTRY_BYTES <= AUDIT_BYTES && AUDIT_ENTRY_BYTES <= HOST_CALL_BYTES);
};
