//! Profiles for the tests.

use fractalaw_manifest::Tier;
use fractalaw_report::{
    AppliedLimits, Decision, FunctionFuel, Limits, Outcome, Profile, ProfileNode, QuotaLimits,
    Report,
};

/// Functions by name, calls, own fuel and fuel with callees; nodes by parent, function, calls and own fuel.
pub(crate) fn profile(
    functions: impl IntoIterator<Item = (String, u64, u64, u64)>,
    nodes: impl IntoIterator<Item = (Option<u32>, u32, u64, u64)>,
) -> Profile {
    let limits = AppliedLimits {
        tier: Tier::Lightweight,
        limits: Limits::of(Tier::Lightweight),
        quotas: QuotaLimits::default(),
    };
    let function = |(name, calls, own_fuel, total_fuel)| FunctionFuel {
        name,
        part: None,
        module: Some(0),
        module_name: None,
        index: None,
        calls,
        own_fuel,
        total_fuel,
    };
    let node = |(parent, function, calls, own_fuel)| ProfileNode {
        parent,
        function,
        calls,
        own_fuel,
    };
    Profile {
        report: Report::not_run(
            Outcome::Completed(String::new()),
            None,
            limits,
            Decision::default(),
        ),
        functions: functions.into_iter().map(function).collect(),
        nodes: nodes.into_iter().map(node).collect(),
    }
}

/// `outer` calls `in; ner` twice, which uses this much fuel.
pub(crate) fn small(inner: u64) -> Profile {
    let function =
        |name: &str, calls, own_fuel, total_fuel| (name.to_owned(), calls, own_fuel, total_fuel);
    profile(
        [
            function("[instantiation]", 1, 1, 1),
            function("[run]", 1, 0, 3 + inner),
            function("[post-return]", 0, 0, 0),
            function("outer", 1, 3, 3 + inner),
            function("in; ner", 2, inner, inner),
        ],
        [
            (None, 0, 1, 1),
            (None, 1, 1, 0),
            (Some(1), 3, 1, 3),
            (Some(2), 4, 2, inner),
        ],
    )
}

/// That many functions, each calling the next, with names of that many bytes.
pub(crate) fn deep(functions: u32, name: usize) -> Profile {
    profile(
        (0..functions).map(|function| (format!("{function:0name$}"), 1, 1, 1)),
        (0..functions).map(|node| (node.checked_sub(1), node, 1, 1)),
    )
}
