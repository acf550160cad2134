//! Why there is no profile, and the two checks that every profile passes.

use fractalaw_instrument::Uninstrumentable;
use fractalaw_report::{Profile, Report};

use crate::error::{HostError, LoadError};
use crate::limits::PROFILE_NODES;
use crate::recorder::Failure;

/// There is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The component or the run is refused, with or without a profile.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The host could not do its work.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The component uses something that makes its functions impossible to follow.
    #[error("cannot be profiled: {0}")]
    Uninstrumentable(#[from] Uninstrumentable),
    /// The component is accepted, but its twin with hooks exceeds a limit.
    #[error("cannot be profiled: the engine refused its instrumented twin: {message}")]
    TwinRefused {
        /// The message of the refusal.
        message: String,
    },
    /// The outcome has no repeatable fuel: where such a run ends differs from run to run or from machine to
    /// machine.
    #[error("a run that ends in `{outcome}` does not repeat, so its fuel has no profile")]
    Unrepeatable {
        /// The name of the outcome.
        outcome: &'static str,
    },
    /// The run with hooks did something else than the run without.
    #[error(
        "the profiled run differs from the run itself in its {what}: {profiled}, expected {run}"
    )]
    Differs {
        /// What differs.
        what: Difference,
        /// The run itself, in a word.
        run: String,
        /// The run with hooks, in a word.
        profiled: String,
    },
    /// There are more call paths than a profile holds.
    #[error("more than {limit} call paths")]
    TooManyPaths {
        /// The limit.
        limit: usize,
    },
    /// The names of functions are longer than a profile holds.
    #[error("the names of functions have more than {limit} bytes in all")]
    TooLongNames {
        /// The limit.
        limit: usize,
    },
    /// A function was left that was not entered last. The twin is faulty.
    #[error("the profiled run entered and left its functions out of order")]
    Unbalanced,
    /// The parts do not sum to the whole. The profiler is faulty.
    #[error("the functions' fuel sums to {parts}, expected {whole}")]
    DoesNotSum {
        /// The sum of the parts.
        parts: u64,
        /// What the run used.
        whole: u64,
    },
}

impl From<Failure> for ProfileError {
    fn from(failure: Failure) -> ProfileError {
        match failure {
            Failure::TooManyPaths => ProfileError::TooManyPaths {
                limit: PROFILE_NODES,
            },
            Failure::Unbalanced => ProfileError::Unbalanced,
        }
    }
}

impl ProfileError {
    /// What the reader can do about it, if there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            ProfileError::Load(LoadError::Refused(refusal)) => Some(refusal.hint().into_owned()),
            ProfileError::Load(LoadError::Host(error)) | ProfileError::Host(error) => error.hint(),
            ProfileError::Differs { .. } => Some(
                "profile a deterministic run that writes to no folder and has some stack to spare: the guest \
                 runs more than once"
                    .to_owned(),
            ),
            ProfileError::Unrepeatable { .. } => {
                Some("give it less fuel, so that it ends where its fuel does".to_owned())
            }
            _ => None,
        }
    }
}

/// What can differ between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// How they ended.
    Outcome,
    /// Where they were stopped.
    Backtrace,
    /// What they recorded.
    Audit,
    /// What they did through capabilities.
    Effects,
    /// What they wrote to standard output.
    Stdout,
    /// What they wrote to standard error.
    Stderr,
    /// The fuel of instantiation.
    InstantiationFuel,
    /// The fuel of the call.
    RunFuel,
    /// Their host calls.
    HostCalls,
    /// Their peak memory.
    Memory,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Difference::Outcome => "outcome",
            Difference::Backtrace => "backtrace",
            Difference::Audit => "audit entries",
            Difference::Effects => "effects",
            Difference::Stdout => "standard output",
            Difference::Stderr => "standard error",
            Difference::InstantiationFuel => "fuel of instantiation",
            Difference::RunFuel => "fuel",
            Difference::HostCalls => "host calls",
            Difference::Memory => "memory",
        })
    }
}

/// Checks that the run with hooks equals the run without. Messages show how much a guest wrote, and not what.
pub(super) fn compare(
    run: &Report,
    profiled: &Report,
    deterministic: bool,
) -> Result<(), ProfileError> {
    let moved = fractalaw_report::Difference::of(run, profiled);
    let times = |report: &Report| -> Vec<u64> {
        let entries = report.audit.iter();
        entries.map(|entry| entry.time_unix_ns).collect()
    };
    // If the clocks are real, the times differ.
    let same_times = !deterministic || times(run) == times(profiled);
    let same_certainty = run.fuel.certainty == profiled.fuel.certainty;
    let same_trace = run.trace == profiled.trace;
    type Shown = fn(&Report) -> String;
    let parts: [(bool, Difference, Shown); 10] = [
        (moved.outcome.is_none(), Difference::Outcome, |report| {
            format!("`{}`", report.outcome.kind())
        }),
        (moved.backtrace.is_none(), Difference::Backtrace, |report| {
            format!("{} frames", report.backtrace.len())
        }),
        (
            moved.audit.is_none() && same_times,
            Difference::Audit,
            |report| format!("{} entries", report.audit.len()),
        ),
        (moved.effects.is_none(), Difference::Effects, |report| {
            format!("{} effects", report.effects.len())
        }),
        (moved.stdout.is_none(), Difference::Stdout, |report| {
            format!("{} bytes", report.stdout.bytes.len())
        }),
        (moved.stderr.is_none(), Difference::Stderr, |report| {
            format!("{} bytes", report.stderr.bytes.len())
        }),
        (
            moved.fuel.instantiation.is_none(),
            Difference::InstantiationFuel,
            |report| report.fuel.instantiation.to_string(),
        ),
        (
            moved.fuel.guest.is_none() && same_certainty,
            Difference::RunFuel,
            |report| format!("{} ({})", report.fuel.guest, report.fuel.certainty.name()),
        ),
        (
            moved.host_calls.is_empty() && same_trace,
            Difference::HostCalls,
            |report| format!("{} fuel", report.fuel.host_calls),
        ),
        (moved.peak_bytes.is_none(), Difference::Memory, |report| {
            format!("{} bytes", report.memory.peak_bytes)
        }),
    ];
    match parts.into_iter().find(|(is_same, ..)| !is_same) {
        None => Ok(()),
        Some((_, what, shown)) => Err(ProfileError::Differs {
            what,
            run: shown(run),
            profiled: shown(profiled),
        }),
    }
}

/// Checks that functions and nodes sum to the run's fuel, separately for instantiation, call and host calls.
pub(super) fn check_sums(profile: &Profile) -> Result<(), ProfileError> {
    let fuel = profile.report.fuel;
    let functions = profile.functions.iter().map(|function| function.own_fuel);
    equal(functions.sum(), fuel.consumed())?;
    // The root above each node. A node comes after its parent.
    let mut roots: Vec<usize> = Vec::with_capacity(profile.nodes.len());
    let (mut guest, mut host) = ([0, 0], 0);
    for (index, node) in profile.nodes.iter().enumerate() {
        let root = node.parent.map_or(index, |parent| roots[parent as usize]);
        roots.push(root);
        if profile.is_host(node.function) {
            host += node.own_fuel;
        } else {
            guest[root] += node.own_fuel;
        }
    }
    equal(guest[0], fuel.instantiation)?;
    equal(guest[1], fuel.guest)?;
    equal(host, fuel.host_calls)
}

fn equal(parts: u64, whole: u64) -> Result<(), ProfileError> {
    if parts == whole {
        return Ok(());
    }
    Err(ProfileError::DoesNotSum { parts, whole })
}
