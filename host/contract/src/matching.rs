//! Whether a function that a component imports has the type of the offered one, as the linker sees it.

use std::collections::HashMap;

use wasmparser::PrimitiveValType as Primitive;
use wasmparser::component_types::{
    ComponentDefinedType as Defined, ComponentFuncType, ComponentValType, ResourceId,
};
use wasmparser::types::TypesRef;
use wit_parser::{Function, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner};

/// How what a component expects compares with what is offered.
pub(crate) enum Fit {
    Same,
    Missing,
    /// It exists with this other type.
    Other(String),
}

/// Which of the offered resources each of the component's is, while its imports are read in order.
pub(crate) struct Resources<'a> {
    pub(crate) resolve: &'a Resolve,
    types: TypesRef<'a>,
    known: HashMap<ResourceId, TypeId>,
}

impl<'a> Resources<'a> {
    pub(crate) fn new(resolve: &'a Resolve, types: TypesRef<'a>) -> Resources<'a> {
        Resources {
            resolve,
            types,
            known: HashMap::new(),
        }
    }

    /// Adds a resource of an imported interface. A resource that came with another interface must be the same one
    /// there. A new one must belong to this interface.
    pub(crate) fn introduce(
        &mut self,
        found: ResourceId,
        interface: InterfaceId,
        name: &str,
    ) -> Fit {
        let offered = self.resolve.interfaces[interface].types.get(name);
        let offered = offered.map(|id| self.resource(*id));
        let own = offered.filter(|id| {
            let ty = &self.resolve.types[*id];
            matches!(ty.kind, TypeDefKind::Resource) && ty.owner == TypeOwner::Interface(interface)
        });
        match (self.known.get(&found), own, offered) {
            // A new name for a known resource needs nothing from the host.
            (Some(_), None, _) => Fit::Same,
            (Some(known), Some(own), _) if *known == own => Fit::Same,
            (None, Some(own), _) => {
                self.known.insert(found, own);
                Fit::Same
            }
            (Some(_), Some(_), _) => Fit::Other(format!("resource {name}")),
            // A resource that belongs to another interface, and not a name for it.
            (None, None, Some(_)) => Fit::Other(format!("{name} of another interface")),
            (None, None, None) => Fit::Missing,
        }
    }

    /// The resource or type that a chain of names stands for.
    fn resource(&self, mut id: TypeId) -> TypeId {
        while let TypeDefKind::Type(Type::Id(next)) = self.resolve.types[id].kind {
            id = next;
        }
        id
    }

    /// The names of parameters do not matter, as in the linker.
    pub(crate) fn is_function(&self, expected: &Function, found: &ComponentFuncType) -> bool {
        found.async_ == expected.kind.is_async()
            && found.params.len() == expected.params.len()
            && found
                .params
                .iter()
                .zip(&expected.params)
                .all(|((_, found), expected)| self.is(&expected.ty, found))
            && self.is_optional(expected.result.as_ref(), found.result.as_ref())
    }

    fn is_optional(&self, expected: Option<&Type>, found: Option<&ComponentValType>) -> bool {
        match (expected, found) {
            (None, None) => true,
            (Some(expected), Some(found)) => self.is(expected, found),
            _ => false,
        }
    }

    /// Goes as deep as the expected type, whatever the component has.
    fn is(&self, expected: &Type, found: &ComponentValType) -> bool {
        let id = match expected {
            Type::Id(id) => self.resource(*id),
            primitive => return self.is_primitive(primitive, found),
        };
        let kind = &self.resolve.types[id].kind;
        if let TypeDefKind::Type(primitive) = kind {
            return self.is_primitive(primitive, found);
        }
        let ComponentValType::Type(found) = found else {
            return false;
        };
        self.is_defined(kind, &self.types[*found])
    }

    fn is_defined(&self, expected: &TypeDefKind, found: &Defined) -> bool {
        match (expected, found) {
            (TypeDefKind::Record(expected), Defined::Record(found)) => {
                expected.fields.len() == found.fields.len()
                    && expected
                        .fields
                        .iter()
                        .zip(&found.fields)
                        .all(|(expected, (name, ty))| {
                            expected.name == name.as_str() && self.is(&expected.ty, ty)
                        })
            }
            (TypeDefKind::Variant(expected), Defined::Variant(found)) => {
                expected.cases.len() == found.cases.len()
                    && expected
                        .cases
                        .iter()
                        .zip(&found.cases)
                        .all(|(expected, (name, case))| {
                            expected.name == name.as_str()
                                && self.is_optional(expected.ty.as_ref(), case.ty.as_ref())
                        })
            }
            (TypeDefKind::Enum(expected), Defined::Enum(found)) => {
                let names = expected.cases.iter().map(|case| case.name.as_str());
                names.eq(found.iter().map(|name| name.as_str()))
            }
            (TypeDefKind::Flags(expected), Defined::Flags(found)) => {
                let names = expected.flags.iter().map(|flag| flag.name.as_str());
                names.eq(found.iter().map(|name| name.as_str()))
            }
            (TypeDefKind::Tuple(expected), Defined::Tuple(found)) => {
                expected.types.len() == found.types.len()
                    && expected
                        .types
                        .iter()
                        .zip(&found.types)
                        .all(|(expected, found)| self.is(expected, found))
            }
            (TypeDefKind::Option(expected), Defined::Option { ty, .. }) => self.is(expected, ty),
            (TypeDefKind::List(expected), Defined::List { element, .. }) => {
                self.is(expected, element)
            }
            (TypeDefKind::Result(expected), Defined::Result { ok, err, .. }) => {
                self.is_optional(expected.ok.as_ref(), ok.as_ref())
                    && self.is_optional(expected.err.as_ref(), err.as_ref())
            }
            (TypeDefKind::Handle(Handle::Own(expected)), Defined::Own(found))
            | (TypeDefKind::Handle(Handle::Borrow(expected)), Defined::Borrow(found)) => {
                let known = self.known.get(&found.resource());
                known == Some(&self.resource(*expected))
            }
            _ => false,
        }
    }

    fn is_primitive(&self, expected: &Type, found: &ComponentValType) -> bool {
        let found = match found {
            ComponentValType::Primitive(found) => *found,
            ComponentValType::Type(id) => match self.types[*id] {
                Defined::Primitive(found) => found,
                _ => return false,
            },
        };
        let expected = match expected {
            Type::Bool => Primitive::Bool,
            Type::U8 => Primitive::U8,
            Type::U16 => Primitive::U16,
            Type::U32 => Primitive::U32,
            Type::U64 => Primitive::U64,
            Type::S8 => Primitive::S8,
            Type::S16 => Primitive::S16,
            Type::S32 => Primitive::S32,
            Type::S64 => Primitive::S64,
            Type::F32 => Primitive::F32,
            Type::F64 => Primitive::F64,
            Type::Char => Primitive::Char,
            Type::String => Primitive::String,
            Type::ErrorContext | Type::Id(_) => return false,
        };
        expected == found
    }
}
