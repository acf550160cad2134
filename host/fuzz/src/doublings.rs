//! Components that are small, and twice as large for the compiler with each level of them.

/// One way to double.
pub struct Doubling {
    /// What it is.
    pub name: &'static str,
    /// What the host says there is too much of.
    pub refused: &'static str,
    /// The text of a component with that many levels.
    text: fn(usize) -> String,
}

const INSTANCES: &str = "instances of components";
const COPIES: &str = "items copied for instances";

/// All that are known.
pub const DOUBLINGS: [Doubling; 5] = [
    Doubling {
        name: "each component instantiates the one before it twice",
        refused: INSTANCES,
        text: |levels| {
            let twice = |i| {
                format!(
                    "(component $c{} (instance (instantiate $c{i})) (instance (instantiate $c{i})))",
                    i + 1
                )
            };
            let all: String = (0..levels).map(twice).collect();
            format!("(component (component $c0) {all} (instance (instantiate $c{levels})))")
        },
    },
    Doubling {
        name: "each component takes the one before it from around it twice, and no one instantiates them",
        refused: COPIES,
        text: |levels| {
            let twice = |i| {
                let alias = format!("(alias outer $root $c{i} (component))");
                format!("(component $c{} {alias} {alias})", i + 1)
            };
            let all: String = (0..levels).map(twice).collect();
            format!("(component $root (component $c0) {all})")
        },
    },
    Doubling {
        name: "each instance exports the one before it twice",
        refused: COPIES,
        text: |levels| {
            let twice = |i| {
                format!(
                    "(instance $i{} (export \"a\" (instance $i{i})) (export \"b\" (instance $i{i})))",
                    i + 1
                )
            };
            let all: String = (0..levels).map(twice).collect();
            format!("(component (instance $i0) {all})")
        },
    },
    Doubling {
        name: "each component exports twice what it is handed, and is handed what the one before it exports",
        refused: COPIES,
        text: |levels| {
            let handed = |i| {
                format!(
                    "(instance $i{} (instantiate $twice (with \"i\" (instance $i{i}))))",
                    i + 1
                )
            };
            let all: String = (0..levels).map(handed).collect();
            format!(
                "(component (component $twice (import \"i\" (instance $i))
                    (export \"a\" (instance $i)) (export \"b\" (instance $i)))
                (instance $i0) {all})"
            )
        },
    },
    Doubling {
        name: "each component has a hundred exports, and its instance is exported as many times as there are levels",
        refused: COPIES,
        text: |levels| {
            let many = |count: usize, what: &str| {
                let one = |i| format!("(export \"x{i}\" {what})");
                (0..count).map(one).collect::<String>()
            };
            let wide = many(100, "(instance $e)");
            format!(
                "(component (component $c (instance $e) {wide}) (instance $i (instantiate $c)) (instance {}))",
                many(levels * levels * levels, "(instance $i)")
            )
        },
    },
];

impl Doubling {
    /// A component of the world with that many levels of it inside.
    pub fn component(&self, levels: usize) -> Vec<u8> {
        crate::bombs::beside_run(&(self.text)(levels))
    }
}

/// A component that is handed the next one and instantiates it twice. Each level hands it the level before, which was
/// defined after it.
pub fn handed_on(levels: usize) -> Vec<u8> {
    let next = |i| {
        format!(
            "(component $c{} (instance (instantiate $twice (with \"c\" (component $c{i})))))",
            i + 1
        )
    };
    let all: String = (0..levels).map(next).collect();
    crate::bombs::beside_run(&format!(
        "(component
            (component $twice (import \"c\" (component $c))
                (instance (instantiate $c)) (instance (instantiate $c)))
            (component $c0) {all} (instance (instantiate $c{levels})))"
    ))
}
