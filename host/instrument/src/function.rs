//! A function of a component, as its hooks identify it.

use std::sync::Arc;

/// One function of one core module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The nested component that the function is in: its name or number, after the names of the components around
    /// it. `None` for the outermost component.
    pub part: Option<Arc<str>>,
    /// The core module, counted from 0 in the order of the component's bytes, including those of nested
    /// components.
    pub module: u32,
    /// The module's name, if its name section has one.
    pub module_name: Option<Arc<str>>,
    /// The function's index in the original module, with imported functions counted.
    pub index: u32,
    /// The function's name from the name section. It is mangled if the compiler mangles names.
    pub name: Option<String>,
    /// The import of another core module that this function is passed for, as `module#name`. Component encoders
    /// put functions without names between a module and its host, and this says what they are for.
    pub stands_for: Option<String>,
}
