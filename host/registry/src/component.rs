//! What a component says of itself, read from its outermost sections: its name, its imports and its exports.

use std::path::Path;

use fractalaw_provenance::{Digest, read_regular, sha256};
use wasmparser::{ComponentName, KnownCustom, Parser, Payload};

use crate::fault::{Fault, Kind};
use crate::limits::COMPONENT_BYTES;

/// A component.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Digest,
    /// The name that it gives itself; empty if it gives itself none.
    pub(crate) name: String,
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

impl Component {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Component, Fault> {
        let shown = path.display();
        let bytes = read_regular(path, COMPONENT_BYTES).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound
                | std::io::ErrorKind::InvalidInput
                | std::io::ErrorKind::FileTooLarge => Kind::Usage,
                _ => Kind::Failed,
            };
            Fault::new(kind, format!("could not read `{shown}`: {error}"))
                .hint("name the file of a component")
        })?;
        Component::of(bytes).map_err(|what| {
            let hint = "build the guest with `cargo xtask build-guests` or `cargo build --target wasm32-wasip2`";
            Fault::usage(format!("`{shown}` is no component: {what}"), hint)
        })
    }

    /// Looks at the bytes. The error says what they are instead.
    pub(crate) fn of(bytes: Vec<u8>) -> Result<Component, String> {
        if Parser::is_core_wasm(&bytes) {
            return Err("it is a core module".to_owned());
        }
        if !Parser::is_component(&bytes) {
            return Err("it is something else".to_owned());
        }
        let mut component = Component {
            digest: sha256(&bytes),
            bytes: Vec::new(),
            name: String::new(),
            imports: Vec::new(),
            exports: Vec::new(),
        };
        let read = component.sections(&bytes);
        read.map_err(|error| error.message().to_owned())?;
        component.bytes = bytes;
        Ok(component)
    }

    fn sections(&mut self, bytes: &[u8]) -> wasmparser::Result<()> {
        // How deep the parser is in nested components and modules, which are passed over.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ if depth != 1 => {}
                Payload::ComponentImportSection(imports) => {
                    for import in imports {
                        self.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(exports) => {
                    for export in exports {
                        self.exports.push(export?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::ComponentName(names) = section.as_known() {
                        // As the host reads it: the last one counts.
                        for name in names.into_iter().map_while(Result::ok) {
                            if let ComponentName::Component { name, .. } = name {
                                self.name = name.to_owned();
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outermost_sections_count() {
        let text = r#"(component $outer
            (import "acme:a/b@1.0.0" (instance))
            (component $inner (import "c" (func)) (component $innermost))
            (core module (func (export "f")))
            (import "acme:d/e" (instance $d))
            (export "run" (instance $d)))"#;
        let component = Component::of(wat::parse_str(text).unwrap()).unwrap();
        assert_eq!(component.name, "outer");
        assert_eq!(component.imports, ["acme:a/b@1.0.0", "acme:d/e"]);
        assert_eq!(component.exports, ["run"]);
    }

    #[test]
    fn other_bytes_say_what_they_are() {
        let module = wat::parse_str("(module)").unwrap();
        let cut = wat::parse_str("(component (core module (func)))").unwrap();
        for (bytes, what) in [
            (Vec::new(), "it is something else"),
            (module, "it is a core module"),
            (cut[..cut.len() - 3].to_vec(), "unexpected end-of-file"),
        ] {
            assert_eq!(Component::of(bytes).unwrap_err(), what);
        }
    }
}
