//! The limits of a run: those of its tier, its quotas, and the limits on what a report shows. Each has its unit
//! in its name and its reason beside it. The host has the limits that no report shows.

use std::sync::Arc;
use std::time::Duration;

use fractalaw_manifest::Tier;

use crate::quota::Quota;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fractalaw_limits::limits! {
    /// The largest component that the host reads. It has room for several language runtimes.
    pub const COMPONENT_BYTES: usize = 64 * MIB
        => "refused: `too-large`";

    /// Things of one kind that are listed of a component: imports, exports, tools that made it. Components that
    /// tools make have some dozens. Further ones are counted, because two bytes can add one.
    pub const LISTED: usize = 1_000
        => "listed up to it, counted past it";

    /// The text of all things of one kind together. The parser allows 100 000 bytes for one name, which is less.
    pub const LISTED_BYTES: usize = 128 * KIB
        => "listed up to it, counted past it";

    /// The names that a message shows. Further ones are counted, because nobody reads more.
    pub const SHOWN_NAMES: usize = 20
        => "shown up to it, counted past it";

    /// The bytes of each such name. The longest names that people give have about sixty.
    pub const SHOWN_BYTES: usize = 200
        => "shown up to it";

    /// What a message quotes of a parser or the compiler, which can repeat any name in a component.
    pub const MESSAGE_BYTES: usize = 4 * KIB
        => "shown up to it";

    /// The captured standard output of one run, and the same for standard error. Further bytes are counted.
    pub const OUTPUT_BYTES: usize = MIB
        => "kept up to it, counted past it";

    /// The host calls of one run: as many as the heavy tier's fuel pays for at the lowest price. So a run reaches
    /// this quota only if a policy lowers it.
    pub const HOST_CALLS: u64 = 40_000_000
        => "`quota-exceeded`: `host-calls`";

    /// The bytes that cross in all host calls of one run, in both directions: as many as the heavy tier's fuel
    /// pays for.
    pub const HOST_BYTES: u64 = 10_000_000_000
        => "`quota-exceeded`: `host-bytes`";

    /// The audit entries of one run. Nobody can read a longer trail.
    pub const AUDIT_ENTRIES: usize = 10_000
        => "`quota-exceeded`: `audit-entries`";

    /// The text of all audit entries of one run together.
    pub const AUDIT_BYTES: usize = 4 * MIB
        => "`quota-exceeded`: `audit-bytes`";

    /// The handles that a run may hold at once: streams, files, pollables, and its own resources. A handle that
    /// is lent to a call counts once more during the call, so a run can hold half as many and wait for all of
    /// them. Some are open files of the process. All slots together must leave some for others: systems allow a
    /// thousand or more.
    pub const HANDLES: usize = 256
        => "`quota-exceeded`: `handles`";

    /// The host's own memory that one run may occupy: listings of folders, audit entries, captured output and recorded
    /// answers. All audit entries and all output fit, and a folder of a hundred thousand files.
    pub const HOST_MEMORY_BYTES: usize = 32 * MIB
        => "`quota-exceeded`: `host-memory`";
}

/// The three limits that a tier sets and a run may override.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of all memories of the run together, in bytes.
    pub memory_bytes: usize,
    /// Fuel in units: about one for each WebAssembly instruction.
    pub fuel: u64,
    /// Wall-clock time from the start of the run. Waiting for a slot does not count.
    pub deadline: Duration,
}

impl Limits {
    /// The limits of a tier.
    pub const fn of(tier: Tier) -> Limits {
        match tier {
            Tier::Lightweight => Limits {
                memory_bytes: 16 * MIB,
                fuel: 100_000_000,
                deadline: Duration::from_secs(5),
            },
            Tier::Standard => Limits {
                memory_bytes: 64 * MIB,
                fuel: 1_000_000_000,
                deadline: Duration::from_secs(30),
            },
            Tier::Heavy => Limits {
                memory_bytes: 256 * MIB,
                fuel: 10_000_000_000,
                deadline: Duration::from_secs(120),
            },
        }
    }
}

/// The quotas of one run. The default is the limits of a host without added capabilities. A policy may lower
/// them.
///
/// Clones share their figures. So the runs of a host without a policy allocate nothing for them.
#[derive(Clone, Debug)]
pub struct QuotaLimits(Kept);

/// Threads that clone an `Arc` wait for each other, and most hosts have the standard quotas. So a clone of these is free.
#[derive(Clone, Debug)]
enum Kept {
    Standard,
    Own(Arc<[QuotaLimit]>),
}

impl PartialEq for QuotaLimits {
    fn eq(&self, other: &QuotaLimits) -> bool {
        self.is_clone_of(other) || self.all() == other.all()
    }
}

impl Eq for QuotaLimits {}

/// The limit of one quota in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaLimit {
    /// The quota.
    pub quota: Quota,
    /// The limit that applies.
    pub limit: u64,
    /// The host's own limit, which no policy raises.
    pub most: u64,
}

