//! What is counted of a component: what instantiating it makes, and how many items the compiler copies for that.
//!
//! The compiler follows each instantiation of a component, and copies what is handed in and out with everything inside
//! of it. A component that hands its argument to two others is small, and forty of these in a row are a terabyte.

use super::unfit::Unfit;
use crate::limits::{COMPONENT_INSTANCES, COPIES, CORE_INSTANCES, MEMORIES, TABLES};

/// What instantiating a component or module makes, including everything that it instantiates.
#[derive(Clone, Copy, Default)]
pub(super) struct Made {
    pub(super) components: u64,
    pub(super) core_instances: u64,
    pub(super) memories: u64,
    pub(super) tables: u64,
    /// What the caller counts besides: [`SlotFit::add`](super::SlotFit::add).
    pub(super) added: u64,
}

impl Made {
    pub(super) fn add(&mut self, other: Made) {
        self.each(other, u64::saturating_add);
    }

    pub(super) fn raise(&mut self, other: Made) {
        self.each(other, u64::max);
    }

    fn each(&mut self, other: Made, of: fn(u64, u64) -> u64) {
        self.components = of(self.components, other.components);
        self.core_instances = of(self.core_instances, other.core_instances);
        self.memories = of(self.memories, other.memories);
        self.tables = of(self.tables, other.tables);
        self.added = of(self.added, other.added);
    }

    pub(super) fn fits(&self) -> Result<(), Unfit> {
        at_most("core instances", self.core_instances, CORE_INSTANCES as u64)?;
        at_most("memories", self.memories, MEMORIES as u64)?;
        at_most("tables", self.tables, TABLES as u64)?;
        at_most(
            "instances of components",
            self.components,
            COMPONENT_INSTANCES as u64,
        )
    }
}

/// A number of items. What a component is handed is known where it is instantiated, so this is `fixed`, and
/// `times` the items of the largest argument.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) struct Size {
    fixed: u64,
    times: u64,
}

impl Size {
    /// The argument itself.
    pub(super) const GIVEN: Size = Size { fixed: 0, times: 1 };

    pub(super) const ONE: Size = Size::of(1);

    pub(super) const fn of(fixed: u64) -> Size {
        Size { fixed, times: 0 }
    }

    pub(super) fn plus(self, other: Size) -> Size {
        Size {
            fixed: self.fixed.saturating_add(other.fixed),
            times: self.times.saturating_add(other.times),
        }
    }

    pub(super) fn max(self, other: Size) -> Size {
        Size {
            fixed: self.fixed.max(other.fixed),
            times: self.times.max(other.times),
        }
    }

    pub(super) fn repeated(self, times: u64) -> Size {
        Size {
            fixed: self.fixed.saturating_mul(times),
            times: self.times.saturating_mul(times),
        }
    }

    /// If the largest argument has this size.
    pub(super) fn given(self, argument: Size) -> Size {
        Size::of(self.fixed).plus(argument.repeated(self.times))
    }

    /// If arguments are one item each, as the host's are.
    pub(super) fn known(self) -> u64 {
        self.fixed.saturating_add(self.times)
    }
}

/// An instance of a component, or a component's exports.
#[derive(Clone, Copy, Default)]
pub(super) struct Held {
    /// All items in it.
    pub(super) all: Size,
    /// The items of its largest item.
    pub(super) largest: Size,
    /// The types in it, or more.
    pub(super) types: Size,
    /// The [`Part::closed`] of the latest component in it, 0 if it has no component.
    pub(super) latest: u64,
}

impl Held {
    /// An instance in which nothing is yet. It is an item itself.
    pub(super) fn empty() -> Held {
        Held {
            all: Size::ONE,
            ..Held::default()
        }
    }

    /// An instance with that many items, of which nothing else is known.
    pub(super) const fn unknown(all: Size, latest: u64) -> Held {
        Held {
            all,
            largest: all,
            types: all,
            latest,
        }
    }

    pub(super) fn hold(&mut self, item: Item) {
        self.all = self.all.plus(item.size);
        self.largest = self.largest.max(item.size);
        self.types = self.types.plus(item.types);
        self.latest = self.latest.max(item.latest);
    }

    fn raise(&mut self, other: Held) {
        self.all = self.all.max(other.all);
        self.largest = self.largest.max(other.largest);
        self.types = self.types.max(other.types);
        self.latest = self.latest.max(other.latest);
    }
}

/// Something that a component is handed or exports.
#[derive(Clone, Copy, Default)]
pub(super) struct Item {
    pub(super) size: Size,
    pub(super) types: Size,
    /// The [`Part::closed`] of the latest component in it, 0 if it has no component.
    pub(super) latest: u64,
}

/// A component.
#[derive(Clone, Copy, Default)]
pub(super) struct Part {
    pub(super) made: Made,
    /// The items that are copied to make an instance of it.
    pub(super) copied: Size,
    pub(super) exports: Held,
    /// The items of its definition: itself, and each component that it takes from those around it.
    pub(super) items: Size,
    /// How many components had been read when it began, and when it ended. A component that it is handed must have
    /// ended before it began, because that is what its figures assume.
    pub(super) opened: u64,
    pub(super) closed: u64,
}

impl Part {
    /// Makes each figure at least that of the other.
    pub(super) fn raise(&mut self, other: &Part) {
        self.made.raise(other.made);
        self.copied = self.copied.max(other.copied);
        self.exports.raise(other.exports);
        self.items = self.items.max(other.items);
    }

    /// An instance of it, if its largest argument has this size and `latest` in it. Also the items copied for it
    /// where that many types are registered.
    pub(super) fn instance(&self, argument: Item, registered: Size) -> (Held, Size) {
        let held = Held {
            all: self.exports.all.given(argument.size).plus(Size::ONE),
            largest: self.exports.largest.given(argument.size),
            types: self.exports.types.given(argument.size),
            latest: self.exports.latest.max(argument.latest),
        };
        let instances = self.made.components.saturating_add(1);
        let copied = self.copied.given(argument.size).plus(self.items);
        (held, copied.plus(registered.repeated(instances)))
    }
}

/// Whether the compiler may copy that many items.
pub(super) fn may_copy(items: u64) -> Result<(), Unfit> {
    at_most("items copied for instances", items, COPIES as u64)
}

pub(super) fn at_most(what: &'static str, found: u64, limit: u64) -> Result<(), Unfit> {
    if found > limit {
        return Err(Unfit::Large { what, found, limit });
    }
    Ok(())
}
