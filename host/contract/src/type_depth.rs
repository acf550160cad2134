//! Measures how deep types, instances and components are nested, without recursion. This happens before anything
//! reads them by recursion: the parser, the validator, the compiler, and the code that drops their results.
//!
//! There are two ways to nest. A type can be written inside another, and a type can name another by its index.
//! Both are followed here, the second with what `scopes` knows of each index. So it is known here too, before anything is
//! judged, which imports have only types.

mod scopes;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;

use wasmparser::{
    BinaryReader, BinaryReaderError, CanonicalFunction, ComponentAlias, ComponentDefinedType,
    ComponentExternName, ComponentExternalKind as Kind, ComponentImport, ComponentInstance,
    ComponentType, ComponentTypeRef, ComponentValType, CoreType, Encoding, FromReader, Parser,
    Payload, SectionLimited, TypeBounds,
};

use crate::limits::{DECLARATIONS, TYPE_DEPTH};
use scopes::{Item, Scopes};

/// Why a component must not be read by recursion.
#[derive(Debug)]
pub enum TooNested {
    /// It cannot be read.
    Malformed(BinaryReaderError),
    /// Its types are nested in more than [`TYPE_DEPTH`] levels.
    Deep,
    /// It declares more than [`DECLARATIONS`].
    Many {
        /// At least this many.
        found: u64,
    },
}

impl From<BinaryReaderError> for TooNested {
    fn from(error: BinaryReaderError) -> TooNested {
        TooNested::Malformed(error)
    }
}

impl fmt::Display for TooNested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TooNested::Malformed(error) => error.fmt(f),
            TooNested::Deep => write!(
                f,
                "types are nested too deep, expected at most {TYPE_DEPTH} levels"
            ),
            TooNested::Many { found } => write!(
                f,
                "types have {found} declarations, expected at most {DECLARATIONS}"
            ),
        }
    }
}

impl Error for TooNested {}

/// Follows a whole component, or the description of a world, which is a component too.
///
/// # Errors
///
/// If its types are nested too deep.
pub fn check(bytes: &[u8]) -> Result<(), TooNested> {
    let mut types = TypeDepth::new(bytes);
    Parser::new(0)
        .parse_all(bytes)
        .try_for_each(|payload| types.visit(&payload?))
}

/// The first bytes of a component type and of an instance type, which contain declarations.
const HOLDING: [u8; 2] = [0x41, 0x42];

/// Follows the sections of a component as a parser yields them.
pub struct TypeDepth<'a> {
    bytes: &'a [u8],
    scopes: Scopes<'a>,
    /// The parts of types: declarations, fields, cases, parameters. Each takes the validator some hundred bytes.
    declared: u64,
    only_types: BTreeSet<&'a str>,
}

