//! What each index of a component stands for, as far as its depth matters, while the component is read.

use std::collections::HashMap;
use std::rc::Rc;

use wasmparser::{ComponentExternalKind as Kind, ComponentOuterAliasKind};

/// Something that has an index.
#[derive(Clone, Default)]
pub(super) struct Item<'a> {
    /// 1 if it contains nothing else.
    pub(super) depth: u32,
    /// Whether it is known to be an instance, or the type of one, that has types and nothing else.
    pub(super) is_only_types: bool,
    /// The exports of an instance, a component, or the type of one.
    exports: Option<Rc<HashMap<&'a str, Item<'a>>>>,
}

impl<'a> Item<'a> {
    /// An item that contains others, with the depth of the deepest.
    pub(super) fn around(deepest: u32) -> Item<'a> {
        Item {
            depth: deepest.saturating_add(1),
            ..Item::default()
        }
    }

    /// An instance made of other items.
    pub(super) fn of_exports(exports: HashMap<&'a str, Item<'a>>) -> Item<'a> {
        let deepest = exports.values().map(|item| item.depth).max();
        Item {
            exports: Some(Rc::new(exports)),
            ..Item::around(deepest.unwrap_or(0))
        }
    }
}

/// A component, a module or a type while it is read.
#[derive(Default)]
struct Scope<'a> {
    is_component: bool,
    types: Vec<Item<'a>>,
    functions: Vec<Item<'a>>,
    instances: Vec<Item<'a>>,
    components: Vec<Item<'a>>,
    /// The depth of the deepest item that it imports or exports.
    deepest: u32,
    /// Whether it exports something other than types.
    exports_more_than_types: bool,
    exports: HashMap<&'a str, Item<'a>>,
}

impl<'a> Scope<'a> {
    /// The items of one kind by index; `None` for kinds that nest nothing.
    fn of(&self, kind: Kind) -> Option<&Vec<Item<'a>>> {
        match kind {
            Kind::Type => Some(&self.types),
            Kind::Func => Some(&self.functions),
            Kind::Instance => Some(&self.instances),
            Kind::Component => Some(&self.components),
            Kind::Module | Kind::Value => None,
        }
    }
}

/// The open scopes, innermost last.
#[derive(Default)]
pub(super) struct Scopes<'a>(Vec<Scope<'a>>);

impl<'a> Scopes<'a> {
    /// A scope begins: a component, the type of one, or a module, in which nothing is nested.
    pub(super) fn open(&mut self, is_component: bool) {
        self.0.push(Scope {
            is_component,
            ..Scope::default()
        });
    }

    /// The innermost scope ends. Returns what it is in the scope around it, unless it was a module.
    pub(super) fn close(&mut self) -> Option<Item<'a>> {
        let closed = self.0.pop().filter(|closed| closed.is_component)?;
        self.0.last()?;
        Some(Item {
            is_only_types: !closed.exports_more_than_types,
            exports: Some(Rc::new(closed.exports)),
            ..Item::around(closed.deepest)
        })
    }

    /// The item with that index. The validator refuses a missing index.
    pub(super) fn get(&self, kind: Kind, index: u32) -> Item<'a> {
        let items = self.0.last().and_then(|scope| scope.of(kind));
        let item = items.and_then(|items| items.get(index as usize));
        item.cloned().unwrap_or_default()
    }

    /// What an instance exports under that name. If there is nothing, it counts as deep as the instance.
    pub(super) fn exported(&self, instance: u32, name: &str) -> Item<'a> {
        let instance = self.get(Kind::Instance, instance);
        let found = instance
            .exports
            .as_ref()
            .and_then(|exports| exports.get(name));
        found.cloned().unwrap_or(instance)
    }

    /// An item of the scope that many levels outside, and its kind, unless the kind nests nothing.
    pub(super) fn outer(
        &self,
        kind: ComponentOuterAliasKind,
        count: u32,
        index: u32,
    ) -> Option<(Kind, Item<'a>)> {
        let kind = match kind {
            ComponentOuterAliasKind::Type => Kind::Type,
            ComponentOuterAliasKind::Component => Kind::Component,
            ComponentOuterAliasKind::CoreModule | ComponentOuterAliasKind::CoreType => return None,
        };
        let outer = self.0.iter().rev().nth(count as usize);
        let items = outer.and_then(|scope| scope.of(kind));
        let item = items.and_then(|items| items.get(index as usize));
        Some((kind, item.cloned().unwrap_or_default()))
    }

    /// Whether the innermost scope is the whole component.
    pub(super) fn is_outermost(&self) -> bool {
        self.0.len() == 1
    }

    /// Adds an item of that kind to the innermost scope.
    pub(super) fn add(&mut self, kind: Kind, item: Item<'a>) {
        let Some(scope) = self.0.last_mut() else {
            return;
        };
        match kind {
            Kind::Type => scope.types.push(item),
            Kind::Func => scope.functions.push(item),
            Kind::Instance => scope.instances.push(item),
            Kind::Component => scope.components.push(item),
            Kind::Module | Kind::Value => {}
        }
    }

    /// The innermost scope exports something.
    pub(super) fn export(&mut self, name: &'a str, kind: Kind, item: Item<'a>) {
        self.holds(item.depth);
        if let Some(scope) = self.0.last_mut() {
            scope.exports_more_than_types |= kind != Kind::Type;
            scope.exports.insert(name, item);
        }
    }

    /// The innermost scope imports or exports something of that depth.
    pub(super) fn holds(&mut self, depth: u32) {
        if let Some(scope) = self.0.last_mut() {
            scope.deepest = scope.deepest.max(depth);
        }
    }
}
