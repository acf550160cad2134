//! Judges whether a component fits what a host offers. The host, `xtask` and `inspect` use the same judgement.

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentInstanceTypeId,
    ComponentValType,
};
use wasmparser::types::TypesRef;
use wasmparser::{PrimitiveValType, Validator};
use wit_parser::{Function, InterfaceId, Resolve};

use crate::matching::{Fit, Resources};
use crate::offered::Offered;
use crate::proposals::ACCEPTED;
use crate::shape;
use crate::validity::{Invalid, diagnose, validate};

/// The type of the export `run`.
pub const RUN_TYPE: &str = "func() -> result<string, string>";

/// The most missing functions that are kept. An interface has some tens of functions.
pub const KEPT: usize = 1_000;

/// What a component needs and the host lacks, or has with another type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged<'a> {
    /// The names of all imports, in order.
    pub imports: Vec<&'a str>,
    /// The names of imports that are instances with types and nothing else, in order. Nothing can be called there.
    pub only_types: Vec<&'a str>,
    /// The names of imports that are not offered, in order.
    pub interfaces: Vec<&'a str>,
    /// The functions and resources that offered interfaces lack, at most the first [`KEPT`].
    pub functions: Vec<MissingFunction>,
    /// The first function with another type, if nothing is missing.
    pub mismatch: Option<Mismatch>,
    /// What the component exports as `run`, if it is not that function.
    pub run: Option<&'static str>,
}

/// Something that an offered interface lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFunction {
    /// The import, as the component names it.
    pub interface: String,
    /// The function or resource.
    pub name: String,
}

/// A function or resource that the component expects with another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The import, as the component names it.
    pub interface: String,
    /// The function or resource.
    pub name: String,
    /// The type that this host offers.
    pub expected: String,
}

/// Judges a component by what a host offers.
///
/// # Errors
///
/// If the component is not valid with the proposals that this host accepts.
pub fn judge<'a>(bytes: &'a [u8], offered: &Offered) -> Result<Judged<'a>, Invalid> {
    let mut validator = Validator::new_with_features(ACCEPTED);
    let (types, imports) = validate(&mut validator, bytes).map_err(|_| diagnose(bytes))?;
    let types = types.as_ref();
    let mut judged = Judged {
        imports,
        ..Judged::default()
    };
    let mut resources = Resources::new(&offered.resolve, types);
    for import in judged.imports.clone() {
        let item = types.component_item_for_import(import);
        if item.is_some_and(|item| is_only_types(item.ty, types)) {
            judged.only_types.push(import);
        }
        match (offered.interface(import), item.map(|item| item.ty)) {
            (Some(offered), Some(ComponentEntityType::Instance(expected))) => {
                let import = Import {
                    name: import,
                    offered,
                    expected,
                };
                instance(import, types, &mut resources, &mut judged);
            }
            _ => judged.interfaces.push(import),
        }
    }
    judged.run = run(types);
    Ok(judged)
}

fn is_only_types(item: ComponentEntityType, types: TypesRef<'_>) -> bool {
    let ComponentEntityType::Instance(instance) = item else {
        return false;
    };
    let mut exports = types[instance].exports.values();
    exports.all(|export| matches!(export.ty, ComponentEntityType::Type { .. }))
}

/// An import of an offered interface.
struct Import<'a> {
    name: &'a str,
    offered: InterfaceId,
    /// What the component expects.
    expected: ComponentInstanceTypeId,
}

/// Compares what a component expects of an interface with what the interface has.
fn instance(
    import: Import<'_>,
    types: TypesRef<'_>,
    resources: &mut Resources<'_>,
    judged: &mut Judged<'_>,
) {
    let resolve = resources.resolve;
    let functions = &resolve.interfaces[import.offered].functions;
    for (name, item) in &types[import.expected].exports {
        let fit = match item.ty {
            ComponentEntityType::Func(found) => match functions.get(name) {
                None => Fit::Missing,
                Some(expected) if resources.is_function(expected, &types[found]) => Fit::Same,
                Some(expected) => Fit::Other(ours(resolve, expected)),
            },
            ComponentEntityType::Type {
                created: ComponentAnyTypeId::Resource(found),
                ..
            } => resources.introduce(found.resource(), import.offered, name),
            // A name for a type. The type itself is compared in the functions that use it.
            ComponentEntityType::Type { .. } => Fit::Same,
            _ => Fit::Missing,
        };
        let (interface, name) = (import.name.to_owned(), name.clone());
        match fit {
            Fit::Same => {}
            Fit::Missing if judged.functions.len() == KEPT => {}
            Fit::Missing => judged.functions.push(MissingFunction { interface, name }),
            Fit::Other(expected) => {
                judged.mismatch.get_or_insert(Mismatch {
                    interface,
                    name,
                    expected,
                });
            }
        }
    }
}

fn ours(resolve: &Resolve, function: &Function) -> String {
    shape::function(resolve, function).expect("our own WIT has short types")
}

/// What the component exports as `run`, if it is not that function.
fn run(types: TypesRef<'_>) -> Option<&'static str> {
    let function = match types.component_item_for_export("run").map(|item| item.ty) {
        None => return Some("missing"),
        Some(ComponentEntityType::Func(function)) => &types[function],
        Some(_) => return Some("no function"),
    };
    let defined = |ty: Option<ComponentValType>| match ty {
        Some(ComponentValType::Primitive(ty)) => Some(ComponentDefinedType::Primitive(ty)),
        Some(ComponentValType::Type(id)) => Some(types[id].clone()),
        None => None,
    };
    let is_string = |ty| {
        let string = PrimitiveValType::String;
        matches!(defined(ty), Some(ComponentDefinedType::Primitive(ty)) if ty == string)
    };
    let is_result = matches!(
        defined(function.result),
        Some(ComponentDefinedType::Result { ok, err, .. }) if is_string(ok) && is_string(err)
    );
    let is_run = function.params.is_empty() && is_result && !function.async_;
    (!is_run).then_some("a function of another type")
}
