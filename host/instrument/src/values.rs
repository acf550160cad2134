//! Counts the values that the parts of a composed component hand to each other, from the types of the functions
//! that they call.
//!
//! Wasmtime generates code to move each of these values. A type of a few bytes can have thousands of them, in
//! each function that uses it.

use std::collections::HashMap;

use fractalaw_contract::slot_fit::SlotFit;
use wasmparser::component_types::{
    ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId, ComponentValType,
};
use wasmparser::types::TypesRef;
use wasmparser::{CanonicalFunction, Parser, Payload, Validator, WasmFeatures};

use crate::error::Uninstrumentable;

/// Checks that the functions that parts call have no more values in their types than the limit. A function counts
/// each time that the part which calls it is instantiated: the code is generated for each.
pub(crate) fn check(component: &[u8], limit: u64) -> Result<(), Uninstrumentable> {
    // Function bodies are skipped: they do not matter here.
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut counter = Counter::default();
    let mut slot = SlotFit::default();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        validator.payload(&payload)?;
        slot.visit(&payload)?;
        if let (Payload::ComponentCanonicalSection(functions), Some(types)) =
            (&payload, validator.types(0))
        {
            for function in functions.clone() {
                if let CanonicalFunction::Lower { func_index, .. } = function? {
                    let function = types.component_function_at(func_index);
                    // One that moves nothing is generated too.
                    slot.add(counter.function(types, function).max(1));
                }
            }
        }
        let found = slot.added();
        if found > limit {
            return Err(Uninstrumentable::TooManyValues { found, limit });
        }
    }
    Ok(())
}

/// The number of values of each type seen so far.
#[derive(Default)]
struct Counter {
    known: HashMap<ComponentDefinedTypeId, u64>,
}

impl Counter {
    fn function(&mut self, types: TypesRef<'_>, function: ComponentFuncTypeId) -> u64 {
        let function = &types[function];
        let params = function.params.iter().map(|(_, ty)| ty);
        self.all(types, params.chain(&function.result))
    }

    fn all<'t>(
        &mut self,
        types: TypesRef<'_>,
        all: impl IntoIterator<Item = &'t ComponentValType>,
    ) -> u64 {
        let values = all.into_iter().map(|ty| self.value(types, *ty));
        values.fold(0, u64::saturating_add)
    }

    /// The host has checked before how deep types nest, so this recursion is bounded.
    fn value(&mut self, types: TypesRef<'_>, ty: ComponentValType) -> u64 {
        let ComponentValType::Type(id) = ty else {
            return 1;
        };
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let inside = match &types[id] {
            ComponentDefinedType::Record(record) => self.all(types, record.fields.values()),
            ComponentDefinedType::Variant(variant) => {
                let cases = variant.cases.values();
                self.all(types, cases.filter_map(|case| case.ty.as_ref()))
            }
            ComponentDefinedType::Tuple(tuple) => self.all(types, &tuple.types),
            ComponentDefinedType::List { element, .. } => self.all(types, [element]),
            ComponentDefinedType::FixedLengthList {
                element, length, ..
            } => self
                .all(types, [element])
                .saturating_mul(u64::from(*length)),
            ComponentDefinedType::Map { key, value, .. } => self.all(types, [key, value]),
            ComponentDefinedType::Option { ty, .. } => self.all(types, [ty]),
            ComponentDefinedType::Result { ok, err, .. } => self.all(types, ok.iter().chain(err)),
            ComponentDefinedType::Future { ty, .. } | ComponentDefinedType::Stream { ty, .. } => {
                self.all(types, ty)
            }
            ComponentDefinedType::Primitive(_)
            | ComponentDefinedType::Flags(_)
            | ComponentDefinedType::Enum(_)
            | ComponentDefinedType::Own(_)
            | ComponentDefinedType::Borrow(_) => 0,
        };
        let values = inside.saturating_add(1);
        self.known.insert(id, values);
        values
    }
}