impl QuotaLimit {
    /// The audit log's.
    pub const AUDIT_ENTRIES: QuotaLimit =
        QuotaLimit::host(Quota::AUDIT_ENTRIES, AUDIT_ENTRIES as u64);
    /// The audit log's.
    pub const AUDIT_BYTES: QuotaLimit = QuotaLimit::host(Quota::AUDIT_BYTES, AUDIT_BYTES as u64);

    /// The host's own limit, not lowered.
    pub const fn host(quota: Quota, most: u64) -> QuotaLimit {
        QuotaLimit {
            quota,
            limit: most,
            most,
        }
    }
}

/// The quotas of a host without added capabilities.
static STANDARD: [QuotaLimit; 6] = [
    QuotaLimit::host(Quota::HOST_CALLS, HOST_CALLS),
    QuotaLimit::host(Quota::HOST_BYTES, HOST_BYTES),
    QuotaLimit::AUDIT_ENTRIES,
    QuotaLimit::AUDIT_BYTES,
    QuotaLimit::host(Quota::HANDLES, HANDLES as u64),
    QuotaLimit::host(Quota::HOST_MEMORY, HOST_MEMORY_BYTES as u64),
];

impl Default for QuotaLimits {
    fn default() -> QuotaLimits {
        QuotaLimits(Kept::Standard)
    }
}

impl QuotaLimits {
    /// The quotas of a host without added capabilities.
    pub fn standard() -> &'static QuotaLimits {
        &QuotaLimits(Kept::Standard)
    }

    /// The quotas of a host whose capabilities have these, in the order in which reports list the lowered ones:
    /// calls, what is in them, and what is held for them. Quotas of capabilities that not every host has are in
    /// the order of their names, so that reading a report from JSON gives the same order.
    pub fn with(capabilities: impl IntoIterator<Item = QuotaLimit>) -> QuotaLimits {
        let mut capabilities: Vec<QuotaLimit> = capabilities.into_iter().collect();
        capabilities.sort_by_cached_key(|limit| {
            let of_all = Quota::CORE.iter().position(|core| *core == limit.quota);
            (of_all.unwrap_or(usize::MAX), limit.quota.name.clone())
        });
        let [calls @ .., _, _, handles, memory] = STANDARD.clone();
        let all = calls.into_iter().chain(capabilities);
        let all: Arc<[_]> = all.chain([handles, memory]).collect();
        match *all == STANDARD {
            true => QuotaLimits(Kept::Standard),
            false => QuotaLimits(Kept::Own(all)),
        }
    }

    /// The limit of all host calls. Every run needs it, so it is found by its place.
    pub fn host_calls(&self) -> u64 {
        self.all()[0].limit
    }

    /// The limit of the bytes in all host calls.
    pub fn host_bytes(&self) -> u64 {
        self.all()[1].limit
    }

    /// The limit of open handles.
    pub fn handles(&self) -> u64 {
        self.all()[self.all().len() - 2].limit
    }

    /// The limit of the host's memory.
    pub fn host_memory(&self) -> u64 {
        self.all()[self.all().len() - 1].limit
    }

    /// Whether these are clones of each other, of which no quota was lowered.
    pub fn is_clone_of(&self, other: &QuotaLimits) -> bool {
        std::ptr::eq(self.all(), other.all())
    }

    /// The limit of a quota; `u64::MAX` if the host does not have the quota.
    pub fn of(&self, quota: &Quota) -> u64 {
        self.named(&quota.name)
            .map_or(u64::MAX, |found| found.limit)
    }

    /// The quota with this name and its limits, if the host has it.
    pub fn named(&self, name: &str) -> Option<&QuotaLimit> {
        self.all().iter().find(|limit| limit.quota.name == name)
    }

    /// All quotas, in the order in which reports list the lowered ones.
    pub fn iter(&self) -> impl Iterator<Item = &QuotaLimit> {
        self.all().iter()
    }

    fn all(&self) -> &[QuotaLimit] {
        match &self.0 {
            Kept::Standard => &STANDARD,
            Kept::Own(own) => own,
        }
    }

    /// Gives a quota a lower limit than the host's.
    pub fn lower(&mut self, name: &str, limit: u64) {
        let mut all = self.all().iter();
        let place = all.position(|known| known.quota.name == name);
        // The figures are copied only if one changes.
        let Some(place) = place.filter(|place| self.all()[*place].limit != limit) else {
            return;
        };
        match &mut self.0 {
            Kept::Standard => {
                let mut own = STANDARD.to_vec();
                own[place].limit = limit;
                self.0 = Kept::Own(own.into());
            }
            Kept::Own(own) => Arc::make_mut(own)[place].limit = limit,
        }
    }
}

/// The limits that applied to a run, and the tier that they came from unless they were overridden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedLimits {
    /// The tier.
    pub tier: Tier,
    /// The limits that applied.
    pub limits: Limits,
    /// The quotas that applied.
    pub quotas: QuotaLimits,
}
