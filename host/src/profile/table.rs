//! What a recording comes to: the table of functions, with their names.

use fractalaw_instrument::Function;

use super::{FunctionFuel, Profile};
use crate::cost::host_calls::Function as HostFunction;
use crate::recorder::{OUTSIDE, Recorder, Tally};
use crate::report::Report;

/// The profile of a recorded run, of functions that were entered alone.
pub(super) fn profile(recorder: Recorder, report: Report, functions: &[Function]) -> Profile {
    let (mut nodes, tallies, host) = recorder.into_parts();
    let mut table: Vec<FunctionFuel> = Vec::new();
    let mut places = vec![None; tallies.len()];
    let outside = functions.len()..functions.len() + OUTSIDE.len();
    let entered = nodes.iter().map(|node| node.function as usize);
    for function in outside.chain(entered) {
        places[function].get_or_insert_with(|| {
            table.push(row(functions, &host, function, &tallies[function]));
            table.len() as u32 - 1
        });
    }
    for node in &mut nodes {
        node.function = places[node.function as usize].unwrap_or_default();
    }
    Profile {
        report,
        functions: table,
        nodes,
    }
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
        module: function.map(|function| function.module),
        module_name: function.and_then(|function| function.module_name.clone()),
        index: function.map(|function| function.index),
        calls: tally.calls,
        own_fuel: tally.own,
        total_fuel: tally.total,
    }
}

/// The function's name, behind that of the nested component that it stands in.
fn name(function: &Function) -> String {
    let name = own_name(function);
    match &function.part {
        Some(part) => format!("{part}: {name}"),
        None => name,
    }
}

fn own_name(function: &Function) -> String {
    match (&function.name, &function.stands_for) {
        (Some(name), _) => format!("{:#}", rustc_demangle::demangle(without_suffix(name))),
        (None, Some(import)) => import.clone(),
        (None, None) => format!("function {}", function.index),
    }
}

/// A name without what LLVM appends to tell copies of a function apart, such as `.14` or `.llvm.1405`: it changes
/// with every build.
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
