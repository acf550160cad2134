//! What is put in front of everything in a component that gets hooks: their import, lowered to core functions.

use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, ComponentExportKind,
    ComponentImportSection, ComponentTypeRef, ComponentTypeSection, ComponentValType, ExportKind,
    InstanceSection, InstanceType, PrimitiveValType,
};

use crate::hooks::{ENTER, EXIT, HOOKS};

// The number of items put in front, by index space: an instance type, the import of that type, its two functions,
// the same two lowered to core functions, and a core instance of these.
pub(crate) const TYPES: u32 = 1;
pub(crate) const INSTANCES: u32 = 1;
pub(crate) const FUNCTIONS: u32 = 2;
pub(crate) const CORE_FUNCTIONS: u32 = 2;
pub(crate) const CORE_INSTANCES: u32 = 1;

/// The hooks as an instance and as a core instance. The index is the same in every component that has them.
pub(crate) const HOOKS_INSTANCE: u32 = 0;
pub(crate) const HOOKS_CORE_INSTANCE: u32 = 0;

pub(crate) fn prelude(component: &mut Component) {
    let mut hooks = InstanceType::new();
    hooks
        .ty()
        .function()
        .params([("id", ComponentValType::Primitive(PrimitiveValType::U32))])
        .result(None);
    hooks.export(ENTER, ComponentTypeRef::Func(0));
    hooks.export(EXIT, ComponentTypeRef::Func(0));
    let mut types = ComponentTypeSection::new();
    types.instance(&hooks);
    component.section(&types);
    let mut imports = ComponentImportSection::new();
    imports.import(HOOKS, ComponentTypeRef::Instance(0));
    component.section(&imports);
    let mut aliases = ComponentAliasSection::new();
    for name in [ENTER, EXIT] {
        aliases.alias(Alias::InstanceExport {
            instance: 0,
            kind: ComponentExportKind::Func,
            name,
        });
    }
    component.section(&aliases);
    let mut lowered = CanonicalFunctionSection::new();
    lowered.lower(0, []).lower(1, []);
    component.section(&lowered);
    let mut instances = InstanceSection::new();
    instances.export_items([(ENTER, ExportKind::Func, 0), (EXIT, ExportKind::Func, 1)]);
    component.section(&instances);
}
