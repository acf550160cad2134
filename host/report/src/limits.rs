//! What a run is held to: the limits of its tier, its quotas, and the bounds on what a report shows. Each bound has its
//! unit in its name and its reason beside it. Those that no report shows are the host's.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use fractalaw_manifest::Tier;

use crate::quota::Quota;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fractalaw_contract::limits! {
    /// Largest component the host reads: room for several language runtimes.
    pub const COMPONENT_BYTES: usize = 64 * MIB
        => "refused: `too-large`";

    /// Things of one kind that are told of a component: imports, exports, tools that made it. Those that tools make
    /// have some dozens. Further ones are counted, because two bytes can list one.
    pub const LISTED: usize = 1_000
        => "listed up to it, counted past it";

    /// Their text, all of one kind together: more than the 100 000 bytes that the parser allows for one name.
    pub const LISTED_BYTES: usize = 128 * KIB
        => "listed up to it, counted past it";

    /// Names that a message shows, further ones are counted: as many as a person reads.
    pub const SHOWN_NAMES: usize = 20
        => "shown up to it, counted past it";

    /// Of each such name: the longest that people give have some sixty.
    pub const SHOWN_BYTES: usize = 200
        => "shown up to it";

    /// What a message quotes of what a parser or the compiler says, which can name whatever a component names.
    pub const MESSAGE_BYTES: usize = 4 * KIB
        => "shown up to it";

    /// Captured standard output of one run, and as much standard error. What is over it is counted.
    pub const OUTPUT_BYTES: usize = MIB
        => "kept up to it, counted past it";

    /// Host calls of one run: as many as the heavy tier's fuel pays for at the lowest price, so that only policy
    /// makes it the one that is reached.
    pub const HOST_CALLS: u64 = 40_000_000
        => "`quota-exceeded`: `host-calls`";

    /// Bytes that cross in all host calls of one run, in both directions: as many as that fuel pays for.
    pub const HOST_BYTES: u64 = 10_000_000_000
        => "`quota-exceeded`: `host-bytes`";

    /// Audit entries of one run. A trail that a person cannot read is no trail.
    pub const AUDIT_ENTRIES: usize = 10_000
        => "`quota-exceeded`: `audit-entries`";

    /// Text of all audit entries of one run together.
    pub const AUDIT_BYTES: usize = 4 * MIB
        => "`quota-exceeded`: `audit-bytes`";

    /// Handles that a run may hold at once: streams, files, pollables, and resources of its own. While a call goes on, each
    /// handle that is lent to it counts once more, so that a run can hold half as many and wait for all of them. Some are
    /// open files of the process, of which all slots together must not take so many that others get none: systems allow a
    /// thousand or more.
    pub const HANDLES: usize = 256
        => "`quota-exceeded`: `handles`";

    /// Memory of the host's own that one run makes it hold: listings of folders, audit entries and captured output. All
    /// audit entries and all output fit, and a folder of a hundred thousand files.
    pub const HOST_MEMORY_BYTES: usize = 32 * MIB
        => "`quota-exceeded`: `host-memory`";
}

/// The three limits that a tier sets and a run may override.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory, all memories of the run together, in bytes.
    pub memory_bytes: usize,
    /// Fuel, in units: about one a WebAssembly instruction.
    pub fuel: u64,
    /// Wall-clock time from the start of the run, waiting for a slot not counted.
    pub deadline: Duration,
}

impl Limits {
    /// What a tier allows.
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

/// What one run may hand to its host, quota by quota. The default is the bounds of a host to which no capability was
/// added. A policy may lower them.
///
/// Clones share their figures, so that the runs of a host without a policy allocate nothing for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaLimits(Arc<[QuotaLimit]>);

/// The bound that one quota has in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaLimit {
    /// Which.
    pub quota: Quota,
    /// The bound in force.
    pub limit: u64,
    /// The host's own bound, which no policy raises.
    pub most: u64,
}

impl QuotaLimit {
    /// Of the audit log.
    pub const AUDIT_ENTRIES: QuotaLimit =
        QuotaLimit::host(Quota::AUDIT_ENTRIES, AUDIT_ENTRIES as u64);
    /// Of the audit log.
    pub const AUDIT_BYTES: QuotaLimit = QuotaLimit::host(Quota::AUDIT_BYTES, AUDIT_BYTES as u64);

    /// The host's own bound, not lowered.
    pub const fn host(quota: Quota, most: u64) -> QuotaLimit {
        QuotaLimit {
            quota,
            limit: most,
            most,
        }
    }
}

/// What a host has to which no capability was added.
static STANDARD: LazyLock<QuotaLimits> =
    LazyLock::new(|| QuotaLimits::with([QuotaLimit::AUDIT_ENTRIES, QuotaLimit::AUDIT_BYTES]));

impl Default for QuotaLimits {
    fn default() -> QuotaLimits {
        STANDARD.clone()
    }
}

impl QuotaLimits {
    /// The bounds of a host to which no capability was added.
    pub fn standard() -> &'static QuotaLimits {
        &STANDARD
    }

    /// The bounds of a host whose capabilities bring these quotas, in the order in which reports list what was lowered:
    /// the calls, what is in them, and what is held for them. Quotas of capabilities that not every host has are in the
    /// order of their names, so that reading a report from JSON gives the same order.
    pub fn with(capabilities: impl IntoIterator<Item = QuotaLimit>) -> QuotaLimits {
        let mut capabilities: Vec<QuotaLimit> = capabilities.into_iter().collect();
        capabilities.sort_by_cached_key(|limit| {
            let of_all = Quota::CORE.iter().position(|core| *core == limit.quota);
            (of_all.unwrap_or(usize::MAX), limit.quota.name.clone())
        });
        let calls = [
            QuotaLimit::host(Quota::HOST_CALLS, HOST_CALLS),
            QuotaLimit::host(Quota::HOST_BYTES, HOST_BYTES),
        ];
        let held = [
            QuotaLimit::host(Quota::HANDLES, HANDLES as u64),
            QuotaLimit::host(Quota::HOST_MEMORY, HOST_MEMORY_BYTES as u64),
        ];
        QuotaLimits(calls.into_iter().chain(capabilities).chain(held).collect())
    }

    /// The bound of a quota; none, `u64::MAX`, for one that the host does not have.
    pub fn of(&self, quota: &Quota) -> u64 {
        self.named(&quota.name)
            .map_or(u64::MAX, |found| found.limit)
    }

    /// The quota of this name and its bounds, if the host has it.
    pub fn named(&self, name: &str) -> Option<&QuotaLimit> {
        self.0.iter().find(|limit| limit.quota.name == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &QuotaLimit> {
        self.0.iter()
    }

    /// Gives a quota another bound than the host's.
    pub fn lower(&mut self, name: &str, limit: u64) {
        let place = self.0.iter().position(|known| known.quota.name == name);
        // The figures are copied only where one changes.
        if let Some(place) = place.filter(|place| self.0[*place].limit != limit) {
            Arc::make_mut(&mut self.0)[place].limit = limit;
        }
    }
}

/// The limits that a run was held to, and the tier from which those not overridden came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedLimits {
    /// The tier.
    pub tier: Tier,
    /// The limits in force.
    pub limits: Limits,
    /// The quotas in force.
    pub quotas: QuotaLimits,
}
