//! Components in which something is nested as deep as the caller asks. They test `type_depth` in the host. They
//! do nothing else, and they run.

use wasm_encoder::{Encode, RawSection, Section};

use fractalaw_testing::{component, text_of_component};

/// One way to nest.
#[derive(Clone, Copy)]
pub struct Nesting {
    /// What is nested.
    pub name: &'static str,
    /// Makes a component with that many levels of it.
    pub make: fn(usize) -> Vec<u8>,
}

/// One of each kind. A value that contains no other counts as a level, and so does an instance without exports.
pub const NESTINGS: [Nesting; 14] = [
    Nesting {
        name: "component types written in each other",
        make: |levels| written(0x41, levels),
    },
    Nesting {
        name: "instance types written in each other",
        make: |levels| written(0x42, levels),
    },
    Nesting {
        name: "lists",
        make: |levels| values(levels, |inner| format!("(list {inner})")),
    },
    Nesting {
        name: "options",
        make: |levels| values(levels, |inner| format!("(option {inner})")),
    },
    Nesting {
        name: "tuples",
        make: |levels| values(levels, |inner| format!("(tuple u8 {inner})")),
    },
    Nesting {
        name: "results",
        make: |levels| values(levels, |inner| format!("(result {inner})")),
    },
    Nesting {
        name: "errors",
        make: |levels| values(levels, |inner| format!("(result (error {inner}))")),
    },
    Nesting {
        name: "records",
        make: |levels| values(levels, |inner| format!("(record (field \"a\" {inner}))")),
    },
    Nesting {
        name: "variants",
        make: |levels| values(levels, |inner| format!("(variant (case \"a\" {inner}))")),
    },
    Nesting {
        name: "parameters",
        make: |levels| {
            let parameter = format!("(type (func (param \"a\" $t{})))", levels - 3);
            around_values(levels - 1, |inner| format!("(list {inner})"), &parameter)
        },
    },
    Nesting {
        name: "instance types that name each other",
        make: |levels| {
            chain(levels, "(type $t0 (instance))", |i| {
                format!(
                    "(type $t{} (instance (export \"a\" (instance (type $t{i})))))",
                    i + 1
                )
            })
        },
    },
    Nesting {
        name: "component types that name each other",
        make: |levels| {
            chain(levels, "(type $t0 (component))", |i| {
                format!(
                    "(type $t{} (component (import \"a\" (component (type $t{i})))))",
                    i + 1
                )
            })
        },
    },
    Nesting {
        name: "instances",
        make: |levels| {
            let last = format!("(export \"deep\" (instance $i{}))", levels - 1);
            let instances = chained(levels, "(instance $i0)", |i| {
                format!("(instance $i{} (export \"a\" (instance $i{i})))", i + 1)
            });
            in_front(&(instances + &last))
        },
    },
    Nesting {
        name: "instances of components",
        make: |levels| {
            chain(levels, "(type $t0 (instance)) (instance $i0)", |i| {
                format!(
                    "(component $c{0} (import \"a\" (instance $a (type $t{i}))) (export \"a\" (instance $a)))
                     (type $t{0} (instance (export \"a\" (instance (type $t{i})))))
                     (instance $i{0} (instantiate $c{0} (with \"a\" (instance $i{i}))))",
                    i + 1,
                )
            })
        },
    },
];

/// Types that begin with this byte, written inside each other. The innermost is empty.
fn written(first: u8, levels: usize) -> Vec<u8> {
    let outer = [first, 1, 1].repeat(levels - 1);
    let data = [&[1][..], &outer, &[first, 0]].concat();
    let mut component = component("", "");
    let section = RawSection { id: 7, data: &data };
    component.push(section.id());
    section.encode(&mut component);
    component
}

/// Types of values that contain each other, around a number. Each is exported, because some must be exported to
/// be used.
fn values(levels: usize, around: fn(&str) -> String) -> Vec<u8> {
    around_values(levels, around, "")
}

fn around_values(levels: usize, around: fn(&str) -> String, then: &str) -> Vec<u8> {
    let ty = |i: usize, inner: &str| {
        let ty = around(inner);
        format!("(type $v{i} {ty}) (export $t{i} \"t{i}\" (type $v{i}))")
    };
    let first = ty(0, "u8");
    let types = chained(levels - 1, &first, |i| ty(i + 1, &format!("$t{i}")));
    in_front(&(types + then))
}

fn chain(levels: usize, first: &str, next: impl Fn(usize) -> String) -> Vec<u8> {
    in_front(&chained(levels, first, next))
}

fn chained(levels: usize, first: &str, next: impl Fn(usize) -> String) -> String {
    (0..levels - 1).fold(first.to_owned(), |text, i| text + &next(i))
}

/// The component with this text before everything else.
fn in_front(text: &str) -> Vec<u8> {
    let around = text_of_component("", "").replacen("(component", &format!("(component {text}"), 1);
    wat::parse_str(around).expect("the text is a component")
}
