//! The parts of a composed component, read from its bytes and not from what it says of itself.
//!
//! Composers put each part whole into the component. So the digest of a part is that of the component that it was built
//! as, and its imports say what it asks the other parts and the host for.

use std::ops::Range;

use fractalaw_report::{Listed, cut};
use wasmparser::{ComponentName, CustomSectionReader, Encoding, KnownCustom, Parser, Payload};

use crate::digest::sha256;
use crate::limits::{COMPONENT_DEPTH, PART_TEXT_BYTES};

/// A part of a composed component: a component in it that has code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name, after the names of the parts around it: `checker/table`. Without a name, `unnamed` stands for it.
    pub name: String,
    /// Its version, if it states one.
    pub version: Option<String>,
    /// The language that it says it was written in, with the version if there is one: `Rust`, `C 17`. It is the first of
    /// the languages that its tools name. Those of its libraries come after it.
    pub language: Option<String>,
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// The names of its imports, in its own order.
    pub imports: Listed<String>,
    /// The names of its exports, in its own order.
    pub exports: Listed<String>,
}

/// A component or module that is being read.
#[derive(Default)]
struct Open {
    bytes: Range<usize>,
    /// Where its part is among the parts.
    place: usize,
    is_component: bool,
    has_code: bool,
    name: Option<String>,
    version: Option<String>,
    language: Option<String>,
    imports: Listed<String>,
    exports: Listed<String>,
}

/// The parts of a component, each before the parts in it. What cannot be read ends the list.
pub(super) fn parts(bytes: &[u8]) -> Listed<Part> {
    let mut found: Vec<Option<Open>> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut next = 0..bytes.len();
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        if open.len() > COMPONENT_DEPTH as usize {
            break;
        }
        match payload {
            Payload::ModuleSection {
                unchecked_range, ..
            }
            | Payload::ComponentSection {
                unchecked_range, ..
            } => next = unchecked_range,
            Payload::Version { encoding, .. } => {
                let is_component = encoding == Encoding::Component;
                if is_component {
                    found.push(None);
                }
                open.push(Open {
                    bytes: next.clone(),
                    place: found.len().saturating_sub(1),
                    is_component,
                    ..Open::default()
                });
            }
            Payload::End(_) => {
                let Some(closed) = open.pop() else { break };
                let Some(outer) = open.last_mut() else { break };
                outer.has_code |= closed.has_code;
                if closed.is_component && closed.has_code {
                    let place = closed.place;
                    found[place] = Some(closed);
                }
            }
            payload => {
                if let Some(open) = open.last_mut() {
                    open.read(payload);
                }
            }
        }
    }
    let mut parts = Listed::default();
    let mut around: Vec<(usize, String)> = Vec::new();
    for part in found.into_iter().flatten() {
        while around
            .last()
            .is_some_and(|(end, _)| *end <= part.bytes.start)
        {
            around.pop();
        }
        let own = cut(part.name.as_deref().unwrap_or("unnamed"), PART_TEXT_BYTES);
        let name = match around.last() {
            Some((_, outer)) => format!("{outer}/{own}"),
            None => own.to_owned(),
        };
        around.push((part.bytes.end, name.clone()));
        let texts = part.imports.iter().chain(part.exports.iter());
        let said = part.version.iter().chain(part.language.iter());
        let size = name.len() + texts.chain(said).map(String::len).sum::<usize>();
        parts.push_with(size, || Part {
            name,
            version: part.version,
            language: part.language,
            sha256: sha256(bytes.get(part.bytes).unwrap_or_default()),
            imports: part.imports,
            exports: part.exports,
        });
    }
    parts
}

impl Open {
    fn read(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::CodeSectionStart { count, .. } => self.has_code |= count > 0,
            Payload::ComponentImportSection(imports) => {
                for import in imports.into_iter().map_while(Result::ok) {
                    self.imports.push(import.name.name);
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports.into_iter().map_while(Result::ok) {
                    self.exports.push(export.name.name);
                }
            }
            Payload::CustomSection(section) if self.is_component => self.custom(&section),
            _ => {}
        }
    }

    fn custom(&mut self, section: &CustomSectionReader<'_>) {
        if section.name() == "version" {
            let text = std::str::from_utf8(section.data());
            self.version = text.ok().map(|text| cut(text, PART_TEXT_BYTES).to_owned());
            return;
        }
        match section.as_known() {
            KnownCustom::ComponentName(names) => {
                for name in names.into_iter().map_while(Result::ok) {
                    if let ComponentName::Component { name, .. } = name {
                        self.name = Some(name.to_owned());
                    }
                }
            }
            KnownCustom::Producers(fields) => {
                let mut fields = fields.into_iter().map_while(Result::ok);
                let languages = fields.find(|field| field.name == "language");
                let first = languages.and_then(|field| field.values.into_iter().next()?.ok());
                self.language = first.map(|first| {
                    let language = format!("{} {}", first.name, first.version);
                    cut(language.trim_end(), PART_TEXT_BYTES).to_owned()
                });
            }
            _ => {}
        }
    }
}
