//! What must be known of a core module before it can be rewritten.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasmparser::{
    CompositeInnerType, ExternalKind, FunctionBody, KnownCustom, Name, Operator, Parser, Payload,
    TypeRef, ValType,
};

use crate::error::Uninstrumentable;
use crate::hooks::HOOKS;

/// A core module, read.
#[derive(Default)]
pub(crate) struct CoreModule<'a> {
    /// Its bytes.
    pub(crate) bytes: &'a [u8],
    /// The component that it is in, as an index among all parts.
    pub(crate) part: usize,
    /// The parameters and results of each type; `None` for a type that is not a function's.
    pub(crate) types: Vec<Option<Signature>>,
    /// Its imported functions.
    pub(crate) imports: Vec<Import<'a>>,
    /// The type of each function that it defines.
    pub(crate) defined: Vec<u32>,
    /// Where it begins in the component.
    pub(crate) at: usize,
    /// The contents of the code section, in the module. DWARF counts from their begin.
    pub(crate) code: Range<usize>,
    /// The bodies of these functions.
    pub(crate) bodies: Vec<FunctionBody<'a>>,
    /// The functions that it exports.
    pub(crate) exports: BTreeMap<&'a str, u32>,
    /// Its own name.
    pub(crate) name: Option<&'a str>,
    /// The names of functions.
    pub(crate) names: BTreeMap<u32, &'a str>,
    /// Whether it uses a name of the hooks for something else.
    pub(crate) takes_name: bool,
}

/// An imported function.
pub(crate) struct Import<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    pub(crate) ty: u32,
}

/// The functions that are needed without hooks.
#[derive(Default)]
pub(crate) struct Copies {
    /// Those that are called from outside the module.
    pub(crate) exported: Vec<u32>,
    /// Those, and all functions of the module that they call directly.
    pub(crate) defined: Vec<u32>,
    /// The imported functions that these call directly.
    pub(crate) imported: Vec<u32>,
}

/// The type of a function.
#[derive(Clone)]
pub(crate) struct Signature {
    pub(crate) params: Vec<ValType>,
    pub(crate) results: Vec<ValType>,
}

impl<'a> CoreModule<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<CoreModule<'a>, Uninstrumentable> {
        let mut module = CoreModule {
            bytes,
            ..CoreModule::default()
        };
        for payload in Parser::new(0).parse_all(bytes) {
            module.visit(payload?)?;
        }
        if module.bodies.len() != module.defined.len() {
            return Err(Uninstrumentable::Invalid {
                message: "functions without bodies".to_owned(),
            });
        }
        Ok(module)
    }

    fn visit(&mut self, payload: Payload<'a>) -> Result<(), Uninstrumentable> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    for sub_type in group?.into_types() {
                        self.types.push(signature(&sub_type));
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    self.takes_name |= import.module.starts_with(HOOKS);
                    if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import.ty {
                        self.imports.push(Import {
                            module: import.module,
                            name: import.name,
                            ty,
                        });
                    }
                }
            }
            Payload::FunctionSection(types) => {
                for ty in types {
                    self.defined.push(ty?);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    self.takes_name |= export.name.starts_with(HOOKS);
                    if let ExternalKind::Func | ExternalKind::FuncExact = export.kind {
                        self.exports.insert(export.name, export.index);
                    }
                }
            }
            Payload::CodeSectionStart { range, .. } => self.code = range,
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    // This section is only for people: unreadable names are skipped.
                    for name in names.into_iter().map_while(Result::ok) {
                        self.read_names(name);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn read_names(&mut self, name: Name<'a>) {
        match name {
            Name::Module { name, .. } => self.name = Some(name),
            Name::Function(names) => {
                for naming in names.into_iter().map_while(Result::ok) {
                    self.names.insert(naming.index, naming.name);
                }
            }
            _ => {}
        }
    }

    /// Where each body begins, counted from the begin of the contents of the code section.
    pub(crate) fn body_starts(&self) -> Vec<u32> {
        let starts = self.bodies.iter().map(|body| body.range().start);
        let from_code = starts.map(|start| start.saturating_sub(self.code.start));
        from_code
            .map(|start| u32::try_from(start).unwrap_or(u32::MAX))
            .collect()
    }

    /// The number of imported functions, which is the index of the first function that the module defines.
    pub(crate) fn imported(&self) -> u32 {
        self.imports.len() as u32
    }

    /// The body of a function that the module defines itself.
    pub(crate) fn body(&self, function: u32) -> Option<&FunctionBody<'a>> {
        let defined = function.checked_sub(self.imported())?;
        self.bodies.get(defined as usize)
    }

    /// What must be copied so that these functions can be called without hooks.
    pub(crate) fn copies(&self, exported: &BTreeSet<u32>) -> Result<Copies, Uninstrumentable> {
        let mut seen = exported.clone();
        let exported: Vec<u32> = exported.iter().copied().collect();
        let mut copies = Copies {
            defined: exported.clone(),
            exported,
            imported: Vec::new(),
        };
        let mut next = 0;
        while let Some(&function) = copies.defined.get(next) {
            next += 1;
            let Some(body) = self.body(function) else {
                continue;
            };
            for operator in body.get_operators_reader()? {
                if let Operator::Call { function_index } | Operator::ReturnCall { function_index } =
                    operator?
                    && seen.insert(function_index)
                {
                    if self.body(function_index).is_some() {
                        copies.defined.push(function_index);
                    } else {
                        copies.imported.push(function_index);
                    }
                }
            }
        }
        Ok(copies)
    }
}

fn signature(sub_type: &wasmparser::SubType) -> Option<Signature> {
    match &sub_type.composite_type.inner {
        CompositeInnerType::Func(function) => Some(Signature {
            params: function.params().to_vec(),
            results: function.results().to_vec(),
        }),
        _ => None,
    }
}
