//! Components of the world around a little code.

use wasm_encoder::{ComponentSection, CustomSection};

/// A component whose core module has these items, and `body` in `run`, which then returns `ok("")`. The body may
/// call `$record`, which records an empty audit entry.
pub(crate) fn component(items: &str, body: &str) -> Vec<u8> {
    wat::parse_str(text(items, body)).expect("the text is a component")
}

/// The same as text.
pub(crate) fn text(items: &str, body: &str) -> String {
    let text = include_str!("../../tests/components/one-function.wat");
    text.replace("{items}", items).replace("{body}", body)
}

/// The component with one more custom section.
pub(crate) fn with_section(component: &[u8], name: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    CustomSection {
        name: name.into(),
        data: data.into(),
    }
    .append_to_component(&mut bytes);
    bytes
}
