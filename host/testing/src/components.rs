//! Small components in the text format, and what can be added to any component.

use std::collections::BTreeMap;

use fractalaw_manifest::{DirAsk, Manifest, Quotas, SECTION, Tier};
use wasm_encoder::{ComponentSection, CustomSection};

/// A component of the world around one core function: `items` are in the core module, `body` is in `run`, which
/// then returns `ok("")`. It may call `$record`, which records an empty audit entry.
pub fn component(items: &str, body: &str) -> Vec<u8> {
    wat::parse_str(text_of_component(items, body)).expect("the text is a component")
}

/// The same as text.
pub fn text_of_component(items: &str, body: &str) -> String {
    let text = include_str!("../components/one-function.wat");
    text.replace("{items}", items).replace("{body}", body)
}

/// A component of the world that does nothing and takes seconds to compile.
pub fn slow_to_compile() -> Vec<u8> {
    let function = format!("(func {})", "(loop (br_if 0 (i32.const 0)))".repeat(4_000));
    component(&function.repeat(4), "")
}

/// The component with another manifest. If there are several sections, the last one counts.
pub fn with_manifest(component: &[u8], manifest: &Manifest) -> Vec<u8> {
    with_section(component, SECTION, &manifest.encode())
}

/// The component with one more custom section.
pub fn with_section(component: &[u8], name: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    CustomSection {
        name: name.into(),
        data: data.into(),
    }
    .append_to_component(&mut bytes);
    bytes
}

/// A manifest that asks for one of each kind.
pub fn greedy() -> Manifest {
    Manifest {
        tier: Tier::Heavy,
        interfaces: Some(vec!["wasi:sockets".to_owned()]),
        args: true,
        env: vec!["PATH".to_owned(), "SITE".to_owned()],
        stdin: true,
        dirs: vec![
            DirAsk {
                guest: "/in".to_owned(),
                writable: false,
            },
            DirAsk {
                guest: "/out".to_owned(),
                writable: true,
            },
        ],
        quotas: Quotas::from_iter([
            ("host-calls", 100),
            ("host-bytes", 10_000),
            ("audit-entries", 4),
            ("audit-bytes", 1_000),
            ("host-memory", 100_000),
        ]),
        asks: BTreeMap::new(),
    }
}
