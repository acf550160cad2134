//! Makes the table of functions, with their names, from a recording.

use fractalaw_contract::function_name;
use fractalaw_instrument::Function;
use fractalaw_report::{FunctionFuel, OUTSIDE, Profile, Report};

use super::error::ProfileError;
use crate::cost::host_calls::Function as HostFunction;
use crate::limits::PROFILE_NAMES_BYTES;
use crate::recorder::{Recorder, Tally};

/// The profile of a recorded run, with the functions that were entered.
///
/// # Errors
///
/// If the names are longer than a profile holds.
pub(super) fn profile(
    recorder: Recorder,
    report: Report,
    functions: &[Function],
) -> Result<Profile, ProfileError> {
    let (mut nodes, tallies, host) = recorder.into_parts();
    let mut table: Vec<FunctionFuel> = Vec::new();
    let mut names_bytes = 0;
    let mut places = vec![None; tallies.len()];
    let outside = functions.len()..functions.len() + OUTSIDE.len();
    let entered = nodes.iter().map(|node| node.function as usize);
    for function in outside.chain(entered) {
        if places[function].is_some() {
            continue;
        }
        let row = row(functions, &host, function, &tallies[function]);
        let others = [&row.module_name, &row.part].into_iter().flatten();
        names_bytes += row.name.len() + others.map(String::len).sum::<usize>();
        if names_bytes > PROFILE_NAMES_BYTES {
            return Err(ProfileError::TooLongNames {
                limit: PROFILE_NAMES_BYTES,
            });
        }
        places[function] = Some(table.len() as u32);
        table.push(row);
    }
    for node in &mut nodes {
        node.function = places[node.function as usize].unwrap_or_default();
    }
    Ok(Profile {
        report,
        functions: table,
        nodes,
    })
}

fn row(
    functions: &[Function],
    host: &[&HostFunction],
    index: usize,
    tally: &Tally,
) -> FunctionFuel {
    let function = functions.get(index);
    let behind = || {
        let place = index - functions.len();
        match OUTSIDE.get(place) {
            Some(name) => (*name).to_owned(),
            None => {
                let function = host[place - OUTSIDE.len()];
                format!("[host] {} {}", function.interface, function.name)
            }
        }
    };
    FunctionFuel {
        name: function.map_or_else(behind, name),
        part: function.and_then(|function| {
            let part = function.part.as_deref();
            part.map(function_name::plain)
        }),
        module: function.map(|function| function.module),
        module_name: function.and_then(|function| {
            // The modules of a part have its name.
            let name = function.module_name.as_deref();
            let name = name.filter(|_| function.part.is_none());
            name.map(function_name::plain)
        }),
        index: function.map(|function| function.index),
        calls: tally.calls,
        own_fuel: tally.own,
        total_fuel: tally.total,
    }
}

/// The function's name, after the name of the nested component that it is in.
fn name(function: &Function) -> String {
    let name = own_name(function);
    match &function.part {
        Some(part) => function_name::plain(&format!("{}: {name}", function_name::plain(part))),
        None => name,
    }
}

fn own_name(function: &Function) -> String {
    match (&function.name, &function.stands_for) {
        (Some(name), _) => function_name::readable(without_suffix(name)),
        (None, Some(import)) => function_name::plain(import),
        (None, None) => format!("function {}", function.index),
    }
}

/// The name without the suffix that LLVM adds to distinguish copies of a function, such as `.14` or `.llvm.1405`.
/// The suffix changes with every build.
fn without_suffix(name: &str) -> &str {
    let mut name = name;
    while let Some((rest, last)) = name.rsplit_once('.') {
        let is_number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
        if rest.is_empty() || !(is_number || last == "llvm") {
            break;
        }
        name = rest;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::without_suffix;

    #[test]
    fn only_what_tells_copies_apart_is_left_out() {
        for (name, shown) in [
            ("write_str.14", "write_str"),
            ("f.llvm.1405", "f"),
            ("_R.llvm.3.7", "_R"),
            ("a.b", "a.b"),
            ("module.wasm", "module.wasm"),
            (".5", ".5"),
            ("", ""),
        ] {
            assert_eq!(without_suffix(name), shown, "{name}");
        }
    }
}
