//! Whether a component fits what this host offers: the judgement of the contract, as a refusal.

use fractalaw_contract::{Invalid, Offered, judge};
use fractalaw_report::{Listed, Refusal};

use crate::load::facts::Imports;

/// Refuses a component that is invalid, uses proposals that the engine leaves out, imports what is not offered,
/// or exports no `run`. Returns the names of its imports.
///
/// Nothing is compiled, so an inspection gives the same answer as a run.
pub(crate) fn check(bytes: &[u8], offered: &Offered) -> Result<Imports, Refusal> {
    let judged = judge(bytes, offered).map_err(|invalid| match invalid {
        Invalid::Malformed(message) => Refusal::invalid(message),
        Invalid::Proposals(used) => Refusal::Proposal { used },
    })?;
    if !judged.interfaces.is_empty() {
        let hint = offered.hint_of_interfaces(judged.interfaces.iter().copied());
        let interfaces = judged.interfaces.into_iter().collect();
        return Err(Refusal::InterfaceNotOffered { interfaces, hint });
    }
    if let Some(first) = judged.functions.first() {
        let hint = offered.hint_of_function(&first.interface);
        let mut functions = Listed::default();
        for missing in judged.functions {
            let bytes = missing.interface.len() + missing.name.len();
            functions.push_with(bytes, || missing);
        }
        return Err(Refusal::FunctionNotOffered { functions, hint });
    }
    if let Some(mismatch) = judged.mismatch {
        let hint = offered.hint_of_function(&mismatch.interface);
        return Err(Refusal::ImportMismatch { mismatch, hint });
    }
    match judged.run {
        Some(found) => Err(Refusal::WrongExport { found }),
        None => {
            let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
            Ok(Imports {
                all: names(judged.imports),
                only_types: names(judged.only_types),
            })
        }
    }
}
