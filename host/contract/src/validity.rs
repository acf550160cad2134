//! Whether bytes are a component that this host can judge. If not, which proposals are the reason.

use wasmparser::types::Types;
use wasmparser::{
    BinaryReaderError, FuncValidatorAllocations, Parser, Payload, ValidPayload, Validator,
};

use crate::proposals::{ACCEPTED, PROPOSALS, Proposal};

/// Why a component cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// It is invalid for every engine: what the validator said.
    Malformed(String),
    /// It is valid only with proposals that this host leaves out.
    Proposals(Vec<Proposal>),
}

/// Why a component is not valid under [`ACCEPTED`]. If it is valid with all proposals, these are the reason.
pub(crate) fn diagnose(bytes: &[u8]) -> Invalid {
    let all = PROPOSALS
        .iter()
        .fold(ACCEPTED, |all, proposal| all.union(proposal.features()));
    if let Err(error) = validate(&mut Validator::new_with_features(all), bytes) {
        return Invalid::Malformed(error.to_string());
    }
    let mut used = Vec::new();
    for proposal in PROPOSALS {
        if proposal == Proposal::HostReferences && !used.is_empty() {
            continue;
        }
        let without = all.difference(proposal.features());
        if validate(&mut Validator::new_with_features(without), bytes).is_err() {
            used.push(proposal);
        }
    }
    Invalid::Proposals(used)
}

/// Validates the whole component, functions included, and returns the names of its imports.
pub(crate) fn validate<'a>(
    validator: &mut Validator,
    bytes: &'a [u8],
) -> Result<(Types, Vec<&'a str>), BinaryReaderError> {
    let (mut types, mut imports) = (None, Vec::new());
    let (mut depth, mut allocations) = (0, FuncValidatorAllocations::default());
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match &payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section.clone() {
                    imports.push(import?.name.name);
                }
            }
            _ => {}
        }
        match validator.payload(&payload)? {
            ValidPayload::Func(function, body) => {
                let mut function = function.into_validator(allocations);
                function.validate(&body)?;
                allocations = function.into_allocations();
            }
            ValidPayload::End(of) => types = Some(of),
            _ => {}
        }
    }
    let types = types.expect("a parser gives the end of what it reads, or an error");
    Ok((types, imports))
}
