//! What is known of a component or module while it is read: what it can refer to, and what it makes so far.

use wasmparser::ComponentExternalKind;

use super::figures::{Held, Item, Made, Part, Size};

/// What is known of a module.
#[derive(Clone, Copy, Default)]
pub(super) struct Module {
    pub(super) made: Made,
    pub(super) imports: u64,
}

/// What is known of a component or module while it is read.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) is_component: bool,
    /// Of a module: its imports.
    pub(super) imports: u64,
    pub(super) part: Part,
    /// The types that are registered when it is instantiated, besides those that were before.
    pub(super) registered: Size,
    /// What it can refer to, by index.
    pub(super) components: Vec<Part>,
    pub(super) modules: Vec<Module>,
    pub(super) instances: Vec<Held>,
}

impl Scope {
    pub(super) fn copy(&mut self, items: Size) {
        self.part.copied = self.part.copied.plus(items);
    }

    /// What has that index. Unknown items are those of something invalid.
    pub(super) fn item(&self, kind: ComponentExternalKind, index: u32) -> Item {
        let one = Item {
            size: Size::ONE,
            ..Item::default()
        };
        match kind {
            ComponentExternalKind::Component => {
                let part = self.components.get(index as usize).copied();
                part.map_or(one, |part| Item {
                    size: part.items,
                    latest: part.closed,
                    ..one
                })
            }
            ComponentExternalKind::Instance => {
                let held = self.instances.get(index as usize).copied();
                held.map_or(one, |held| Item {
                    size: held.all,
                    types: held.types,
                    latest: held.latest,
                })
            }
            ComponentExternalKind::Type => Item {
                types: Size::ONE,
                ..one
            },
            _ => one,
        }
    }
}