impl<'a> TypeDepth<'a> {
    /// For the component with these bytes.
    pub fn new(bytes: &'a [u8]) -> TypeDepth<'a> {
        TypeDepth {
            bytes,
            scopes: Scopes::default(),
            declared: 0,
            only_types: BTreeSet::new(),
        }
    }

    /// Whether the component's import with this name was read, and is an instance that has types and nothing else. Nothing
    /// can be called there.
    pub fn is_only_types(&self, import: &str) -> bool {
        self.only_types.contains(import)
    }

    /// Passes over a component that is nested in this one and is not visited. Nothing is known of it.
    pub fn pass_over_component(&mut self) {
        self.scopes.add(Kind::Component, Item::default());
    }

    /// Reads the next section.
    ///
    /// # Errors
    ///
    /// If something in it is nested too deep.
    pub fn visit(&mut self, payload: &Payload<'a>) -> Result<(), TooNested> {
        match payload {
            Payload::Version { encoding, .. } => {
                self.scopes.open(*encoding == Encoding::Component);
            }
            Payload::End(_) => {
                if let Some(component) = self.scopes.close() {
                    self.add(Kind::Component, component)?;
                }
            }
            Payload::ComponentTypeSection(section) => self.types(section)?,
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    self.import(&import?)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    let item = match &export.ty {
                        Some(ty) => self.referred(ty),
                        None => self.scopes.get(export.kind, export.index),
                    };
                    self.export(&export.name, export.kind, item)?;
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    self.alias(&alias?)?;
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    self.instance(&instance?)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section.clone() {
                    let function = function?;
                    if let CanonicalFunction::Lift { type_index, .. } = function {
                        self.add(Kind::Func, self.scopes.get(Kind::Type, type_index))?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads a section piece by piece, because the parser's own reader calls itself for a type inside another.
    fn types(&mut self, section: &SectionLimited<'a, ComponentType<'a>>) -> Result<(), TooNested> {
        let range = section.range();
        let bytes = self.bytes.get(range.clone()).unwrap_or_default();
        let mut reader = BinaryReader::new(bytes, range.start);
        // What is left of the section, and of each open type in it.
        let mut left: Vec<u32> = vec![read(&mut reader)?];
        while let Some(here) = left.last_mut() {
            if let Some(less) = here.checked_sub(1) {
                *here = less;
                let held = match left.len() {
                    1 => self.ty(&mut reader)?,
                    _ => self.declaration(&mut reader)?,
                };
                left.extend(held);
                too_deep(left.len() as u32 - 1)?;
            } else {
                left.pop();
                if !left.is_empty()
                    && let Some(ty) = self.scopes.close()
                {
                    self.add(Kind::Type, ty)?;
                }
            }
        }
        Ok(())
    }

    /// Reads one type. For a type with declarations it returns their number, and they are read next.
    fn ty(&mut self, reader: &mut BinaryReader<'a>) -> Result<Option<u32>, TooNested> {
        if HOLDING.contains(&peek(reader)?) {
            let _: u8 = reader.read_u8()?;
            self.scopes.open(true);
            return Ok(Some(read(reader)?));
        }
        let value = |ty: &ComponentValType| match ty {
            ComponentValType::Primitive(_) => 1,
            ComponentValType::Type(index) => self.scopes.get(Kind::Type, *index).depth,
        };
        let (parts, deepest) = match read(reader)? {
            ComponentType::Func(ty) => {
                let types = ty.params.iter().map(|(_, ty)| ty).chain(&ty.result);
                (ty.params.len(), types.map(value).max())
            }
            ComponentType::Defined(ty) => defined(&ty, value),
            _ => (0, None),
        };
        self.declare(1 + parts)?;
        self.add(Kind::Type, Item::around(deepest.unwrap_or(0)))?;
        Ok(None)
    }

    /// Reads one declaration of an open type.
    fn declaration(&mut self, reader: &mut BinaryReader<'a>) -> Result<Option<u32>, TooNested> {
        self.declare(1)?;
        match peek(reader)? {
            0x01 => {
                let _: u8 = reader.read_u8()?;
                return self.ty(reader);
            }
            0x03 => {
                let _: u8 = reader.read_u8()?;
                let import = read(reader)?;
                self.import(&import)?;
            }
            // No type is inside the other declarations, so the parser can read them.
            _ => match read(reader)? {
                wasmparser::InstanceTypeDeclaration::Alias(alias) => self.alias(&alias)?,
                wasmparser::InstanceTypeDeclaration::Export { name, ty } => {
                    let item = self.referred(&ty);
                    self.export(&name, ty.kind(), item)?;
                }
                wasmparser::InstanceTypeDeclaration::CoreType(CoreType::Module(declared)) => {
                    self.declare(declared.len())?;
                }
                _ => {}
            },
        }
        Ok(None)
    }

    fn import(&mut self, import: &ComponentImport<'a>) -> Result<(), TooNested> {
        let item = self.referred(&import.ty);
        let is_instance = import.ty.kind() == Kind::Instance;
        if self.scopes.is_outermost() && is_instance && item.is_only_types {
            self.only_types.insert(import.name.name);
        }
        self.scopes.holds(item.depth);
        self.add(import.ty.kind(), item)
    }

    fn export(
        &mut self,
        name: &ComponentExternName<'a>,
        kind: Kind,
        item: Item<'a>,
    ) -> Result<(), TooNested> {
        self.scopes.export(name.name, kind, item.clone());
        self.add(kind, item)
    }

    fn alias(&mut self, alias: &ComponentAlias<'a>) -> Result<(), TooNested> {
        match alias {
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                name,
            } => self.add(*kind, self.scopes.exported(*instance_index, name)),
            ComponentAlias::Outer { kind, count, index } => {
                match self.scopes.outer(*kind, *count, *index) {
                    Some((kind, item)) => self.add(kind, item),
                    None => Ok(()),
                }
            }
            ComponentAlias::CoreInstanceExport { .. } => Ok(()),
        }
    }

    fn instance(&mut self, instance: &ComponentInstance<'a>) -> Result<(), TooNested> {
        let item = match instance {
            ComponentInstance::Instantiate {
                component_index,
                args,
            } => {
                self.declare(args.len())?;
                self.scopes.get(Kind::Component, *component_index)
            }
            ComponentInstance::FromExports(exports) => {
                self.declare(exports.len())?;
                let items = exports.iter().map(|export| {
                    let item = self.scopes.get(export.kind, export.index);
                    (export.name.name, item)
                });
                Item::of_exports(items.collect())
            }
        };
        self.add(Kind::Instance, item)
    }

    /// The item that an import or export refers to by its type.
    fn referred(&self, ty: &ComponentTypeRef) -> Item<'a> {
        match ty {
            ComponentTypeRef::Func(index)
            | ComponentTypeRef::Instance(index)
            | ComponentTypeRef::Component(index)
            | ComponentTypeRef::Type(TypeBounds::Eq(index))
            | ComponentTypeRef::Value(ComponentValType::Type(index)) => {
                self.scopes.get(Kind::Type, *index)
            }
            ComponentTypeRef::Type(TypeBounds::SubResource)
            | ComponentTypeRef::Value(_)
            | ComponentTypeRef::Module(_) => Item::around(0),
        }
    }

    fn add(&mut self, kind: Kind, item: Item<'a>) -> Result<(), TooNested> {
        too_deep(item.depth)?;
        self.scopes.add(kind, item);
        Ok(())
    }

    fn declare(&mut self, more: usize) -> Result<(), TooNested> {
        self.declared += more as u64;
        if self.declared > DECLARATIONS as u64 {
            return Err(TooNested::Many {
                found: self.declared,
            });
        }
        Ok(())
    }
}

/// The number of parts of a value type, and the depth of the deepest.
fn defined(
    ty: &ComponentDefinedType<'_>,
    value: impl Fn(&ComponentValType) -> u32,
) -> (usize, Option<u32>) {
    match ty {
        ComponentDefinedType::Record(fields) => {
            (fields.len(), fields.iter().map(|(_, ty)| value(ty)).max())
        }
        ComponentDefinedType::Variant(cases) => {
            let types = cases.iter().filter_map(|case| case.ty.as_ref());
            (cases.len(), types.map(value).max())
        }
        ComponentDefinedType::Tuple(types) => (types.len(), types.iter().map(value).max()),
        ComponentDefinedType::Flags(names) | ComponentDefinedType::Enum(names) => {
            (names.len(), None)
        }
        ComponentDefinedType::List(ty)
        | ComponentDefinedType::FixedLengthList(ty, _)
        | ComponentDefinedType::Option(ty) => (1, Some(value(ty))),
        ComponentDefinedType::Map(key, of) => (2, Some(value(key).max(value(of)))),
        ComponentDefinedType::Result { ok, err } => {
            (2, [ok, err].into_iter().flatten().map(value).max())
        }
        ComponentDefinedType::Future(ty) | ComponentDefinedType::Stream(ty) => {
            (1, ty.as_ref().map(value))
        }
        ComponentDefinedType::Primitive(_)
        | ComponentDefinedType::Own(_)
        | ComponentDefinedType::Borrow(_) => (0, None),
    }
}

fn too_deep(depth: u32) -> Result<(), TooNested> {
    if depth > TYPE_DEPTH {
        return Err(TooNested::Deep);
    }
    Ok(())
}

fn read<'a, T: FromReader<'a>>(reader: &mut BinaryReader<'a>) -> Result<T, TooNested> {
    reader.read().map_err(TooNested::Malformed)
}

fn peek(reader: &BinaryReader<'_>) -> Result<u8, TooNested> {
    reader.clone().read_u8().map_err(TooNested::Malformed)
}
